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
		t.Fatalf("Get = %q, %v; want the secret", got, err)
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
			t.Errorf("the secret is printed as %q in\n%s", form, out.String())
		}
	}
}

func TestSourceReadsOnce(t *testing.T) {
	reads, value := 0, "one"
	r := Resolver{Held: func(Credential) (string, bool) { reads++; return value, value != "" }}
	s := r.Source(Credential{Env: "X"})
	if reads != 0 {
		t.Fatal("the secret is read before it is needed")
	}
	get := func(want string, wantReads int) string {
		t.Helper()
		got, err := s.Get(t.Context())
		if err != nil || got != want || reads != wantReads {
			t.Fatalf("Get = %q, %v after %d reads; want %q after %d", got, err, reads, want, wantReads)
		}
		return got
	}
	get("one", 1)
	old := get("one", 1)
	value = "two"
	s.Reject(old)
	get("two", 2)
	// Another caller rejects the same old secret, which was already read again.
	s.Reject(old)
	get("two", 2)
	// After a failed read the next Get reads again.
	value = ""
	s.Reject("two")
	if _, err := s.Get(t.Context()); err == nil {
		t.Fatal("Get returns no error for a failed read")
	}
	value = "three"
	get("three", 4)
}

func TestConcurrentGetsReadOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reads := 0
		release := make(chan struct{})
		s := Resolver{Held: func(Credential) (string, bool) { reads++; <-release; return "x", true }}.Source(Credential{Keyring: "x"})
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
			t.Errorf("Get with an ended context: %v, want Canceled", err)
		}
		close(release)
		for range 4 {
			if err := <-results; err != nil {
				t.Error(err)
			}
		}
		if reads != 1 {
			t.Errorf("%d reads, want 1", reads)
		}
	})
}
