package cli

import (
	"slices"
	"strings"
	"testing"

	"confab/model"
)

func TestParseWhoRoleSplitsRoleWordsOnly(t *testing.T) {
	for text, want := range map[string]struct {
		who  whoArg
		role string
		bad  bool
	}{
		"12":                             {who: whoArg{text: "12"}},
		"ann@example.com":                {who: whoArg{text: "ann@example.com"}},
		"ann@example.com=editor":         {who: whoArg{text: "ann@example.com"}, role: "editor"},
		"Ann Lee=collaboration_complete": {who: whoArg{text: "Ann Lee"}, role: "collaboration_complete"},
		"user:3":                         {who: whoArg{text: "user:3", kind: "user", id: "3"}},
		"group:5=viewer":                 {who: whoArg{text: "group:5", kind: "group", id: "5"}, role: "viewer"},
		"phonenumber=+3112":              {who: whoArg{text: "phonenumber=+3112", identifier: true}},
		"phonenumber=+3112=viewer":       {who: whoArg{text: "phonenumber=+3112", identifier: true}, role: "viewer"},
		"Re: hello":                      {who: whoArg{text: "Re: hello"}},
		"user:3=boss":                    {bad: true},
		"ann@example.com=boss":           {bad: true},
		"user:":                          {bad: true},
		" ":                              {bad: true},
		"=editor":                        {bad: true},
	} {
		w, role, err := parseWhoRole(text)
		if want.bad {
			if CodeOf(err) != ExitUsage {
				t.Errorf("%q: %v, want a usage error", text, err)
			}
			continue
		}
		if err != nil || w != want.who || role != want.role {
			t.Errorf("%q: got %+v with role %q, %v; want %+v with %q", text, w, role, err, want.who, want.role)
		}
	}
}

func TestSplitWhoSplitsAtTheLastSign(t *testing.T) {
	w, word, err := splitWho("participant-status", "emailaddress=a@example.com=active")
	if err != nil || w.text != "emailaddress=a@example.com" || word != "active" {
		t.Errorf("got %+v with %q, %v", w, word, err)
	}
	for _, text := range []string{"Ann", "Ann=", "=active"} {
		if _, _, err := splitWho("role", text); CodeOf(err) != ExitUsage {
			t.Errorf("%q: got %v, want a usage error", text, err)
		}
	}
}

func TestChooseFindsTheOnePerson(t *testing.T) {
	people := []model.Participant{
		{Kind: "user", ID: "1", Name: "Jo", Email: "jo@example.com"},
		{Kind: "user", ID: "2", Name: "JÖ"},
		{Kind: "contact", ID: "c1", Identifier: "emailaddress=Jo@example.com", Email: "jo2@example.com"},
		{Kind: "user", ID: "1", Name: "Jo", Email: "jo@example.com"},
	}
	for text, id := range map[string]string{
		"1": "1", "JO@EXAMPLE.COM": "1", "JÖ": "2", "Jo": "1", "user:2": "2", "emailaddress=jo2@example.com": "c1",
		"jo": "ambiguous", "emailaddress=jo@example.com": "ambiguous", "group:1": "", "J": "", "3": "",
	} {
		w, err := parseWho(text)
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

// FuzzWho holds that only a role word is split off, and that the rest is what was typed.
func FuzzWho(f *testing.F) {
	for _, s := range []string{"12", "user:1", "a@b.example=editor", "emailaddress=a@b.example=viewer", "=", "group:=editor", "\x00=viewer", " x =editor"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		w, role, err := parseWhoRole(text)
		if err != nil {
			if CodeOf(err) != ExitUsage {
				t.Fatalf("%q: %v is no usage error", text, err)
			}
			return
		}
		whole := text
		if role != "" {
			if !slices.Contains(roleWords(), role) {
				t.Fatalf("%q: %q is no role", text, role)
			}
			whole = strings.TrimSuffix(text, "="+role)
		}
		if w.text != strings.TrimSpace(whole) || w.text == "" {
			t.Fatalf("%q became %q with role %q", text, w.text, role)
		}
		if w.kind != "" && w.text != w.kind+":"+w.id {
			t.Fatalf("%q: %+v", text, w)
		}
	})
}

// FuzzChangeFlags holds that every argument gives a change with a target or a usage error.
func FuzzChangeFlags(f *testing.F) {
	f.Add("Ann=editor", "k=v", "1,2")
	f.Add("=", "=", ",")
	f.Add("a=b=viewer", "k=", "none")
	f.Fuzz(func(t *testing.T, person, pair, contacts string) {
		flags := flags{new(run).editCommand().Flags()}
		for name, text := range map[string]string{"role": person, "add": person, "remove": person, "label": pair, "attribute": pair, "contacts": contacts} {
			if err := flags.Set(name, text); err != nil {
				t.Fatal(err)
			}
		}
		q, err := parseChanges(flags, nil)
		if err != nil {
			if CodeOf(err) != ExitUsage {
				t.Fatal(err)
			}
			return
		}
		set := false
		for _, w := range q {
			switch w.Kind {
			case model.EditParticipants:
				if w.who.text == "" || len(w.People) != 1 {
					t.Fatalf("a change of nobody: %+v", w)
				}
			case model.EditContacts:
				set = w.Op == model.OpSet
				for _, p := range w.People {
					if p.ID == "" {
						t.Fatal("a contact without an id")
					}
				}
			default:
				if w.Key == "" || w.Target.Text == nil {
					t.Fatalf("a change without key or value: %+v", w)
				}
			}
		}
		if !set {
			t.Fatal("no change sets the contacts")
		}
	})
}
