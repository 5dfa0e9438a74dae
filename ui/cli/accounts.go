package cli

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"confab/config"
	"confab/model"
	"confab/ui/theme"
)

const loginPatience = 10 * time.Minute

// listenFor opens the port that the browser returns to. A browser may resolve localhost to IPv4 or IPv6, so it listens on each
// that this machine has.
func listenFor(back *url.URL) ([]net.Listener, error) {
	hosts := []string{back.Hostname()}
	if strings.EqualFold(back.Hostname(), "localhost") {
		hosts = []string{"127.0.0.1", "::1"}
	}
	var all []net.Listener
	for _, host := range hosts {
		l, err := net.Listen("tcp", net.JoinHostPort(host, back.Port()))
		if err == nil {
			all = append(all, l)
			continue
		}
		if any, none := net.Listen("tcp", net.JoinHostPort(host, "0")); none == nil {
			for _, l := range append(all, any) {
				l.Close()
			}
			for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
				err = inner
			}
			return nil, fmt.Errorf("port %s of this machine can't be listened on (%w): end the program that has it, "+
				"or register another address with the service and name it in redirect_url", back.Port(), err)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("this machine has no address %s", back.Hostname())
	}
	return all, nil
}

// callback answers the browser that returns from the service. It passes on the first address of this sign-in, and shows the
// result of the sign-in on every page.
type callback struct {
	path, state string
	answers     chan *url.URL
	ended       chan struct{} // closed once words is set
	words       string        // the result, for the browser
}

// take reports whether an address belongs to this sign-in, and passes on the first that does.
func (c *callback) take(u *url.URL) bool {
	if u.Query().Get("state") != c.state {
		return false
	}
	select {
	case c.answers <- u:
	default:
	}
	return true
}

func (c *callback) end(words string) {
	c.words = words
	close(c.ended)
}

func (c *callback) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	if q.URL.Path != c.path || q.Method != http.MethodGet {
		http.NotFound(w, q)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Referrer-Policy", "no-referrer") // the address holds the code
	w.Header().Set("Cache-Control", "no-store")
	words := "This did not work: the answer belongs to another sign-in."
	if c.take(q.URL) {
		select {
		case <-c.ended:
			words = c.words
		case <-q.Context().Done():
			return
		}
	} else {
		w.WriteHeader(http.StatusBadRequest)
	}
	_, _ = io.WriteString(w, "<!DOCTYPE html><title>confab</title><p>"+html.EscapeString(words)+"</p>\n")
}

func (r *run) login(ctx context.Context, args []string, _ flags) error {
	if err := r.loadConfig(); err != nil {
		return err
	}
	a, err := r.account(args[0])
	if err != nil {
		return err
	}
	login, err := r.Login(r.setup, a)
	if err != nil {
		return usage("%s: %w", a.Name, err)
	}
	back, err := url.Parse(login.Redirect())
	if err != nil || !config.IsLoopback(login.Redirect()) {
		return usage("%s: redirect_url is no address of this machine", a.Name)
	}
	listeners, err := listenFor(back)
	if err != nil {
		return local(err)
	}
	c := &callback{path: cmp.Or(back.Path, "/"), state: rand.Text(), answers: make(chan *url.URL, 1), ended: make(chan struct{})}
	server := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: c}
	for _, l := range listeners {
		go func() { _ = server.Serve(l) }()
	}
	defer func() {
		// The browser still has to get its page.
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = server.Shutdown(last)
		_ = server.Close()
	}()

	page := login.Page(c.state)
	r.say("Open this page, and agree:")
	r.print("%s", model.CleanLine(page, 0))
	if r.Getenv("SSH_CONNECTION") == "" {
		if err := r.Browse(r.setup, page); err != nil {
			r.say("No browser was opened: %s", model.CleanLine(err.Error(), 300))
		}
	}
	var pasting sync.WaitGroup
	defer pasting.Wait()
	waiting, cancel := context.WithTimeout(ctx, loginPatience)
	defer cancel()
	if r.interactive() {
		r.say("If the browser runs on another machine, paste the address it ends up at:")
		pasting.Go(func() { r.takePasted(waiting, c) })
	}
	select {
	case got := <-c.answers:
		words, err := r.signIn(ctx, a, login, got)
		c.end(words)
		return err
	case <-waiting.Done():
		c.end("This did not work: the sign-in was given up.")
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return refused("%s: nobody signed in within %s", a.Name, theme.Count(int(loginPatience/time.Minute), "minute"))
	}
}

// signIn completes a sign-in with the address that the browser returned to, and returns the text for the browser.
func (r *run) signIn(ctx context.Context, a config.Account, login model.SignIn, got *url.URL) (words string, err error) {
	q := got.Query()
	switch {
	case q.Get("error") != "":
		err = fmt.Errorf("the service said %s", model.CleanLine(strings.TrimSpace(q.Get("error")+" "+q.Get("error_description")), 300))
	case q.Get("code") == "":
		err = errors.New("the service gave no code")
	}
	if err != nil {
		return "This did not work: " + err.Error() + ".", &ExitError{Code: ExitCredential, Err: fmt.Errorf("%s: %w", a.Name, err)}
	}
	who, err := login.Finish(ctx, q.Get("code"))
	if err != nil {
		return "This did not work: " + model.Words(err), fmt.Errorf("%s: %w", a.Name, err)
	}
	words = a.Name + " is signed in"
	if who != "" {
		words += " as " + model.CleanLine(who, 200)
	}
	r.say("%s.", words)
	return words + ". Go back to the terminal.", nil
}

// takePasted reads addresses that are pasted, until one belongs to this sign-in.
func (r *run) takePasted(ctx context.Context, c *callback) {
	for {
		line, err := r.prompter.line(ctx)
		if err != nil {
			return
		}
		u, err := url.Parse(strings.TrimSpace(line))
		switch {
		case err != nil || u.RawQuery == "":
			r.say("This is not the address; it has code= in it.")
		case !c.take(u):
			r.say("This address belongs to another sign-in.")
		default:
			return
		}
	}
}

type forgottenJSON struct {
	Account string `json:"account"`
	Removed bool   `json:"removed"`
	What    string `json:"what"`
}

func (r *run) forget(ctx context.Context, args []string, f flags) error {
	o := sendOptions{yes: f.on("yes"), dryRun: f.on("dry-run")}
	if err := r.checkCanAsk(o); err != nil {
		return err
	}
	if err := r.loadConfig(); err != nil {
		return err
	}
	name := args[0] // which may have left the config
	a, configured := r.setup.Config.Account(name)
	if configured {
		name = a.Name
	}
	if !config.ValidAccountName(name) {
		return usage("%q is no account name", model.CleanLine(name, 80))
	}
	found, err := r.Forget(ctx, r.setup, name, true)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return refused("nothing is kept of an account %q", name)
	}
	word := "would be removed"
	if !o.dryRun {
		if !o.yes {
			r.say("This is kept of %s:", name)
			for _, what := range found {
				r.say("  %s", model.CleanLine(what, 500))
			}
		}
		if err := r.agree(ctx, o, "Remove all of it?", true, "Nothing was removed."); err != nil {
			return err
		}
		word = "removed"
		if found, err = r.Forget(ctx, r.setup, name, false); err != nil {
			return err
		}
	}
	for _, what := range found {
		r.result(forgottenJSON{Account: name, Removed: !o.dryRun, What: what}, "%s: %s", word, model.CleanLine(what, 500))
	}
	if configured && !o.dryRun && !r.flags.json {
		r.say("%s is still in %s: the next confab reads it again, unless you take it out.", name, r.setup.Paths.Config)
	}
	return nil
}
