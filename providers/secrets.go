package providers

import (
	"net/url"
	"slices"
	"strings"
	"sync"
)

type secrets struct {
	mu   sync.Mutex
	text []string
}

// minSecret keeps short texts, which occur in any sentence, from being struck out everywhere.
const minSecret = 5

const maxSecrets = 64

func (s *secrets) add(text string) {
	text = strings.TrimSpace(text)
	if len(text) < minSecret {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, form := range []string{text, url.QueryEscape(text), url.PathEscape(text)} {
		if !slices.Contains(s.text, form) {
			s.text = append(s.text, form)
		}
	}
	s.text = slices.Delete(s.text, 0, max(0, len(s.text)-maxSecrets))
}

func (s *secrets) scrub(text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.text {
		text = strings.ReplaceAll(text, t, "[hidden]")
	}
	return stripQueries(text)
}
