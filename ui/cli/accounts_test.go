package cli

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"confab/config"
	"confab/model"
	"confab/ui/uitest"
)

// fakeLogin is the sign-in of a service that accepts everybody.
type fakeLogin struct {
	redirect string
	state    string
	code     string
	// during is called while the code is exchanged for tokens.
	during func() error
}

func (f *fakeLogin) Redirect() string { return f.redirect }

func (f *fakeLogin) Page(state string) string {
	f.state = state
	return "https://service.example/authorize?state=" + url.QueryEscape(state)
}

func (f *fakeLogin) Finish(_ context.Context, code string) (string, error) {
	f.code = code
	if f.during != nil {
		return "", f.during()
	}
	return "Ann \x1b[31mExample", nil
}

// page is the answer that a browser got.
type page struct {
	status int
	text   string
}

func visit(t *testing.T, address string) page {
	t.Helper()
	res, err := http.Get(address)
	if err != nil {
		t.Error(err)
		return page{}
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Error(err)
	}
	return page{res.StatusCode, string(text)}
}

// signIn runs login, and the browser once the page is shown. When it returns, no goroutine of it is left.
func signIn(t *testing.T, f *fakeLogin, browser func(redirect, state string), args ...string) (*bench, int) {
	t.Helper()
	b := newBench(t)
	if f.redirect == "" {
		f.redirect = uitest.FreeRedirect(t)
	}
	b.program.Login = func(Setup, config.Account) (model.SignIn, error) { return f, nil }
	done := make(chan struct{})
	b.program.Browse = func(_ Setup, page string) error {
		u, err := url.Parse(page)
		if err != nil {
			t.Error(err)
		}
		go func() {
			defer close(done)
			browser(f.redirect, u.Query().Get("state"))
		}()
		return nil
	}
	code := b.run(t, append([]string{"login", "projects"}, args...)...)
	<-done
	return b, code
}

func TestLogin(t *testing.T) {
	f := &fakeLogin{}
	b, code := signIn(t, f, func(redirect, state string) {
		// An answer with another state does not count, nor does another path or method.
		if got := visit(t, redirect+"?code=evil&state=guess"); got.status != http.StatusBadRequest || !strings.Contains(got.text, "another sign-in") {
			t.Errorf("%+v", got)
		}
		if got := visit(t, strings.TrimSuffix(redirect, "/callback")+"/other?code=evil&state="+state); got.status != http.StatusNotFound {
			t.Errorf("another path got %+v, want 404", got)
		}
		if res, err := http.Post(redirect+"?code=evil&state="+state, "text/plain", nil); err != nil || res.StatusCode != http.StatusNotFound {
			t.Error(res, err)
		}
		if got := visit(t, redirect+"?code=good&state="+state); got.status != http.StatusOK || !strings.Contains(got.text, "projects is signed in as Ann Example.") {
			t.Errorf("%+v", got)
		}
	})
	if code != ExitOK || f.code != "good" {
		t.Errorf("exit %d with code %q: %s", code, f.code, &b.err)
	}
	contains(t, "stdout", &b.out, "https://service.example/authorize?state=")
	contains(t, "stderr", &b.err, "projects is signed in as Ann Example.")
}

// TestThePageShowsTheResult holds that the browser gets its page when the sign-in is over, with the result.
func TestThePageShowsTheResult(t *testing.T) {
	refused := &model.Error{Kind: model.Unauthorized, Op: "sign in", Status: 401, Message: "Client authentication failed.", Hint: `set token_request = "query"`}
	f := &fakeLogin{during: func() error { return refused }}
	b, code := signIn(t, f, func(redirect, state string) {
		got := visit(t, redirect+"?code=good&state="+state)
		if strings.Contains(got.text, "signed in") || !strings.Contains(got.text, "This did not work: ") || !strings.Contains(got.text, "Client authentication failed.") {
			t.Errorf("%+v", got)
		}
	})
	if code != ExitCredential {
		t.Errorf("exit %d", code)
	}
	contains(t, "stderr", &b.err, "Client authentication failed.", `token_request = "query"`)

	b, code = signIn(t, &fakeLogin{}, func(redirect, state string) {
		if got := visit(t, redirect+"?error=access_denied&error_description=No%3Cb%3E&state="+state); !strings.Contains(got.text, "the service said access_denied No&lt;b&gt;") {
			t.Errorf("%+v", got)
		}
	})
	if code != ExitCredential {
		t.Errorf("exit %d", code)
	}
	contains(t, "stderr", &b.err, "access_denied")
}

// TestEveryPageWaitsForTheEnd holds that a page loaded twice gets two answers, at the end, and that its code is used once.
func TestEveryPageWaitsForTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &callback{path: "/back", state: "s", answers: make(chan *url.URL, 1), ended: make(chan struct{})}
		var pages [2]*httptest.ResponseRecorder
		for i := range pages {
			pages[i] = httptest.NewRecorder()
			go c.ServeHTTP(pages[i], httptest.NewRequest(http.MethodGet, "/back?code=good&state=s", nil))
		}
		synctest.Wait()
		for _, p := range pages {
			if p.Body.Len() > 0 {
				t.Errorf("the page was answered before the end: %s", p.Body)
			}
		}
		if got := <-c.answers; got.Query().Get("code") != "good" || len(c.answers) > 0 {
			t.Errorf("got %+v, and %d more answers", got, len(c.answers))
		}
		c.end("It is over & done.")
		synctest.Wait()
		for _, p := range pages {
			if !strings.Contains(p.Body.String(), "It is over &amp; done.") {
				t.Errorf("%s", p.Body)
			}
		}
	})
}

