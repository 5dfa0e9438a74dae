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
	"confab/model"
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

// moment is the time in the pictures: the morning of a working day.
var moment = time.Date(2026, 11, 20, 11, 12, 0, 0, time.UTC)

const (
	// still is for how long a screen must not change to be drawn.
	still = 250 * time.Millisecond
	// patience is for how long a text is waited for.
	patience = 15 * time.Second
)

// session is a running confab in a virtual terminal.
type session struct {
	sb      *sandbox.Sandbox
	program *tea.Program
	film    film

	mu      sync.Mutex
	term    *vt.Emulator
	cursor  bool // shown
	changed time.Time
}

// Write is the terminal's driver: without an input of its own the program leaves it to the driver to turn a newline into
// a new line.
func (s *session) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changed = time.Now()
	if _, err := s.term.Write(bytes.ReplaceAll(p, []byte("\n"), []byte("\r\n"))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// failed ends a scene.
type failed struct{ error }

// shoot plays a scene and returns its picture.
func shoot(ctx context.Context, sc scene, p page) (svg []byte, err error) {
	dir, err := os.MkdirTemp("", "confab-screenshots-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	began := time.Now()
	var past atomic.Pointer[time.Time]
	now := func() time.Time {
		if at := past.Load(); at != nil {
			return *at
		}
		return moment.Add(time.Since(began))
	}
	sb, err := sandbox.New(sandbox.Options{World: sandbox.Northwind, Now: now})
	if err != nil {
		return nil, err
	}
	st, err := store.Open(ctx, filepath.Join(dir, "confab.db"), store.Options{Now: now})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	b, err := openInbox(ctx, sb, st, dir, now)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(b.Sync(ctx), furnish(ctx, sb, b, past.Store)); err != nil {
		return nil, err
	}
	b.Start(ctx)
	defer func() { err = errors.Join(err, b.Close(ctx)) }()

	m := ui.New(ui.Options{Backend: b, Now: now, Theme: p.Theme})
	defer m.Close()
	s := &session{sb: sb, term: vt.NewEmulator(sc.W, sc.H), film: film{w: sc.W, h: sc.H, page: p}}
	s.term.SetCallbacks(vt.Callbacks{CursorVisibility: func(shown bool) { s.cursor = shown }})
	go io.Copy(io.Discard, s.term)
	s.program = tea.NewProgram(m, tea.WithInput(nil), tea.WithOutput(s), tea.WithWindowSize(sc.W, sc.H),
		tea.WithColorProfile(colorprofile.TrueColor), tea.WithEnvironment([]string{"TERM=xterm-256color"}), tea.WithoutSignalHandler())
	done := make(chan error, 1)
	go func() {
		_, err := s.program.Run()
		done <- err
	}()
	err = s.play(sc)
	s.program.Kill()
	if e := <-done; e != nil && !errors.Is(e, tea.ErrProgramKilled) {
		err = errors.Join(err, e)
	}
	return s.film.svg(), err
}

func (s *session) play(sc scene) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case failed:
			err = r.error
		default:
			panic(r)
		}
	}()
	s.until("Inbox")
	for _, t := range sc.Steps {
		s.do(t)
	}
	if len(s.film.frames) == 0 {
		s.hold(0)
	}
	return nil
}

func openInbox(ctx context.Context, sb *sandbox.Sandbox, st *store.Store, dir string, now func() time.Time) (*inbox.Inbox, error) {
	registry := providers.Registry{attention.Factory(), bird.Factory(), askelephant.Factory(), kona.Factory()}
	o := inbox.Options{Store: st, User: "ada", Location: time.UTC, Now: now}
	const root = "http://127.0.0.1:9" // nothing is dialled: the transport is in memory
	for _, a := range sb.Accounts() {
		f, ok := registry.Find(a.Provider)
		if !ok {
			return nil, fmt.Errorf("no adapter for %s", a.Provider)
		}
		settings := map[string]string{}
		for k, v := range a.Settings {
			if strings.HasPrefix(v, "/") {
				v = root + v
			}
			settings[k] = v
		}
		p, err := f.Open(providers.Account{Name: a.Name, BaseURL: root + a.Path, Settings: settings,
			Credential: fixed(a.Credential), StateDir: dir, Transport: sb.Transport()})
		if err != nil {
			return nil, err
		}
		o.Accounts = append(o.Accounts, inbox.Account{Provider: p})
	}
	return inbox.Open(ctx, o)
}

