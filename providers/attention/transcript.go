package attention

import (
	"bytes"
	"cmp"
	"encoding/json"
	"strings"
	"time"

	"confab/model"
	"confab/providers"
)

// readTranscript returns the messages of a transcript in any of its four
// shapes: a plain text; an array of segments with words; an object holding
// "final", or "v2" or "v1" with "final", of segments with words or sentences;
// {} or null for none. Consecutive segments of one speaker are merged.
// "pieceInFlux", an unfinished piece, is left out.
func readTranscript(raw json.RawMessage) []model.Message {
	if !json.Valid(raw) {
		return nil
	}
	if raw = bytes.TrimSpace(raw); raw[0] == '"' {
		return providers.SplitTranscript(providers.TextOf(raw))
	}
	if raw[0] == '[' {
		return mergeSegments(providers.Objects(raw))
	}
	o, _ := providers.ObjectOf(raw)
	for _, holder := range []*providers.Object{o, o.Object("v2"), o.Object("v1")} {
		if segments, _ := holder.List("final"); len(segments) > 0 {
			return mergeSegments(segments)
		}
	}
	return nil
}

func mergeSegments(segments []*providers.Object) []model.Message {
	var out []model.Message
	for _, s := range segments {
		text, at := segmentText(s)
		if text == "" {
			continue
		}
		who := speaker(s)
		if n := len(out); n > 0 && out[n-1].Author == who {
			out[n-1].Text += " " + text
			continue
		}
		out = append(out, model.Message{Author: who, Offset: at, Text: text})
	}
	return out
}

// segmentText returns the words of a segment and the offset of the first.
func segmentText(s *providers.Object) (string, time.Duration) {
	at := start(s)
	words, _ := s.List("words")
	if len(words) == 0 {
		for _, name := range []string{"sentence", "text", ""} { // "" is an element that is a text by itself
			if text := strings.TrimSpace(s.Text(name)); text != "" {
				return text, at
			}
		}
		return "", at
	}
	tokens := make([]string, 0, len(words))
	for _, w := range words {
		if at < 0 {
			at = start(w)
		}
		tokens = append(tokens, w.FirstText("text", ""))
	}
	return providers.JoinWords(tokens), at
}

func start(o *providers.Object) time.Duration {
	if at, ok := o.Seconds("startTimestamp"); ok {
		return at
	}
	return -1
}

// speaker returns the name, else the e-mail, of a speaker that may be an object
// or a text.
func speaker(s *providers.Object) string {
	return cmp.Or(s.Text("speaker"), s.Object("speaker").FirstText("name", "email"), "Unknown")
}
