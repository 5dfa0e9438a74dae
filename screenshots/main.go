package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/vt"

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
	"confab/ui/keymap"
)

func main() {
	err := writeReadme("README.md", registry())
	if err == nil && (len(os.Args) < 2 || os.Args[1] != "tables") {
		err = pictures("screenshots")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "screenshots:", err)
		os.Exit(1)
	}
}

func registry() providers.Registry {
	return providers.Registry{attention.Factory(), bird.Factory(), askelephant.Factory(), kona.Factory()}
}

// framesPerSecond is low: a frame costs real time.
const framesPerSecond = 2

// moment is the time in the pictures.
var moment = time.Date(2026, 11, 20, 10, 40, 0, 0, time.UTC)

// scene is one picture: a terminal and what is pressed in it.
type scene struct {
	name string
	w, h int
	mono bool // without colour, light
	keys func(s *session)
}

func scenes() []scene {
	return []scene{
		{name: "inbox", w: 120, h: 34, keys: func(s *session) { s.press("j", "j", "space", "j", "space", "j") }},
		{name: "detail", w: 100, h: 32, keys: func(s *session) {
			s.find(s.call())
			s.press("enter", "]", "]")
			s.rest()
		}},
		{name: "roles", w: 100, h: 28, keys: func(s *session) {
			s.find(s.thread())
			s.press("P")
			s.rest()
			s.press("r")
		}},
		{name: "contacts", w: 100, h: 28, keys: func(s *session) {
			s.find(s.engagement())
			s.press("c")
			s.rest()
			s.press("x", "j")
		}},
		{name: "plan", w: 100, h: 30, keys: func(s *session) {
			s.press("space", "j", "space", "j", "space", "j", "space", "j", "space", "j", "space", "p")
			s.rest()
		}},
		{name: "conflict", w: 100, h: 30, keys: func(s *session) {
			ref := s.call()
			s.find(ref)
			s.press("t", "ctrl+e", "ctrl+u")
			s.text("Renewal call, second part")
			s.sb.Attention().Change(ref.ID, "title", "Renewal: pricing")
			s.press("enter")
			s.rest()
			s.rest()
			s.press("!")
			s.rest()
		}},
		{name: "narrow", w: 40, h: 12, keys: func(s *session) { s.press("j") }},
		{name: "mono", w: 80, h: 24, mono: true, keys: func(s *session) { s.press("j", "space", "j") }},
	}
}

