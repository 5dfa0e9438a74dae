package providers

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
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

// Taking an object apart level by level with json.Unmarshal checks and scans each byte twice for every level above it, which
// was three quarters of the time of a sync. Here a body is checked once, and then only split: a json.RawMessage is known to
// be valid JSON, of other bytes the functions make nonsense and no panic.

// field says where a field of an object stands in its JSON: the inside of the quotes of the name, and the value.
type field struct {
	name, nameEnd, value, valueEnd int32
	quoted                         bool
	taken                          bool
}

// splitObject returns the fields of a valid JSON object as they come.
func splitObject(raw json.RawMessage) []field {
	var few [48]field // most objects have no more; this is not kept
	fields := few[:0]
	i := skipSpace(raw, skipSpace(raw, 0)+1)
	for i < len(raw) && raw[i] == '"' {
		end := skipString(raw, i)
		f := field{name: int32(i + 1), nameEnd: int32(max(i+1, end-1))}
		f.quoted = !plain(raw[f.name:f.nameEnd])
		i = skipSpace(raw, skipSpace(raw, end)+1) // the colon
		end = skipValue(raw, i)
		f.value, f.valueEnd = int32(i), int32(end)
		fields = append(fields, f)
		i = skipSpace(raw, skipSpace(raw, end)+1) // the comma or the brace
	}
	return slices.Clone(fields)
}

// Elements returns the elements of a JSON array; ok is false for anything else.
func Elements(raw json.RawMessage) (elements []json.RawMessage, ok bool) {
	i := skipSpace(raw, 0)
	if i >= len(raw) || raw[i] != '[' {
		return nil, false
	}
	elements = []json.RawMessage{}
	i = skipSpace(raw, i+1)
	for i < len(raw) && raw[i] != ']' {
		end := skipValue(raw, i)
		elements = append(elements, raw[i:end:end])
		i = skipSpace(raw, end)
		if i >= len(raw) || raw[i] == ']' {
			break
		}
		i = skipSpace(raw, i+1)
	}
	return elements, true
}

// Map returns the values of a JSON object by name, as copies; ok is false for anything else.
func Map(raw json.RawMessage) (m map[string]json.RawMessage, ok bool) {
	o, ok := ObjectOf(raw)
	if !ok {
		return nil, false
	}
	m = make(map[string]json.RawMessage, len(o.fields))
	for i := range o.fields {
		m[string(o.name(&o.fields[i]))] = bytes.Clone(o.value(&o.fields[i]))
	}
	return m, true
}

func skipSpace(raw []byte, i int) int {
	for i < len(raw) && (raw[i] == ' ' || raw[i] == '\n' || raw[i] == '\t' || raw[i] == '\r') {
		i++
	}
	return min(i, len(raw))
}

func skipValue(raw []byte, i int) int {
	depth := 0
	for i < len(raw) {
		switch raw[i] {
		case '"':
			if i = skipString(raw, i); depth == 0 {
				return i
			}
		case '{', '[':
			depth++
			i++
		case '}', ']':
			depth--
			i++
			if depth <= 0 {
				return i
			}
		default:
			if depth > 0 {
				i++
			} else if n := bytes.IndexAny(raw[i:], ",]} \n\t\r"); n >= 0 {
				return i + n
			} else {
				return len(raw)
			}
		}
	}
	return i
}

func skipString(raw []byte, i int) int {
	for i++; ; i++ {
		n := bytes.IndexByte(raw[i:], '"')
		if n < 0 {
			return len(raw)
		}
		escaped := false
		for k := i + n - 1; k >= i && raw[k] == '\\'; k-- {
			escaped = !escaped
		}
		if i += n; !escaped {
			return i + 1
		}
	}
}

// plain reports whether the inside of a JSON string is its text.
func plain(inner []byte) bool { return bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) }

func unquote(raw []byte) string {
	if len(raw) < 2 {
		return ""
	}
	if inner := raw[1 : len(raw)-1]; plain(inner) {
		return string(inner)
	}
	var s string
	_ = json.Unmarshal(raw, &s)
	return s
}
