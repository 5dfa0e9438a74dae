package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/vt"

	"confab/config"
	"confab/model/inbox"
	"confab/model/store"
	"confab/providers"
	"confab/providers/askelephant"
	"confab/providers/attention"
	"confab/providers/bird"
	"confab/providers/kona"
	"confab/providers/sandbox"
	"confab/ui"
	"confab/ui/cli"
	"confab/ui/keymap"
)

// startTime is the time in the pictures: the morning of a working day.
var startTime = time.Date(2026, 11, 20, 11, 12, 0, 0, time.UTC)

const (
	restTime  = 250 * time.Millisecond // how long a screen must not change before it is drawn
	waitLimit = 15 * time.Second       // for a text to come
)

// session is a running confab in a virtual terminal.
type session struct {
	sb      *sandbox.Sandbox
	program *tea.Program
	film    film

	mu      sync.Mutex // guards the terminal and what follows
	cursor  bool       // whether it is shown
	changed time.Time
}

// Write writes to the terminal, as its driver does: it adds the carriage return that the program leaves out.
func (s *session) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changed = time.Now()
	_, err := s.film.term.Write(bytes.ReplaceAll(p, []byte("\n"), []byte("\r\n")))
	return len(p), err
}

// failed is the panic that ends a scene.
type failed struct{ error }

func check(err error) {
	if err != nil {
		panic(failed{err})
	}
}

func must[T any](v T, err error) T {
	check(err)
	return v
}

// play plays a scene and returns its picture.
func play(ctx context.Context, sc scene, p page) (svg []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = r.(failed) // any other panic goes on
		}
	}()
	dir := must(os.MkdirTemp("", "confab-screenshots-"))
	defer os.RemoveAll(dir)
	began := time.Now()
	var fixed atomic.Pointer[time.Time] // the time of an act before the scene
	now := func() time.Time {
		if at := fixed.Load(); at != nil {
			return *at
		}
		return startTime.Add(time.Since(began))
	}
	sb := must(sandbox.New(sandbox.Options{World: sandbox.Northwind, Now: now}))
	st := must(store.Open(ctx, filepath.Join(dir, "confab.db"), store.Options{Now: now}))
	defer st.Close()
	b, accounts := openInbox(ctx, sb, st, dir, now)
	defer b.Close(ctx)
	check(errors.Join(b.Sync(ctx), cli.SeedDemo(ctx, b, accounts, fixed.Store)))
	b.Start(ctx)

	o := ui.Options{Backend: b, Now: now, Theme: p.Theme}
	var named []config.Account
	for _, a := range accounts {
		named = append(named, config.Account{Name: a.Name})
	}
	for _, v := range config.DefaultViews(named) {
		o.Views = append(o.Views, ui.View(v))
	}
	m := ui.New(o)
	defer m.Close()
	s := &session{sb: sb, film: film{page: p, term: vt.NewEmulator(sc.W, sc.H)}}
	s.film.term.SetCallbacks(vt.Callbacks{CursorVisibility: func(shown bool) { s.cursor = shown }})
	go io.Copy(io.Discard, s.film.term)
	s.program = tea.NewProgram(m, tea.WithInput(nil), tea.WithOutput(s), tea.WithWindowSize(sc.W, sc.H),
		tea.WithColorProfile(colorprofile.TrueColor), tea.WithEnvironment([]string{"TERM=xterm-256color"}), tea.WithoutSignalHandler())
	var running sync.WaitGroup
	running.Go(func() { s.program.Run() })
	defer running.Wait()
	defer s.program.Kill()

	s.until("Inbox")
	for _, t := range sc.Steps {
		s.run(t)
	}
	if len(s.film.frames) == 0 {
		s.hold(0)
	}
	return s.film.svg(), nil
}

