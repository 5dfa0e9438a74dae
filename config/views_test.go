package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestKeeperStoresViews(t *testing.T) {
	rules := testRules()
	rules.Query = func(q string) error {
		if q == "bad" {
			return errors.New("at 1: it is bad")
		}
		return nil
	}
	k := Keeper{Paths{State: t.TempDir()}, rules}
	want := []View{{"Interviews", `label:"Call Type"=Interview sort:-title`}, {`it's "odd" ü`, "x"}, {"empty", ""}}
	for _, v := range append([]View{{"INTERVIEWS", "old"}}, want...) {
		if err := k.Keep(v.Name, v.Query); err != nil {
			t.Fatal(err)
		}
	}
	got, err := k.Views()
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Fatalf("Views: %v (-want +got):\n%s", err, diff)
	}
	file := filepath.Join(k.Paths.State, "views.toml")
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode of the file: got %v, %v; want 0600", info.Mode(), err)
	}
	text, err := k.Written()
	if err != nil {
		t.Fatal(err)
	}
	c, err := Decode("config.toml", []byte(text), rules)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, c.Views); diff != "" {
		t.Errorf("the text of Written as a config (-want +got):\n%s", diff)
	}
	for _, v := range []View{{"a", "bad"}, {strings.Repeat("a", 65), ""}, {"", "x"}, {"a\nb", "x"}} {
		if err := k.Keep(v.Name, v.Query); err == nil {
			t.Errorf("%q is accepted", v)
		}
	}
	for _, name := range []string{"interviews", "empty", "no such"} {
		if err := k.Drop(name); err != nil {
			t.Fatal(err)
		}
	}
	got, err = k.Views()
	if diff := cmp.Diff(want[1:2], got); err != nil || diff != "" {
		t.Fatalf("Views after Drop: %v (-want +got):\n%s", err, diff)
	}
	if err := k.Drop(want[1].Name); err != nil {
		t.Fatal(err)
	}
	if got, err = k.Views(); err != nil || len(got) != 0 {
		t.Errorf("Views after the last was dropped: %v, %v", got, err)
	}

	broken := "[[view]]\nname = \"x\"\nquery = \"bad\"\n"
	if err := os.WriteFile(file, []byte(broken), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = k.Views()
	if err == nil || !strings.Contains(err.Error(), "views.toml:3:9: query: at 1: it is bad") {
		t.Errorf("Views of a file with errors: got %v, want the problem with its place", err)
	}
	if k.Keep("a", "b") == nil {
		t.Error("a file with errors was replaced")
	}
	if data, err := os.ReadFile(file); err != nil || string(data) != broken {
		t.Errorf("the file with errors was changed: %q, %v", data, err)
	}
}

// Views that several goroutines or processes store at the same time are all stored.
func TestConcurrentChangesOfViewsAreAllStored(t *testing.T) {
	k := Keeper{Paths{State: filepath.Join(t.TempDir(), "state")}, testRules()}
	const many = 20
	var group sync.WaitGroup
	for i := range many {
		group.Go(func() {
			if err := k.Keep(fmt.Sprint("view ", i), "x"); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if got, err := k.Views(); err != nil || len(got) != many {
		t.Errorf("got %d of %d views, %v", len(got), many, err)
	}
}

func TestViewsOfTheConfigWin(t *testing.T) {
	got := AllViews([]View{{"Inbox", ""}, {"Mine", "a"}}, []View{{"mine", "b"}, {"Other", "c"}})
	if diff := cmp.Diff([]View{{"Inbox", ""}, {"Mine", "a"}, {"Other", "c"}}, got); diff != "" {
		t.Errorf("AllViews (-want +got):\n%s", diff)
	}
}
