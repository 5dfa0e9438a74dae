package attention

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"confab/model"
	"confab/providers"
)

// readTranscript gives the messages of a transcript in any of its four
// shapes: a plain text; an array of segments with words; an object holding
// "final", or "v2" or "v1" with "final", of segments with words or sentences;
// {} or null for none. Consecutive segments of one speaker are merged.
// "pieceInFlux", an unfinished piece, is left out.
func readTranscript(raw json.RawMessage) []model.Message {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return nil
	}
	switch raw[0] {
	case '"':
		var text string
		if json.Unmarshal(raw, &text) != nil {
			return nil
		}
		return providers.SplitTranscript(text)
	case '[':
		var segments []*providers.Object
		if json.Unmarshal(raw, &segments) != nil {
			return nil
		}
		return mergeSegments(segments)
	case '{':
		o, ok := providers.ParseObject(raw)
		if !ok {
			return nil
		}
		for _, holder := range []*providers.Object{o, o.Object("v2"), o.Object("v1")} {
			if segments, ok := holder.List("final"); ok && len(segments) > 0 {
				return mergeSegments(segments)
			}
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

// segmentText gives the words of a segment and the offset of the first.
func segmentText(s *providers.Object) (string, time.Duration) {
	at := start(s)
	words, ok := s.List("words")
	if !ok || len(words) == 0 {
		for _, name := range []string{"sentence", "text"} {
			if text := strings.TrimSpace(s.Text(name)); text != "" {
				return text, at
			}
		}
		if text := strings.TrimSpace(s.Text("")); text != "" { // an element that is a text by itself
			return text, at
		}
		return "", at
	}
	tokens := make([]string, 0, len(words))
	for _, w := range words {
		if at < 0 {
			at = start(w)
		}
		token := w.Text("text")
		if token == "" {
			token = w.Text("")
		}
		tokens = append(tokens, token)
	}
	return providers.JoinWords(tokens), at
}

func start(o *providers.Object) time.Duration {
	if at, ok := o.Seconds("startTimestamp"); ok {
		return at
	}
	return -1
}

// speaker gives the name, else the e-mail, of a speaker that may be an object
// or a text.
func speaker(s *providers.Object) string {
	if name := s.Text("speaker"); name != "" {
		return name
	}
	o := s.Object("speaker")
	for _, name := range []string{"name", "email"} {
		if v := o.Text(name); v != "" {
			return v
		}
	}
	return "Unknown"
}
