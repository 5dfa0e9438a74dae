package providers

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// Taking an object apart level by level with json.Unmarshal checks and scans
// each byte twice for every level above it, which was three quarters of the
// time of a sync. The functions here split JSON that is already known to be
// valid; FuzzSplit holds them to what encoding/json gives.

// splitObject gives the fields of a valid JSON object; of a repeated name the
// last one counts.
func splitObject(raw []byte) map[string]json.RawMessage {
	fields := make(map[string]json.RawMessage)
	i := skipSpace(raw, skipSpace(raw, 0)+1)
	for i < len(raw) && raw[i] == '"' {
		end := skipValue(raw, i)
		name := unquote(raw[i:end])
		i = skipSpace(raw, skipSpace(raw, end)+1) // the colon
		end = skipValue(raw, i)
		fields[name] = json.RawMessage(raw[i:end:end])
		i = skipSpace(raw, skipSpace(raw, end)+1) // the comma or the brace
	}
	return fields
}

// splitArray gives the elements of a valid JSON array.
func splitArray(raw []byte) []json.RawMessage {
	elements := []json.RawMessage{}
	i := skipSpace(raw, skipSpace(raw, 0)+1)
	for i < len(raw) && raw[i] != ']' {
		end := skipValue(raw, i)
		elements = append(elements, json.RawMessage(raw[i:end:end]))
		i = skipSpace(raw, end)
		if i >= len(raw) || raw[i] == ']' {
			break
		}
		i = skipSpace(raw, i+1)
	}
	return elements
}

func skipSpace(raw []byte, i int) int {
	for i < len(raw) && (raw[i] == ' ' || raw[i] == '\n' || raw[i] == '\t' || raw[i] == '\r') {
		i++
	}
	return i
}

// skipValue gives the index behind the value that begins at i.
func skipValue(raw []byte, i int) int {
	depth := 0
	for i < len(raw) {
		switch raw[i] {
		case '"':
			i++
			for i < len(raw) && raw[i] != '"' {
				if raw[i] == '\\' {
					i++
				}
				i++
			}
			i++
			if depth == 0 {
				return min(i, len(raw))
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
				continue
			}
			for i < len(raw) {
				switch raw[i] {
				case ',', ']', '}', ' ', '\n', '\t', '\r':
					return i
				}
				i++
			}
		}
	}
	return i
}

// unquote gives the text of a valid JSON string.
func unquote(raw []byte) string {
	if len(raw) < 2 {
		return ""
	}
	inner := raw[1 : len(raw)-1]
	if bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
		return string(inner)
	}
	var s string
	_ = json.Unmarshal(raw, &s)
	return s
}
