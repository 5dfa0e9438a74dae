package config

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
)

func TestSourceDoesNotShowItsSecret(t *testing.T) {
	const value = "sk-hunter2"
	type holder struct{ inner *Source }
	source := Resolver{Held: func(Credential) (string, bool) { return value, true }}.Source(Credential{Env: "X"})
	if got, err := source.Get(t.Context()); got != value || err != nil {
		t.Fatal(got, err)
	}
	var out bytes.Buffer
	for _, v := range []any{source, *source, holder{source}, &holder{source}, []*Source{source}, map[string]*Source{"x": source}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(data)
	}
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "source", source, "holder", holder{source})
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "source", source, "holder", holder{source})
	for _, form := range []string{value, fmt.Sprintf("%x", value), "hunter2"} {
		if strings.Contains(out.String(), form) {
			t.Errorf("shown as %q in\n%s", form, out.String())
		}
	}
}

func TestSourceReadsOnce(t *testing.T) {
	reads, value := 0, "one"
	r := Resolver{Held: func(Credential) (string, bool) { reads++; return value, value != "" }}
	s := r.Source(Credential{Env: "X"})
	if reads != 0 {
		t.Fatal("read before it was asked for")
	}
	get := func(want string, wantReads int) string {
		t.Helper()
		got, err := s.Get(t.Context())
		if err != nil || got != want || reads != wantReads {
			t.Fatalf("%q, %v, %d reads", got, err, reads)
		}
		return got
	}
	get("one", 1)
	old := get("one", 1)
	value = "two"
	s.Reject(old)
	get("two", 2)
	// Another worker was refused with the same old secret: it has been read again already.
	s.Reject(old)
	get("two", 2)
	// A failed read keeps nothing, and the next Get tries again.
	value = ""
	s.Reject("two")
	if _, err := s.Get(t.Context()); err == nil {
		t.Fatal("no error")
	}
	value = "three"
	get("three", 4)
}

func TestSourceWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reads := 0
		release := make(chan struct{})
		s := Resolver{Keyring: func(string, string) (string, error) { reads++; <-release; return "x", nil }}.Source(Credential{Keyring: "x"})
		results := make(chan error, 4)
		for range 4 {
			go func() { _, err := s.Get(t.Context()); results <- err }()
		}
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		impatient := make(chan error, 1)
		go func() { _, err := s.Get(ctx); impatient <- err }()
		synctest.Wait()
		cancel()
		if err := <-impatient; !errors.Is(err, context.Canceled) {
			t.Errorf("impatient: %v", err)
		}
		close(release)
		for range 4 {
			if err := <-results; err != nil {
				t.Error(err)
			}
		}
		if reads != 1 {
			t.Errorf("%d reads", reads)
		}
	})
}
