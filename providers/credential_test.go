package providers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"confab/model"
)

// rotating is a credential source like a command: it is slow, and runs again only after its secret was refused.
type rotating struct {
	mu    sync.Mutex
	next  func(run int) (string, error)
	kept  string
	runs  int
	wrong []string // refused secrets that were not the current one
}

func (s *rotating) Get(context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept != "" {
		return s.kept, nil
	}
	time.Sleep(5 * time.Second)
	s.runs++
	value, err := s.next(s.runs)
	if err == nil {
		s.kept = value
	}
	return value, err
}

func (s *rotating) Reject(refused string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept == refused {
		s.kept = ""
	} else {
		s.wrong = append(s.wrong, refused)
	}
}

// valueOf returns the results of the runs of a command, of which the last is repeated; "" is a failure.
func valueOf(values ...string) func(int) (string, error) {
	return func(run int) (string, error) {
		v := values[min(run, len(values))-1]
		if v == "" {
			return "", &model.Error{Kind: model.NoCredential, Message: "the command failed"}
		}
		return v, nil
	}
}

func TestRefusedCredentialIsRenewedOnce(t *testing.T) {
	const calls, inFlight = 12, 4
	for _, tc := range []struct {
		name     string
		schemes  []string
		raw      string   // prefix of secrets that are sent raw
		values   []string // of the runs of the command
		accepts  string   // what the service accepts after the rotation
		warm     bool     // a call succeeded before the rotation
		runs     int
		requests int
		kind     model.ErrorKind // of every call
	}{
		{"rotated", nil, "", []string{"old", "new"}, "Bearer new", true, 2, calls + inFlight, ""},
		{"rotated before the first call", nil, "", []string{"old", "new"}, "Bearer new", false, 2, calls + inFlight, ""},
		{"rotated, with a form that had to be found", []string{Bearer, Raw}, "", []string{"old", "new"}, "new", true, 2, calls + inFlight, ""},
		{"another form", []string{Bearer, Raw}, "", []string{"key"}, "key", false, 1, 2 * calls, ""},
		{"the same again", nil, "", []string{"old"}, "Bearer new", true, 2, calls, model.Unauthorized},
		{"another, refused as well", nil, "", []string{"old", "bad", "worse"}, "Bearer new", true, 2, calls + inFlight, model.Unauthorized},
		{"no form is taken", []string{Bearer, Raw}, "", []string{"old"}, "new", false, 2, 2 * calls, model.Unauthorized},
		{"the command fails", nil, "", []string{"old", ""}, "Bearer new", true, 2, inFlight, model.NoCredential},
		{"the command fails at once", nil, "", []string{""}, "Bearer new", false, 1, 0, model.NoCredential},
		{"a character that can't be sent", nil, "", []string{"old\nx"}, "Bearer new", false, 2, 0, model.Unauthorized},
		{"a raw key, then a token", nil, "old", []string{"old", "new"}, "Bearer new", true, 2, calls + inFlight, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &rotating{next: valueOf(tc.values...)}
				var sent atomic.Int32
				warming := tc.warm
				o := ClientOptions{Credential: &Credential{Schemes: tc.schemes, RawPrefix: tc.raw}, InFlight: inFlight}
				c := testClient(t, o, Account{Credential: s}, func(r *http.Request) (*http.Response, error) {
					sent.Add(1)
					time.Sleep(time.Second)
					got := r.Header.Get("Authorization")
					if got == tc.accepts || warming && got == cmp.Or(tc.raw, strings.ReplaceAll(tc.accepts, "new", "old")) {
						return answer(r, 200, nil, "{}"), nil
					}
					return answer(r, 401, nil, ""), nil
				})
				do := func(name string) error {
					e := write
					e.Name = name
					_, err := c.Do(t.Context(), Call{Endpoint: e, Params: one})
					return err
				}
				if warming {
					if err := do("a call"); err != nil {
						t.Fatal(err)
					}
					warming = false
					sent.Store(0)
				}
				var wait sync.WaitGroup
				for range calls {
					wait.Go(func() {
						if err := do("another call"); model.KindOf(err) != tc.kind {
							t.Errorf("got %v, want kind %q", err, tc.kind)
						}
					})
				}
				wait.Wait()
				if s.runs != tc.runs || int(sent.Load()) != tc.requests || len(s.wrong) > 0 {
					t.Errorf("command: got %d runs, want %d; got %d requests, want %d; rejected although not current: %q", s.runs, tc.runs, sent.Load(), tc.requests, s.wrong)
				}
			})
		})
	}
}

