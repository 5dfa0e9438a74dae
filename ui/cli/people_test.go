package cli

import (
	"slices"
	"strings"
	"testing"

	"confab/model"
)

func TestParseWhoRoleSplitsRoleWordsOnly(t *testing.T) {
	for text, want := range map[string]struct {
		who  model.PersonQuery
		role string
		bad  bool
	}{
		"12":                             {who: model.PersonQuery{Text: "12"}},
		"ann@example.com":                {who: model.PersonQuery{Text: "ann@example.com"}},
		"ann@example.com=editor":         {who: model.PersonQuery{Text: "ann@example.com"}, role: "editor"},
		"Ann Lee=collaboration_complete": {who: model.PersonQuery{Text: "Ann Lee"}, role: "collaboration_complete"},
		"user:3":                         {who: model.PersonQuery{Text: "user:3", Kind: "user", ID: "3"}},
		"group:5=viewer":                 {who: model.PersonQuery{Text: "group:5", Kind: "group", ID: "5"}, role: "viewer"},
		"phonenumber=+3112":              {who: model.PersonQuery{Text: "phonenumber=+3112", Identifier: true}},
		"phonenumber=+3112=viewer":       {who: model.PersonQuery{Text: "phonenumber=+3112", Identifier: true}, role: "viewer"},
		"Re: hello":                      {who: model.PersonQuery{Text: "Re: hello"}},
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
	if err != nil || w.Text != "emailaddress=a@example.com" || word != "active" {
		t.Errorf("got %+v with %q, %v", w, word, err)
	}
	for _, text := range []string{"Ann", "Ann=", "=active"} {
		if _, _, err := splitWho("role", text); CodeOf(err) != ExitUsage {
			t.Errorf("%q: got %v, want a usage error", text, err)
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
		if w.Text != strings.TrimSpace(whole) || w.Text == "" {
			t.Fatalf("%q became %q with role %q", text, w.Text, role)
		}
		if w.Kind != "" && w.Text != w.Kind+":"+w.ID {
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
				if len(w.Queries) != 1 || w.Queries[0].Text == "" || len(w.People) != 1 {
					t.Fatalf("a change of nobody: %+v", w)
				}
			case model.EditContacts:
				set = w.Op == model.OpSet
				for _, who := range w.Queries {
					if who.ID == "" {
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
