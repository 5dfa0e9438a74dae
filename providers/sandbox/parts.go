package sandbox

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The methods of service that apply where a type doesn't override them.

func (s *server) account(*Account) {}

func (s *server) greet(*exchange) {}

// authorized expects the key in the header that the description names.
func (s *server) authorized(x *exchange) bool { return x.header.Get(s.Header) == s.key && !s.revoked }

func (s *server) enter(*exchange) {}

func (s *server) blame(*exchange, map[string]any) {}

// serial describes ids that are numbered: from First in steps of Step, and from First + n*Seeded with the seed n. They are numbers
// or, with a Prefix, texts.
type serial struct {
	Prefix              string
	First, Step, Seeded int64
}

// serial returns the position of a conversation's id, which grows with time: row 0 is the newest one of the file, and rows from
// conversations on were created later.
func (s *server) serial(row int) int {
	if row < s.conversations {
		return s.conversations - 1 - row
	}
	return row
}

func (s *server) idOf(kind string, n int) any {
	form := s.Ids[kind]
	if form == nil {
		return s.data.id(s.Provider+" "+kind, n)
	}
	if kind == "conversation" {
		n = s.serial(n)
	}
	id := form.First + int64(s.data.seed%1000)*form.Seeded + int64(n)*form.Step
	if form.Prefix == "" {
		return id
	}
	return form.Prefix + strconv.FormatInt(id, 10)
}

func (s *server) numberOf(kind, id string) (int, bool) {
	form := s.Ids[kind]
	if form == nil {
		return s.data.number(s.Provider+" "+kind, id, s.parts.count(kind))
	}
	first := form.First + int64(s.data.seed%1000)*form.Seeded
	n, err := strconv.ParseInt(strings.TrimPrefix(id, form.Prefix), 10, 64)
	i := int((n - first) / form.Step)
	if err != nil || n < first || i >= s.parts.count(kind) {
		return 0, false
	}
	if kind == "conversation" {
		i = s.serial(i)
	}
	return i, fmt.Sprint(s.parts.idOf(kind, i)) == id
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

// words returns the words of the person or the company that an entry is about.
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

func (s *server) one(x *exchange, status int, _ string, doc map[string]any) {
	s.ok(x, doc)
}

func (s *server) listed(x *exchange, kind string, rows []int) {
	all := []any{}
	for _, i := range rows {
		all = append(all, s.entry(kind, i))
	}
	s.ok(x, map[string]any{s.Directories[kind].Rows: all})
}

func (s *server) show(row int) map[string]any {
	doc := s.doc(row)
	for member, kind := range s.Shown {
		ids, there := doc[member].([]any)
		things := make([]any, len(ids))
		for i, id := range ids {
			n, _ := s.parts.numberOf(kind, fmt.Sprint(id))
			things[i] = s.entry(kind, n)
		}
		if there {
			doc[member] = things
		}
	}
	return doc
}

func (s *server) set(row int, field string, value any) {
	s.edit(row, field, value)
	if s.Updated != "" {
		s.touch(row)
	}
}

// listConversations answers with a page of conversations.
func (s *server) listConversations(x *exchange) {
	number, rows := x.number("page"), s.live()
	shown, _, more := page(rows, (number-1)*s.Size, s.Size, nil, s.parts.show)
	words := map[string]any{"rows": shown, "total": len(rows), "next": nil}
	if more {
		words["next"] = number + 1
	}
	s.ok(x, fill(s.List, words))
}

func (s *server) readConversation(x *exchange) {
	s.parts.one(x, http.StatusOK, "conversation", s.parts.show(x.row))
}

// changeConversation sets the members of the body.
func (s *server) changeConversation(x *exchange) {
	for field, v := range x.set {
		s.parts.set(x.row, field, v)
	}
	s.readConversation(x)
}

func (s *server) deleteConversation(x *exchange) {
	s.gone[x.row] = !s.on("DeleteIgnored")
	x.raw(http.StatusNoContent, "", nil)
}