// TestLoginListensOnBothFamilies holds that a browser may take localhost for an IPv4 or an IPv6 address.
func TestLoginListensOnBothFamilies(t *testing.T) {
	hosts := []string{"127.0.0.1"}
	if l, err := net.Listen("tcp", "[::1]:0"); err == nil {
		l.Close()
		hosts = append(hosts, "[::1]")
	}
	for _, host := range hosts {
		b, code := signIn(t, &fakeLogin{}, func(redirect, state string) {
			visit(t, strings.Replace(redirect, "localhost", host, 1)+"?code=good&state="+state)
		})
		if code != ExitOK {
			t.Errorf("%s: exit %d: %s", host, code, &b.err)
		}
	}
}

func TestLoginAtAPortInUse(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "[::1]"} {
		redirect := uitest.FreeRedirect(t)
		u, err := url.Parse(redirect)
		if err != nil {
			t.Fatal(err)
		}
		l, err := net.Listen("tcp", host+":"+u.Port())
		if err != nil {
			continue // this machine has no such address
		}
		b := newBench(t)
		b.program.Login = func(Setup, config.Account) (model.SignIn, error) {
			return &fakeLogin{redirect: redirect}, nil
		}
		b.want(t, ExitLocal, "login", "projects")
		contains(t, "stderr", &b.err, "port "+u.Port()+" of this machine", "in use", "redirect_url")
		if b.out.Len() > 0 {
			t.Errorf("a page was shown though the port is taken: %s", &b.out)
		}
		l.Close()
	}
}

// TestLoginByPasting holds that no browser is opened over SSH, and that the address can be pasted.
func TestLoginByPasting(t *testing.T) {
	f := &fakeLogin{redirect: uitest.FreeRedirect(t)}
	b := newBench(t)
	b.program.Login = func(Setup, config.Account) (model.SignIn, error) { return f, nil }
	b.program.Browse = func(Setup, string) error {
		t.Error("a browser was opened over SSH")
		return nil
	}
	b.program.Getenv = func(name string) string { return map[string]string{"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}[name] }
	b.atTerminal("")
	in, typed := io.Pipe()
	b.program.In = in
	out, printed := io.Pipe()
	b.program.Out = printed
	go func() {
		buf := make([]byte, 4096)
		_, _ = out.Read(buf) // the page
		go io.Copy(io.Discard, out)
		for _, line := range []string{"what now?", f.redirect + "?code=evil&state=guess", f.redirect + "?code=good&state=" + f.state} {
			_, _ = io.WriteString(typed, line+"\n")
		}
	}()
	b.want(t, ExitOK, "login", "projects")
	if f.code != "good" {
		t.Errorf("got code %q", f.code)
	}
	contains(t, "stderr", &b.err, "paste the address", "This is not the address", "belongs to another sign-in", "projects is signed in")
}

func TestLoginEndsAfterItsPatience(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	f := &fakeLogin{redirect: uitest.FreeRedirect(t)}
	b := newBench(t)
	b.program.Login = func(Setup, config.Account) (model.SignIn, error) { return f, nil }
	b.program.Browse = func(Setup, string) error {
		cancel()
		return errors.New("no display")
	}
	if code := Main(ctx, b.program, []string{"--config", b.path, "login", "projects"}); code != ExitInterrupted || f.code != "" {
		t.Errorf("exit %d: %s", code, &b.err)
	}
	contains(t, "stderr", &b.err, "No browser was opened: no display")
}

func TestLoginRefusesWrongAccounts(t *testing.T) {
	b := newBench(t)
	b.program.Login = func(Setup, config.Account) (model.SignIn, error) {
		return nil, errors.New("there is no sign-in for this provider")
	}
	b.want(t, ExitUsage, "login", "meetings")
	contains(t, "stderr", &b.err, "meetings: there is no sign-in")
	b.program.Login = func(Setup, config.Account) (model.SignIn, error) {
		return &fakeLogin{redirect: "http://example.com:80/callback"}, nil
	}
	b.want(t, ExitUsage, "login", "projects")
	contains(t, "stderr", &b.err, "redirect_url")
}

// TestForgettingAsksForAWholeYes holds that a terminal shows what is kept of an account, and that nothing but a whole yes removes it.
func TestForgettingAsksForAWholeYes(t *testing.T) {
	b := newBench(t)
	removed := ""
	b.program.Forget = func(_ context.Context, _ Setup, account string, dry bool) ([]string, error) {
		if !dry {
			removed = account
		}
		return []string{"10 cached conversations", "tokens"}, nil
	}
	for _, answer := range []string{"", "y", "n", "yes please"} {
		b.atTerminal(answer + "\n")
		b.want(t, ExitRefused, "forget", "PROJECTS")
		contains(t, "stderr", &b.err, "This is kept of projects:\n  10 cached conversations\n  tokens\n", `Remove all of it? Type "yes" in full: `, "Nothing was removed.")
	}
	if removed != "" {
		t.Fatal("it was removed without a yes")
	}
	b.atTerminal("yes\n")
	b.want(t, ExitOK, "forget", "PROJECTS")
	contains(t, "stdout", &b.out, "removed: 10 cached conversations\nremoved: tokens\n")
	contains(t, "stderr", &b.err, "projects is still in ")
	b.want(t, ExitUsage, "forget", "b d", "--yes")
	if removed != "projects" {
		t.Errorf("removed %q, want projects", removed)
	}
}