func TestRepairedCredentialIsUsed(t *testing.T) {
	for _, broken := range []string{"", "bad", "bad\x7f"} {
		t.Run(fmt.Sprintf("%q", broken), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				value := broken
				s := &rotating{next: func(int) (string, error) { return valueOf(value)(1) }}
				c := testClient(t, ClientOptions{Credential: &Credential{Schemes: []string{Bearer, Raw}}}, Account{Credential: s}, func(r *http.Request) (*http.Response, error) {
					if r.Header.Get("Authorization") == "Bearer good" {
						return answer(r, 200, nil, "{}"), nil
					}
					return answer(r, 401, nil, ""), nil
				})
				if _, err := c.Do(t.Context(), Call{Endpoint: read, Params: one}); err == nil {
					t.Fatalf("credential %q: got no error", broken)
				}
				value = "good"
				if _, err := c.Do(t.Context(), Call{Endpoint: read, Params: one}); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// A caller that gives up waiting for the credential does not make the calls of others fail.
func TestGivingUpDoesNotAffectOtherCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		c := testClient(t, ClientOptions{}, Account{Credential: waiting{release}}, func(r *http.Request) (*http.Response, error) {
			return answer(r, 200, nil, "{}"), nil
		})
		ctx, cancel := context.WithCancel(t.Context())
		impatient, patient := make(chan error, 1), make(chan error, 1)
		go func() { _, err := c.Do(ctx, Call{Endpoint: read, Params: one}); impatient <- err }()
		synctest.Wait()
		go func() { _, err := c.Do(t.Context(), Call{Endpoint: read, Params: one}); patient <- err }()
		synctest.Wait()
		cancel()
		if err := <-impatient; model.KindOf(err) != model.Canceled {
			t.Error(err)
		}
		close(release)
		if err := <-patient; err != nil {
			t.Error(err)
		}
	})
}

type waiting struct{ release chan struct{} }

func (w waiting) Get(ctx context.Context) (string, error) {
	select {
	case <-w.release:
		return token, nil
	case <-ctx.Done():
		return "", errors.New("stopped")
	}
}
func (waiting) Reject(string) {}

func TestCredentialCharacters(t *testing.T) {
	for _, tc := range []struct {
		secret string
		want   string // "" if it can't be sent
		kind   model.ErrorKind
	}{
		{" " + token + "\r\n", "AccessKey " + token, ""},
		{`"` + token + `"`, "AccessKey " + token, ""},
		{`"`, `AccessKey "`, ""},
		{token + "~", "AccessKey " + token + "~", ""},
		{"accesskey  " + token, "AccessKey " + token, ""},
		{"bearer\t" + token, "AccessKey " + token, ""},
		{token + " x", "AccessKey " + token + " x", ""},
		{"AccessKey", "", model.NoCredential},
		{"\n", "", model.NoCredential},
		{token + "\nX-Evil: 1", "", model.Unauthorized},
		{token + "\r\n\r\nGET /", "", model.Unauthorized},
		{token + "\x00", "", model.Unauthorized},
		{token + "\x7f", "", model.Unauthorized},
		{token + "\tx", "", model.Unauthorized},
		{token + "\u200b", "", model.Unauthorized},
		{"“" + token + "”", "", model.Unauthorized},
		{token + "\xff", "", model.Unauthorized},
	} {
		var lines []string
		a := Account{Credential: secret(tc.secret), Log: func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }}
		got := ""
		c := testClient(t, ClientOptions{Credential: &Credential{Schemes: []string{"AccessKey"}}}, a, func(r *http.Request) (*http.Response, error) {
			got = r.Header.Get("Authorization")
			return answer(r, 200, nil, "{}"), nil
		})
		_, err := c.Do(t.Context(), Call{Endpoint: read, Params: one})
		if got != tc.want || model.KindOf(err) != tc.kind {
			t.Errorf("%q: sent %q, error %v; want %q", tc.secret, got, err, tc.want)
		}
		if tc.kind == model.Unauthorized && !strings.Contains(err.Error(), "the credential holds a character that can't be sent") {
			t.Errorf("%q: %v", tc.secret, err)
		}
		mustBeClean(t, err)
		if strings.Contains(strings.Join(lines, " "), token) {
			t.Errorf("%q: log contains the secret: %s", tc.secret, lines)
		}
	}
}
