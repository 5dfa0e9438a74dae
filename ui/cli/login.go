package cli

import (
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

	"github.com/spf13/cobra"

	"confab/config"
	"confab/model"
	"confab/ui/theme"
)

// loginPatience is how long a sign-in in the browser may take.
const loginPatience = 10 * time.Minute

func (r *run) loginCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "login ACCOUNT",
		Short: "Sign in to an account in the browser, where its service has that",
		Long: `Opens the page of the service where you agree, waits for the browser to come back to a port of this machine, and
keeps the tokens in the state directory. Over SSH, or where no browser can be opened, open the printed address
yourself; where that is on another machine, paste the address the browser ends up at, be it on an error page.

The address to come back to is redirect_url in [account.settings]. It must be the one that is registered with the
service for the client_id.`,
		Example: "  confab login projects",
		Args:    cobra.ExactArgs(1),
		RunE: r.do(func(cmd *cobra.Command, args []string) error {
			if err := r.loadConfig(); err != nil {
				return err
			}
			a, err := r.account(args[0])
			if err != nil {
				return err
			}
			login, err := r.Login(cmd.Context(), r.setup, a)
			if err != nil {
				return &ExitError{Code: ExitUsage, Err: fmt.Errorf("%s: %w", a.Name, err)}
			}
			return r.login(cmd.Context(), a, login)
		}),
	}
}

// listenFor opens the port that the browser comes back to. localhost may be
// either family of addresses, as the browser likes: both are listened on where
// this machine has both.
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
			any.Close()
			closeAll(all)
			return nil, fmt.Errorf("port %s of this machine can't be listened on (%w): end the program that has it, or register another address with the service and name it in redirect_url",
				back.Port(), rootCause(err))
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("this machine has no address %s", back.Hostname())
	}
	return all, nil
}

func closeAll(listeners []net.Listener) {
	for _, l := range listeners {
		l.Close()
	}
}

// rootCause is what an error says without its wrappings.
func rootCause(err error) error {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return err
}

// callback is one sign-in as the browser sees it: the first answer that belongs
// to it is taken, and every one is told how the sign-in ended.
type callback struct {
	path, state string
	codes       chan answer
	ended       chan struct{} // closed when words are there
	words       string
}

// answer is what the browser brought back.
type answer struct {
	code string
	err  error
}

func (c *callback) give(a answer) {
	select {
	case c.codes <- a:
	default:
	}
}

// end tells the browser how it ended.
func (c *callback) end(words string) {
	c.words = words
	close(c.ended)
}

func (c *callback) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	if q.URL.Path != c.path || q.Method != http.MethodGet {
		http.NotFound(w, q)
		return
	}
	words, status := "", http.StatusOK
	code, err := readCallback(q.URL, c.state)
	if errors.Is(err, errForeignState) {
		words, status = "This did not work: "+err.Error()+".", http.StatusBadRequest
	} else {
		c.give(answer{code, err})
		select {
		case <-c.ended:
			words = c.words
		case <-q.Context().Done():
			return
		}
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Referrer-Policy", "no-referrer") // the address holds the code
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, "<!DOCTYPE html><title>confab</title><p>"+html.EscapeString(words)+"</p>\n")
}

func (r *run) login(ctx context.Context, a config.Account, login Login) error {
	back, err := url.Parse(login.Redirect())
	if err != nil || !config.IsLoopback(login.Redirect()) {
		return usage("%s: redirect_url is no address of this machine", a.Name)
	}
	listeners, err := listenFor(back)
	if err != nil {
		return local(err)
	}
	c := &callback{path: back.Path, state: rand.Text(), codes: make(chan answer, 1), ended: make(chan struct{})}
	if c.path == "" {
		c.path = "/"
	}
	server := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: c}
	for _, l := range listeners {
		go func() { _ = server.Serve(l) }()
	}
	defer func() {
		// The browser is still being told when everything else is over.
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = server.Shutdown(last)
		_ = server.Close()
	}()

	page := login.Page(c.state)
	r.say("Open this page, and agree:")
	r.print("%s", model.CleanLine(page, 0))
	if r.Browse != nil && r.Getenv("SSH_CONNECTION") == "" {
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
	case got := <-c.codes:
		return r.finish(ctx, a, login, c, got)
	case <-waiting.Done():
		c.end("This did not work: the sign-in was given up.")
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return &ExitError{Code: ExitRefused, Err: fmt.Errorf("%s: nobody signed in within %s", a.Name, theme.Count(int(loginPatience/time.Minute), "minute"))}
	}
}

// finish ends a sign-in with what came back, and tells the browser and the
// terminal alike.
func (r *run) finish(ctx context.Context, a config.Account, login Login, c *callback, got answer) error {
	if got.err != nil {
		c.end("This did not work: " + got.err.Error() + ".")
		return &ExitError{Code: ExitCredential, Err: fmt.Errorf("%s: %w", a.Name, got.err)}
	}
	who, err := login.Finish(ctx, got.code)
	if err != nil {
		c.end("This did not work: " + model.Words(err))
		return fmt.Errorf("%s: %w", a.Name, err)
	}
	words := a.Name + " is signed in"
	if who != "" {
		words += " as " + model.CleanLine(who, 200)
	}
	c.end(words + ". Go back to the terminal.")
	r.say("%s.", words)
	return nil
}

// takePasted reads addresses from the terminal until one belongs to the sign-in.
func (r *run) takePasted(ctx context.Context, c *callback) {
	for {
		line, err := r.asked.line(ctx)
		if err != nil {
			return
		}
		u, err := url.Parse(strings.TrimSpace(line))
		if err != nil || u.RawQuery == "" {
			r.say("This is not the address; it has code= in it.")
			continue
		}
		code, err := readCallback(u, c.state)
		if errors.Is(err, errForeignState) {
			r.say("This address belongs to another sign-in.")
			continue
		}
		c.give(answer{code, err})
		return
	}
}

var errForeignState = errors.New("the answer belongs to another sign-in")

// readCallback takes the code out of the address the browser came back with.
func readCallback(u *url.URL, state string) (string, error) {
	q := u.Query()
	switch {
	case q.Get("state") != state:
		return "", errForeignState
	case q.Get("error") != "":
		return "", fmt.Errorf("the service said %s", model.CleanLine(strings.TrimSpace(q.Get("error")+" "+q.Get("error_description")), 300))
	case q.Get("code") == "":
		return "", errors.New("the service gave no code")
	}
	return q.Get("code"), nil
}