// furnish makes the inbox what a demo begins with.
func furnish(ctx context.Context, sb *sandbox.Sandbox, b *inbox.Inbox, at func(*time.Time)) error {
	unseen := map[model.Ref]bool{}
	var acts []config.SandboxAct
	for _, a := range sb.Accounts() {
		for _, id := range a.Unseen {
			unseen[model.Ref{Account: a.Name, ID: id}] = true
		}
		for _, act := range a.Acts {
			acts = append(acts, config.SandboxAct(act))
		}
	}
	return cli.SeedDemo(ctx, b, unseen, acts, at)
}

// fixed is a credential that is simply there.
type fixed string

func (f fixed) Get(context.Context) (string, error) { return string(f), nil }
func (f fixed) Reject(string)                       {}

// text is what the terminal shows, a line a row.
func (s *session) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.term.String()
}

// until waits until the screen rests and shows what a pattern describes.
func (s *session) until(pattern string) {
	want := regexp.MustCompile(pattern)
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		s.mu.Lock()
		rests := time.Since(s.changed) > still && !s.changed.IsZero()
		s.mu.Unlock()
		if rests && want.MatchString(s.text()) {
			return
		}
		if time.Now().After(end) {
			panic(failed{fmt.Errorf("%q does not come:\n%s", pattern, s.text())})
		}
	}
}

// send presses a key.
func (s *session) send(key string) {
	msg, err := keymap.Press(key)
	if err != nil {
		panic(failed{err})
	}
	s.mu.Lock()
	s.changed = time.Now()
	s.mu.Unlock()
	s.program.Send(msg)
}

// do does a step.
func (s *session) do(t step) {
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
		s.to(t.To)
	}
	if t.Key+t.Shown+t.Does+t.Type != "" {
		s.film.say(t.Key+t.Shown, t.Does)
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

// press presses keys that the picture doesn't tell of.
func (s *session) press(keys ...string) {
	for _, k := range keys {
		s.send(k)
		s.until("")
	}
}

// retitle has somebody else give a call another title.
func (s *session) retitle(from, to string) {
	calls := s.sb.Attention()
	for _, id := range calls.IDs() {
		if at, _ := calls.JSON(id)["attributes"].(map[string]any); at["title"] == from {
			calls.Change(id, "title", to)
			return
		}
	}
	panic(failed{fmt.Errorf("no call is called %q", from)})
}

// to moves with j until the lowest pointer of the screen is on a line with a text.
func (s *session) to(text string) {
	for range 40 {
		if at := strings.LastIndex(s.text(), "▌"); at >= 0 {
			if line, _, _ := strings.Cut(s.text()[at:], "\n"); strings.Contains(line, text) {
				return
			}
		}
		s.press("j")
	}
	panic(failed{fmt.Errorf("no line %q to move to:\n%s", text, s.text())})
}

// find brings a conversation under the cursor, by its title, and leaves no filter.
func (s *session) find(title string) {
	s.press("/")
	s.program.Send(tea.PasteMsg{Content: `title:"` + title + `"`})
	s.until("1 found")
	s.press("enter", "esc")
}

// hold films what is on the screen for so long.
func (s *session) hold(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	cursor := s.term.CursorPosition()
	if !s.cursor {
		cursor.X = -1
	}
	s.film.shoot(s.term, cursor, d)
}