// openInbox opens an engine with the accounts of a sandbox.
func openInbox(ctx context.Context, sb *sandbox.Sandbox, st *store.Store, dir string, now func() time.Time) (
	*inbox.Inbox, []config.SandboxAccount) {
	registry := providers.Registry{attention.Factory(), bird.Factory(), askelephant.Factory(), kona.Factory()}
	o := inbox.Options{Store: st, User: "ada", Location: time.UTC, Now: now}
	var accounts []config.SandboxAccount
	for _, a := range sb.Accounts("http://127.0.0.1:9") { // never dialled, because the transport is in memory
		f, _ := registry.Find(a.Provider)
		p := must(f.Open(providers.Account{Name: a.Name, BaseURL: a.BaseURL, Settings: a.Settings,
			Credential: credential(a.Credential), StateDir: dir, Transport: sb.Transport()}))
		o.Accounts = append(o.Accounts, inbox.Account{Provider: p})
		accounts = append(accounts, config.SandboxAccount(a))
	}
	return must(inbox.Open(ctx, o)), accounts
}

type credential string

func (c credential) Get(context.Context) (string, error) { return string(c), nil }
func (c credential) Reject(string)                       {}

// text returns the rows of the terminal as lines.
func (s *session) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.film.term.String()
}

// until waits until the screen no longer changes and matches a pattern.
func (s *session) until(pattern string) {
	want := regexp.MustCompile(pattern)
	for end := time.Now().Add(waitLimit); ; time.Sleep(20 * time.Millisecond) {
		s.mu.Lock()
		rests := time.Since(s.changed) > restTime && !s.changed.IsZero()
		s.mu.Unlock()
		if rests && want.MatchString(s.text()) {
			return
		}
		if time.Now().After(end) {
			check(fmt.Errorf("%q does not come:\n%s", pattern, s.text()))
		}
	}
}

func (s *session) send(key string) {
	msg := must(keymap.Press(key))
	s.mu.Lock()
	s.changed = time.Now()
	s.mu.Unlock()
	s.program.Send(msg)
}

func (s *session) run(t step) {
	if t.Unless != "" && regexp.MustCompile(t.Unless).MatchString(s.text()) {
		return
	}
	if t.Find != "" {
		s.find(t.Find)
	}
	s.press(t.Press...)
	if t.Paste != "" {
		s.program.Send(tea.PasteMsg{Content: t.Paste})
	}
	if t.Retitle != nil {
		s.retitle(t.Retitle[0], t.Retitle[1])
	}
	if t.To != "" {
		s.moveTo(t.To)
	}
	if t.Key+t.Shown+t.Does+t.Type != "" {
		s.film.setCaption(t.Key+t.Shown, t.Does)
	}
	if t.Key != "" {
		s.send(t.Key)
	}
	for _, r := range t.Type {
		s.press(strings.ReplaceAll(string(r), " ", "space"))
		s.hold(70 * time.Millisecond)
	}
	if t.Key+t.Until != "" {
		s.until(t.Until)
	}
	if t.Hold > 0 {
		s.hold(t.Hold * time.Millisecond)
	}
	if t.Still {
		s.film.still = len(s.film.frames)
	}
}

// press presses keys and waits for the screen after each.
func (s *session) press(keys ...string) {
	for _, k := range keys {
		s.send(k)
		s.until("")
	}
}

// retitle changes the title of a call at the service, as somebody else would.
func (s *session) retitle(from, to string) {
	calls := s.sb.Attention()
	for _, id := range calls.IDs() {
		if at, _ := calls.JSON(id)["attributes"].(map[string]any); at["title"] == from {
			calls.Change(id, "title", to)
			return
		}
	}
	check(fmt.Errorf("no call is called %q", from))
}

// moveTo presses j until the lowest pointer on the screen is on a line with a text.
func (s *session) moveTo(text string) {
	for range 40 {
		if at := strings.LastIndex(s.text(), "▌"); at >= 0 {
			if line, _, _ := strings.Cut(s.text()[at:], "\n"); strings.Contains(line, text) {
				return
			}
		}
		s.press("j")
	}
	check(fmt.Errorf("no line %q to move to:\n%s", text, s.text()))
}

// find puts the cursor on the conversation with a title, and removes the filter again.
func (s *session) find(title string) {
	s.press("/")
	s.program.Send(tea.PasteMsg{Content: `title:"` + title + `"`})
	s.until("1 found")
	s.press("enter", "esc")
}

// hold adds a frame of what is on the screen, for a time.
func (s *session) hold(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	cursor := s.film.term.CursorPosition()
	if !s.cursor {
		cursor.X = -1
	}
	s.film.addFrame(cursor, d)
}
