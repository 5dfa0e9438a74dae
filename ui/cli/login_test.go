package cli

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"confab/config"
)

// fakeLogin is a service that signs everybody in.
type fakeLogin struct {
	redirect, state string
	code            string
	err             error
}

func (f *fakeLogin) AuthorizeURL(redirect, state string) (string, error) {
	f.redirect, f.state = redirect, state
	return "https://service.example/authorize?state=" + url.QueryEscape(state) + "&redirect_uri=" + url.QueryEscape(redirect), nil
}

func (f *fakeLogin) Exchange(_ context.Context, code, redirect string) error {
	f.code = code
	if redirect != f.redirect {
		return errors.New("another redirect")
	}
	return f.err
}

// signIn runs login and answers as the browser would, at the address printed.
func signIn(t *testing.T, browser func(t *testing.T, redirect, state string)) (*fakeLogin, *bench, int) {
	t.Helper()
	b := newBench(t)
	f := &fakeLogin{}
	b.program.Login = func(context.Context, Setup, config.Account) (Login, error) { return f, nil }
	pr, pw := io.Pipe()
	b.program.Out = pw
	done := make(chan int)
	go func() {
		code := b.run(t, "login", "projects")
		pw.Close()
		done <- code
	}()
	line, err := bufio.NewReader(pr).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	browser(t, u.Query().Get("redirect_uri"), u.Query().Get("state"))
	return f, b, <-done
}

func visit(t *testing.T, address string) int {
	t.Helper()
	res, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	return res.StatusCode
}

func TestLogin(t *testing.T) {
	f, b, code := signIn(t, func(t *testing.T, redirect, state string) {
		if !strings.HasPrefix(redirect, "http://127.0.0.1:") {
			t.Errorf("comes back to %s", redirect)
		}
		// Another page's answer does not count, nor does another path.
		visit(t, redirect+"?code=evil&state=guess")
		if got := visit(t, strings.TrimSuffix(redirect, "/callback")+"/other?code=evil&state="+state); got != http.StatusNotFound {
			t.Errorf("another path answers %d", got)
		}
		visit(t, redirect+"?code=good&state="+state)
	})
	if code != ExitOK || f.code != "good" {
		t.Errorf("exit %d with code %q: %s", code, f.code, &b.err)
	}
	_, b, code = signIn(t, func(t *testing.T, redirect, state string) {
		visit(t, redirect+"?error=access_denied&state="+state)
	})
	if code != ExitCredential {
		t.Errorf("exit %d", code)
	}
	contains(t, "stderr", &b.err, "access_denied")
}

func TestLoginUsage(t *testing.T) {
	b := newBench(t)
	b.program.Login = func(context.Context, Setup, config.Account) (Login, error) {
		return nil, errors.New("there is no sign-in for this provider")
	}
	b.want(t, ExitUsage, "login", "meetings")
	contains(t, "stderr", &b.err, "meetings: there is no sign-in")
	b.program.Login = func(context.Context, Setup, config.Account) (Login, error) { return &fakeLogin{}, nil }
	for _, redirect := range []string{"https://localhost:1/x", "http://example.com:80/x", "http://localhost/x", "http://127.0.0.1:1/x?a=b"} {
		b.want(t, ExitUsage, "login", "projects", "--redirect", redirect)
	}
}