func pictures(dir string) error {
	for _, sc := range scenes() {
		svg, err := shoot(sc)
		if err != nil {
			return fmt.Errorf("%s: %w", sc.name, err)
		}
		if err := os.WriteFile(filepath.Join(dir, sc.name+".svg"), svg, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// session is a running confab in a virtual terminal.
type session struct {
	sb      *sandbox.Sandbox
	program *tea.Program
	mu      sync.Mutex
	term    *vt.Emulator
	err     error
}

// Write is the terminal's driver: without an input of its own the program
// leaves it to the driver to turn a newline into a new line.
func (s *session) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.term.Write(bytes.ReplaceAll(p, []byte("\n"), []byte("\r\n"))); err != nil {
		return 0, err
	}
	return len(p), nil
}

func shoot(sc scene) (svg []byte, err error) {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "confab-screenshots-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	began := time.Now()
	now := func() time.Time { return moment.Add(time.Since(began)) }
	sb, err := sandbox.New(sandbox.Options{World: sandbox.Northwind, Conversations: 400, Now: now})
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
	if err := b.Sync(ctx); err != nil {
		return nil, err
	}
	b.Start(ctx)
	defer func() { err = errors.Join(err, b.Close(ctx)) }()

	theme, profile := "dark", colorprofile.TrueColor
	if sc.mono {
		theme, profile = "mono", colorprofile.Ascii
	}
	m := ui.New(ui.Options{Backend: b, Now: now, Theme: theme})
	defer m.Close()
	s := &session{sb: sb, term: vt.NewEmulator(sc.w, sc.h)}
	go io.Copy(io.Discard, s.term)
	s.program = tea.NewProgram(m, tea.WithInput(nil), tea.WithOutput(s), tea.WithWindowSize(sc.w, sc.h),
		tea.WithColorProfile(profile), tea.WithEnvironment([]string{"TERM=xterm-256color"}),
		tea.WithoutSignalHandler(), tea.WithFPS(framesPerSecond))
	done := make(chan error, 1)
	go func() {
		_, err := s.program.Run()
		done <- err
	}()
	s.rest()
	sc.keys(s)
	s.rest()
	var out bytes.Buffer
	s.mu.Lock()
	err = errors.Join(s.err, writeSVG(&out, s.term, !sc.mono))
	s.mu.Unlock()
	s.program.Kill()
	if e := <-done; e != nil && !errors.Is(e, tea.ErrProgramKilled) {
		err = errors.Join(err, e)
	}
	return out.Bytes(), err
}

func openInbox(ctx context.Context, sb *sandbox.Sandbox, st *store.Store, dir string, now func() time.Time) (*inbox.Inbox, error) {
	o := inbox.Options{Store: st, User: "ada", Location: time.UTC, Now: now}
	const root = "http://127.0.0.1:9" // nothing is dialled: the transport is in memory
	for _, a := range sb.Accounts() {
		f, ok := registry().Find(a.Provider)
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

// fixed is a credential that is simply there.
type fixed string

func (f fixed) Get(context.Context) (string, error) { return string(f), nil }
func (f fixed) Reject(string)                       {}

// rest waits until what a key set off is on the screen.
func (s *session) rest() { time.Sleep(1200 * time.Millisecond) }

func (s *session) press(keys ...string) {
	for _, k := range keys {
		msg, err := keymap.Press(k)
		s.err = errors.Join(s.err, err)
		s.program.Send(msg)
		time.Sleep(150 * time.Millisecond)
	}
}

func (s *session) text(text string) { s.program.Send(tea.PasteMsg{Content: text}) }

// find brings one conversation under the cursor without leaving a filter.
func (s *session) find(ref model.Ref) {
	s.press("/")
	s.text("id:" + ref.String())
	s.press("enter")
	s.rest()
	s.press("esc")
	s.rest()
}

// plain reports whether a title is good for a picture.
func plain(title any) bool {
	s, _ := title.(string)
	return s != "" && len(s) < 60 && model.CleanLine(s, 0) == s
}

// first is the first conversation of an account that fits.
func first(account string, ids []string, fits func(id string) bool) model.Ref {
	i := slices.IndexFunc(ids, fits)
	if i < 0 {
		return model.Ref{}
	}
	return model.Ref{Account: account, ID: ids[i]}
}

// call is a public call with people and a transcript.
func (s *session) call() model.Ref {
	calls := s.sb.Attention()
	return first("sales", calls.IDs(), func(id string) bool {
		a, _ := calls.JSON(id)["attributes"].(map[string]any)
		return a["private"] == false && a["archived"] == false && a["isEmpty"] != true && plain(a["title"])
	})
}

// thread is a Kona conversation with several people that may be edited.
func (s *session) thread() model.Ref {
	k := s.sb.Kona()
	return first("projects", k.IDs(), func(id string) bool {
		c := k.JSON(id)
		people, _ := c["participants"].([]any)
		return fmt.Sprint(c["creator_id"]) == fmt.Sprint(k.Me()) && len(people) >= 3 && plain(c["name"])
	})
}

// engagement is one with several contacts and a room.
func (s *session) engagement() model.Ref {
	a := s.sb.AskElephant()
	return first("meetings", a.IDs(), func(id string) bool {
		e := a.JSON(id)
		return len(a.Contacts(id)) >= 3 && plain(e["title"]) && strings.Contains(fmt.Sprint(e["contacts"]), "calendar_resource")
	})
}
