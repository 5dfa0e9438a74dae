package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestKeptViews(t *testing.T) {
	p := Paths{State: t.TempDir()}
	rules := testRules()
	rules.Query = func(q string) error {
		if q == "bad" {
			return errors.New("at 1: it is bad")
		}
		return nil
	}
	want := []View{{"Interviews", `label:"Call Type"=Interview sort:-title`}, {`it's "odd" ü`, "x"}, {"empty", ""}}
	for _, v := range append([]View{{"INTERVIEWS", "old"}}, want...) {
		if err := p.KeepView(v, rules); err != nil {
			t.Fatal(err)
		}
	}
	got, err := p.KeptViews(rules)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Fatal(err, diff)
	}
	file := filepath.Join(p.State, "views.toml")
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info.Mode(), err)
	}
	c, err := Decode("config.toml", []byte(ViewsTOML(want)), rules)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, c.Views); diff != "" {
		t.Errorf("the config reads other views: %s", diff)
	}
	for _, v := range []View{{"a", "bad"}, {strings.Repeat("a", 65), ""}, {"", "x"}, {"a\nb", "x"}} {
		if err := p.KeepView(v, rules); err == nil {
			t.Errorf("%q was kept", v)
		}
	}
	for _, name := range []string{"interviews", "empty", "no such"} {
		if err := p.DropView(name, rules); err != nil {
			t.Fatal(err)
		}
	}
	got, err = p.KeptViews(rules)
	if diff := cmp.Diff(want[1:2], got); err != nil || diff != "" {
		t.Fatal(err, diff)
	}
	if err := p.DropView(want[1].Name, rules); err != nil {
		t.Fatal(err)
	}
	if got, err = p.KeptViews(rules); err != nil || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}

	broken := "[[view]]\nname = \"x\"\nquery = \"bad\"\n"
	if err := os.WriteFile(file, []byte(broken), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = p.KeptViews(rules)
	if err == nil || !strings.Contains(err.Error(), "views.toml:3:9: query: at 1: it is bad") {
		t.Errorf("%v", err)
	}
	if p.KeepView(want[0], rules) == nil {
		t.Error("a damaged file was written over")
	}
	if data, err := os.ReadFile(file); err != nil || string(data) != broken {
		t.Errorf("%q, %v", data, err)
	}
}

func TestAViewOfTheConfigWins(t *testing.T) {
	got := AllViews([]View{{"Inbox", ""}, {"Mine", "a"}}, []View{{"mine", "b"}, {"Other", "c"}})
	if diff := cmp.Diff([]View{{"Inbox", ""}, {"Mine", "a"}, {"Other", "c"}}, got); diff != "" {
		t.Error(diff)
	}
}
