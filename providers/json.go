package providers

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// Text is a string that takes any JSON: a number or bool as it was written,
// null as "", an array or object as compact JSON.
type Text string

// UnmarshalJSON never fails on valid JSON.
func (t *Text) UnmarshalJSON(b []byte) error {
	s, err := textOf(b)
	*t = Text(s)
	return err
}

// String gives the text.
func (t Text) String() string { return string(t) }

func textOf(b []byte) (string, error) {
	b = bytes.TrimSpace(b)
	switch {
	case len(b) == 0, bytes.Equal(b, []byte("null")):
		return "", nil
	case b[0] == '"':
		return unquote(b), nil
	case b[0] == '{', b[0] == '[':
		var out bytes.Buffer
		err := json.Compact(&out, b)
		return out.String(), err
	}
	return string(b), nil
}

// Years outside of these cannot be written as RFC 3339.
const minYear, maxYear = 1, 9999

// millisFrom is the number from which a count since 1970 is of milliseconds:
// as seconds it would be the year 5138.
const millisFrom = 1e11

// ParseTime reads what services send for a time: RFC 3339 with any fraction, or a
// number of seconds or milliseconds since 1970. It is in UTC, zero for ""; ok is
// false for what is none.
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

// List is an array that takes null and absence as nil, a single object as an
// array of one, and skips null elements. A known empty array is not nil.
type List[T any] []T

// UnmarshalJSON fails only where an element of T fails.
func (l *List[T]) UnmarshalJSON(b []byte) error {
	*l = nil
	elements, ok := elementsOf(b)
	if !ok {
		return nil
	}
	*l = make(List[T], 0, len(elements))
	for _, e := range elements {
		if isNull(e) {
			continue
		}
		var v T
		if err := json.Unmarshal(e, &v); err != nil {
			return err
		}
		*l = append(*l, v)
	}
	return nil
}

// TextOf is the text of a part of valid JSON, as Text has it.
func TextOf(raw json.RawMessage) string {
	s, _ := textOf(raw)
	return s
}

// elementsOf gives the elements of an array, or a lone value as one; ok is
// false for null.
func elementsOf(raw json.RawMessage) (elements []json.RawMessage, ok bool) {
	raw = bytes.TrimSpace(raw)
	if isNull(raw) {
		return nil, false
	}
	if elements, ok = Elements(raw); !ok {
		elements = []json.RawMessage{raw}
	}
	return elements, true
}

func isNull(b []byte) bool {
	b = bytes.TrimSpace(b)
	return len(b) == 0 || string(b) == "null"
}
