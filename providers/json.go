package providers

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// TextOf is a part of valid JSON as a text: null as "", an array or object as compact JSON, another as it was written.
func TextOf(raw json.RawMessage) string {
	raw = bytes.TrimSpace(raw)
	switch {
	case isNull(raw):
		return ""
	case raw[0] == '"':
		return unquote(raw)
	case raw[0] == '{', raw[0] == '[':
		var out bytes.Buffer
		_ = json.Compact(&out, raw)
		return out.String()
	}
	return string(raw)
}

// Years outside of these cannot be written as RFC 3339.
const minYear, maxYear = 1, 9999

// millisFrom is the number from which a count since 1970 is of milliseconds: as seconds it would be the year 5138.
const millisFrom = 1e11

// ParseTime reads what services send for a time: RFC 3339 with any fraction, or a number of seconds or milliseconds since
// 1970. It is in UTC, zero for "".
func ParseTime(s string) (at time.Time, ok bool) {
	s = strings.TrimSpace(s)
	if s == "" || strings.HasPrefix(s, "0001-01-01T00:00:00") {
		return time.Time{}, true
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999Z07:00",
		"2006-01-02 15:04:05.999999999", "2006-01-02"} {
		if at, err := time.Parse(layout, s); err == nil {
			at = at.UTC()
			return at, at.Year() >= minYear && at.Year() <= maxYear
		}
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(n) || math.Abs(n) > 2e14 {
		return time.Time{}, false
	}
	if n == 0 {
		return time.Time{}, true
	}
	if math.Abs(n) < millisFrom {
		n *= 1000
	}
	at = time.UnixMilli(int64(math.Round(n))).UTC()
	return at, at.Year() >= minYear && at.Year() <= maxYear
}

func isNull(b []byte) bool {
	b = bytes.TrimSpace(b)
	return len(b) == 0 || string(b) == "null"
}
