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
	"time"

	"github.com/spf13/cobra"

	"confab/config"
	"confab/model"
)

// loginPatience is how long a sign-in in the browser may take.
const loginPatience = 10 * time.Minute

func (r *run) loginCommand() *cobra.Command {
	var redirect string
	c := &cobra.Command{
		Use:   "login ACCOUNT",
		Short: "Sign in to an account in the browser (Kona)",
		Long: `Prints an address to open in a browser, waits for the browser to come back to a port of this machine, and
keeps the tokens in the state directory. Where the browser runs elsewhere, paste the address it ends up at.

Kona wants the redirect address to equal the one that is registered for the client: name it with --redirect.`,
		Example: "  confab login projects --redirect http://localhost:3000/callback",
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
			return r.login(cmd.Context(), a, login, redirect)
		}),
	}
	c.Flags().StringVar(&redirect, "redirect", "", "the loopback URL to come back to; by default a free port of 127.0.0.1")
	return c
}

// listenFor opens the port that the browser comes back to.
func listenFor(redirect string) (net.Listener, *url.URL, error) {
	if redirect == "" {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, nil, local(err)
		}
		return l, &url.URL{Scheme: "http", Host: l.Addr().String(), Path: "/callback"}, nil
	}
	u, err := url.Parse(redirect)
	if err != nil || u.Scheme != "http" || !config.IsLoopback(redirect) || u.Port() == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, nil, usage("--redirect must be http on loopback with a port, such as http://localhost:3000/callback")
	}
	host := u.Hostname()
	if host == "localhost" {
		host = "127.0.0.1"
	}
	l, err := net.Listen("tcp", net.JoinHostPort(host, u.Port()))
	if err != nil {
		return nil, nil, local(err)
	}
	if u.Path == "" {
		u.Path = "/"
	}
	return l, u, nil
}

// answer is what the browser brought back.
type answer struct {
	code string
	err  error
}

func (r *run) login(ctx context.Context, a config.Account, login Login, redirect string) error {
	listener, back, err := listenFor(redirect)
	if err != nil {
		return err
	}
	state := rand.Text()
	exact := back.String()
	if redirect != "" {
		exact = redirect // the service compares it as text
	}
	page, err := login.AuthorizeURL(exact, state)
	if err != nil {
		listener.Close()
		return &ExitError{Code: ExitUsage, Err: fmt.Errorf("%s: %w", a.Name, err)}
	}
	answers := make(chan answer, 1)
	give := func(x answer) {
		select {
		case answers <- x:
		default:
		}
	}
	server := &http.Server{
		ReadHeaderTimeout: 10 * time.Second,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
			if q.URL.Path != back.Path {
				http.NotFound(w, q)
				return
			}
			code, err := readCallback(q.URL, state)
			text := "You are signed in. Go back to the terminal."
			if err != nil {
				text = "This did not work: " + err.Error()
			}
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = io.WriteString(w, "<!DOCTYPE html><title>confab</title><p>"+html.EscapeString(text)+"</p>\n")
			if !errors.Is(err, errForeignState) {
				give(answer{code, err})
			}
		}),
	}
	go func() { _ = server.Serve(listener) }()
	defer func() {
		// The browser is still being answered when its code is already here.
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = server.Shutdown(last)
		_ = server.Close()
	}()

	r.say("Open this page, and agree:")
	r.print("%s", model.CleanLine(page, 0))
	waiting, cancel := context.WithTimeout(ctx, loginPatience)
	defer cancel()
	if r.interactive() {
		r.say("If the browser runs on another machine, paste the address it ends up at:")
		go func() {
			for {
				line, err := r.asked.line(waiting)
				if err != nil {
					return
				}
				u, err := url.Parse(strings.TrimSpace(line))
				if err != nil || u.RawQuery == "" {
					r.say("This is not the address; it has code= in it.")
					continue
				}
				code, err := readCallback(u, state)
				give(answer{code, err})
				return
			}
		}()
	}
	select {
	case got := <-answers:
		if got.err != nil {
			return &ExitError{Code: ExitCredential, Err: fmt.Errorf("%s: %w", a.Name, got.err)}
		}
		if err := login.Exchange(ctx, got.code, exact); err != nil {
			return fmt.Errorf("%s: %w", a.Name, err)
		}
	case <-waiting.Done():
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return &ExitError{Code: ExitRefused, Err: fmt.Errorf("%s: nobody signed in within %s", a.Name, loginPatience)}
	}
	r.say("%s is signed in.", a.Name)
	return nil
}

var errForeignState = errors.New("the answer belongs to another sign-in")

// readCallback takes the code out of the address the browser came back with.
func readCallback(u *url.URL, state string) (string, error) {
	q := u.Query()
	switch {
	case q.Get("state") != state:
		return "", errForeignState
	case q.Get("error") != "":
		return "", fmt.Errorf("the service said %s", model.CleanLine(q.Get("error")+" "+q.Get("error_description"), 300))
	case q.Get("code") == "":
		return "", errors.New("the service gave no code")
	}
	return q.Get("code"), nil
}
