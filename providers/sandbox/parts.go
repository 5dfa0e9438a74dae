package sandbox

import (
	"net/http"
	"time"
)

// What a service has that defines no part of its own.

func (s *server) account(a *Account) { a.Credential = s.Key }

func (s *server) greet(*exchange) {}

// authorized wants the key in the header that the description names.
func (s *server) authorized(x *exchange) bool { return x.header.Get(s.Header) == s.Key && !s.revoked }

func (s *server) enter(*exchange) {}

func (s *server) blame(*exchange, map[string]any) {}

// idOf is a UUID.
func (s *server) idOf(kind string, n int) any { return s.data.id(s.Provider+" "+kind, n) }

func (s *server) numberOf(kind, id string) (int, bool) {
	return s.data.number(s.Provider+" "+kind, id, s.parts.count(kind))
}

func (s *server) count(kind string) int {
	switch {
	case kind == "conversation":
		return s.all()
	case s.Directories[kind] != nil:
		return s.things(kind)
	}
	return 0
}

func (s *server) place(_ int, kind string, n int) any { return s.parts.idOf(kind, n) }

func (s *server) clock(t time.Time) any { return stamp(t) }

// words are those of the person or the company that a thing is about.
func (s *server) words(kind string, i int) map[string]any {
	words := map[string]any{}
	switch s.Directories[kind].Of {
	case "staff":
		words = s.data.words(s.data.Staff[i%len(s.data.Staff)])
	case "contact":
		p := s.data.contact(i)
		words = s.data.words(p)
		words["employer"] = s.parts.idOf("company", p.Company)
	case "company":
		c := s.data.company(i)
		words["name"], words["domain"], words["industry"] = c.Name, c.Domain, c.Industry
	}
	for name, v := range s.Settings {
		words[name] = v
	}
	return words
}

func (s *server) hidden(*exchange, string, int) bool { return false }

func (s *server) one(x *exchange, _ string, doc map[string]any) {
	x.jsonAs(http.StatusOK, s.Answers, doc)
}

func (s *server) listed(x *exchange, kind string, rows []int) {
	all := []any{}
	for _, i := range rows {
		all = append(all, s.entry(kind, i))
	}
	x.jsonAs(http.StatusOK, s.Answers, map[string]any{s.Directories[kind].Rows: all})
}

func (s *server) show(row int) map[string]any { return s.doc(row) }

func (s *server) set(row int, field string, value any) {
	s.edit(row, field, value)
	if s.Updated != "" {
		s.touch(row)
	}
}
