package model

import "testing"

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
