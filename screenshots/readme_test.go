package main

import (
	"os"
	"strings"
	"testing"
)

func TestTheTablesOfTheReadmeAreWhatTheCodeSays(t *testing.T) {
	old, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	made, err := withTables(string(old), tables(registry()))
	if err != nil {
		t.Fatal(err)
	}
	if made != string(old) {
		t.Error("the README is not current: run `go run ./screenshots tables`")
	}
}

func TestEveryPictureOfTheReadmeIsThere(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	made := map[string]bool{}
	for _, s := range scenes() {
		made[s.name+".svg"] = true
	}
	for _, part := range strings.Split(string(readme), "](screenshots/")[1:] {
		name, _, _ := strings.Cut(part, ")")
		if _, err := os.Stat(name); err != nil {
			t.Errorf("%s is missing: %v", name, err)
		}
		if !made[name] {
			t.Errorf("no scene makes %s", name)
		}
	}
}
