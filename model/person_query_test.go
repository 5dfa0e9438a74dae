package model

import (
	"fmt"
	"strings"
	"testing"
)

func TestLookUpAsksEveryDirectory(t *testing.T) {
	jo := Participant{Kind: "contact", ID: "c1", Name: "Jo"}
	forbidden, down := &Error{Kind: Forbidden, Message: "no list for you"}, &Error{Kind: Unavailable}
	crowd := make([]Participant, 22)
	for i := range crowd {
		crowd[i] = Participant{Kind: "user", ID: fmt.Sprint(i), Name: "Jo"}
	}
	for name, tc := range map[string]struct {
		users []Participant
		err   error // of the directory of users
		text  string
		want  string // the id, or words of the error
	}{
		"another may have the answer": {err: forbidden, text: "Jo", want: "c1"},
		"none has it, one is closed":  {err: forbidden, text: "Zoe", want: "no list for you"},
		"one can't be asked":          {err: down, text: "Jo", want: "the service can't be reached"},
		"somebody alike":              {users: []Participant{{Name: "Zoé Li"}}, text: "Zoe Lo", want: `did you mean "Zoé Li"?`},
		"a crowd":                     {users: crowd, text: "jo", want: "\n  and 3 more"},
	} {
		q, err := ParsePersonQuery(tc.text)
		if err != nil {
			t.Fatal(err)
		}
		p, err := q.lookUp(Description{People: []LookupKind{LookupUsers, LookupContacts}}, "", func(req LookupRequest) (LookupPage, error) {
			if req.Kind == LookupUsers {
				return LookupPage{Items: tc.users}, tc.err
			}
			return LookupPage{Items: []Participant{jo}}, nil
		})
		if got := fmt.Sprint(p.ID, err); !strings.Contains(got, tc.want) {
			t.Errorf("%s: %q is %s, want %q", name, tc.text, got, tc.want)
		}
	}
}

func TestChooseFindsTheOnePerson(t *testing.T) {
	people := []Participant{
		{Kind: "user", ID: "1", Name: "Jo", Email: "jo@example.com"},
		{Kind: "user", ID: "2", Name: "JÖ"},
		{Kind: "contact", ID: "c1", Identifier: "emailaddress=Jo@example.com", Email: "jo2@example.com"},
		{Kind: "user", ID: "1", Name: "Jo", Email: "jo@example.com"},
	}
	for text, id := range map[string]string{
		"1": "1", "JO@EXAMPLE.COM": "1", "JÖ": "2", "Jo": "1", "user:2": "2", "emailaddress=jo2@example.com": "c1",
		"jo": "ambiguous", "emailaddress=jo@example.com": "ambiguous", "group:1": "", "J": "", "3": "",
	} {
		w, err := ParsePersonQuery(text)
		if err != nil {
			t.Fatal(err)
		}
		p, found, err := w.choose(people)
		got := p.ID
		if err != nil {
			got = "ambiguous"
		}
		if got != id || found != (id != "" && id != "ambiguous") {
			t.Errorf("%q is %q, want %q (%v)", text, got, id, err)
		}
	}
}
