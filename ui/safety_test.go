package ui_test

import (
	"context"
	"errors"
	"fmt"
	"image/color"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"confab/model"
	"confab/ui"
	"confab/ui/keymap"
)

// driver runs the model without a terminal, with the fake guarded. Commands run at once and to their end.
type driver struct {
	t     *testing.T
	f     *fake
	m     *ui.Model
	ended bool
}

func newDriver(t *testing.T, f *fake, o ui.Options, w, h int) *driver {
	f.guarded = true
	f.news = make(chan chanEvent, 64)
	o.Backend = f
	if o.Now == nil {
		began := time.Now()
		o.Now = func() time.Time { return clock.Add(time.Since(began)) }
	}
	o.Save = func(name, _ string) (string, error) { return name, nil }
	d := &driver{t: t, f: f, m: ui.New(usualViews(o))}
	t.Cleanup(d.m.Close)
	d.command(d.m.Init())
	d.send(tea.WindowSizeMsg{Width: w, Height: h})
	return d
}

func (d *driver) send(msg tea.Msg) {
	if d.ended || msg == nil {
		return
	}
	switch msg := msg.(type) {
	case tea.QuitMsg:
		d.ended = true
		return
	case tea.BatchMsg:
		for _, c := range msg {
			d.command(c)
		}
		return
	}
	if v := reflect.ValueOf(msg); v.Kind() == reflect.Slice && v.Type().Elem() == reflect.TypeFor[tea.Cmd]() {
		for i := range v.Len() {
			c, _ := v.Index(i).Interface().(tea.Cmd)
			d.command(c)
		}
		return
	}
	_, cmd := d.m.Update(msg)
	d.m.View()
	d.command(cmd)
}

// command runs a command in a goroutine of the bubble and handles its message if that comes within a second.
// The command that waits for news keeps waiting.
func (d *driver) command(c tea.Cmd) {
	if c == nil {
		return
	}
	out := make(chan tea.Msg, 1)
	go func() {
		out <- c()
	}()
	select {
	case msg := <-out:
		d.send(msg)
	case <-time.After(time.Second):
	}
}

func (d *driver) press(keys ...string) {
	for _, name := range keys {
		k, err := keymap.Press(name)
		if err != nil {
			d.t.Fatal(err)
		}
		time.Sleep(time.Second)
		d.send(k)
	}
}

func (d *driver) lines() []string { return strings.Split(d.m.View().Content, "\n") }

func TestUpdateAndViewDoNoIO(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(conversations(60)...)
		f.people = []model.Participant{{Kind: "user", ID: "u9", Name: "Zoë Zhang"}}
		d := newDriver(t, f, ui.Options{}, 120, 40)
		for _, keys := range [][]string{{"j", "p", "y"}, {"k", "p"}, {"t", "x", "esc"}, {"e", "tab", "x", "ctrl+s", "esc", "esc"},
			{"j", "j", "P", "a", "z", "enter", "ctrl+s", "n", "esc"}, {"c", "x", "esc"}, {"/", "i", "s", "tab", "enter"}, {"esc"}, {"*", "s", "n"},
			{"V", "j", "j", "d"}, {"z", "enter"}, {"O", "tab", "esc"}, {"?", "j", "esc"}, {"ctrl+p", "x", "esc"}, {":", "tab", "esc"},
			{"enter", "]", "]", "/", "a", "enter", "n", "J", "esc", "esc"}, {"u"}, {"."}, {"tab"}, {"v"}, {"N", "esc"}, {"D", "d", "esc"}, {"r"}, {"y"}, {"Y"}, {"o"}} {
			d.press(keys...)
		}
	})
}

// leaky is an engine whose Facts do I/O.
type leaky struct{ *fake }

func (l leaky) Accounts() []model.AccountState {
	_ = l.enter("Accounts")
	return l.fake.Accounts()
}

func TestGuardCatchesIOInUpdate(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("the guard did not notice I/O in Update or View")
		}
	}()
	f := newFake(conversations(1)...)
	f.guarded = true
	ui.New(ui.Options{Backend: leaky{f}, Now: time.Now})
}

// screens are the keys that open each screen and dialog.
var screens = map[string][]string{
	"list": {}, "detail": {"enter"}, "people tab": {"enter", "]"}, "raw": {"enter", "[", "["}, "plan": {"j", "p"}, "bulk": {"*", "p"},
	"rename": {"t"}, "form": {"j", "e"}, "participants": {"j", "j", "j", "P"}, "picker": {"j", "j", "j", "P", "a"}, "contacts": {"j", "j", "c"},
	"delete": {"j", "D"}, "filter": {"/", "i", "s", ":"}, "bad filter": {"/", "i", "s", ":", "q"}, "command": {":", "e"}, "palette": {"ctrl+p"},
	"help": {"?"}, "outbox": {"p", "O"}, "history": {"O", "tab"}, "snooze": {"z"}, "create": {"N", "enter"}, "quit": {"p", "q"}, "range": {"V", "j"},
	"results": {"V", "1", "2", "j", "t", "x", "enter", "y"},
}

func TestEverySizeFits(t *testing.T) {
	t.Parallel()
	var sizes [][2]int
	for i, w := range []int{1, 2, 3, 7, 12, 19, 20, 23, 24, 25, 31, 36, 44, 52, 68} {
		for _, h := range []int{1, 2 + i%3, 5 + i%4, 9 + i%7} {
			sizes = append(sizes, [2]int{w, h})
		}
	}
	sizes = append(sizes, [][2]int{{20, 4}, {19, 4}, {40, 12}, {80, 24}, {120, 20}, {132, 43}, {140, 40}, {200, 60}, {200, 1}, {1, 60}}...)
	if testing.Short() {
		sizes = sizes[len(sizes)-10:] // few sizes suffice for the race detector
	}
	for name, keys := range screens {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDriver(t, newFake(hostile(7)...), ui.Options{}, 100, 30)
				d.press(keys...)
				for _, s := range sizes {
					d.m.Update(tea.WindowSizeMsg{Width: s[0], Height: s[1]})
					lines := d.lines()
					if len(lines) != s[1] {
						t.Errorf("%dx%d: the screen has %d lines", s[0], s[1], len(lines))
					}
					for i, l := range lines {
						if w := ansi.StringWidthWc(l); w != s[0] {
							t.Errorf("%dx%d: line %d has %d cells: %q", s[0], s[1], i, w, l)
						}
					}
				}
			})
		})
	}
	t.Run("welcome", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			d := newDriver(t, newFake(), ui.Options{Welcome: true, ConfigPath: "/somewhere/config.toml"}, 100, 30)
			for _, s := range sizes {
				d.send(tea.WindowSizeMsg{Width: s[0], Height: s[1]})
				for _, l := range d.lines() {
					if ansi.StringWidthWc(l) > s[0] {
						t.Errorf("%dx%d: raw text in %q", s[0], s[1], l)
					}
				}
			}
		})
	})
}

const evil = "\x1b]0;title\x07\x1b[31mred\x1b[2J\u202eright\u2066 \x9b31m\x00\x08\t\r\nwide 世界 🧑‍🚀 e\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301 \xff\xfe"

// hostile returns conversations whose texts are all attacks.
func hostile(n int) []model.Row {
	out := conversations(n)
	for i := range out {
		c := &out[i].Conversation
		c.Title = fmt.Sprintf("%d %s", i, evil)
		c.Status, c.Kind, c.Description, c.Preview, c.Access = evil, evil, evil+"\n"+evil, evil, evil
		c.Team = model.Named{ID: evil, Name: evil}
		c.Space, c.Channel, c.Companies = c.Team, c.Team, []model.Named{c.Team}
		c.Owner = model.Participant{Kind: evil, ID: evil, Name: evil, Email: evil}
		c.Featured = []model.Participant{{Kind: evil, ID: evil, Name: evil, Email: evil, Role: evil, Status: evil}}
		if c.Participants.Known {
			c.Participants.Items = append([]model.Participant{c.Featured[0]}, c.Participants.Items...)
		}
		if c.Contacts.Known {
			c.Contacts.Items = append([]model.Participant{c.Featured[0]}, c.Contacts.Items...)
		}
		c.Labels, c.Attributes = map[string]string{evil: evil}, map[string]string{evil: evil, "a=b": "c\nd"}
		c.Facts = []model.Fact{{Group: evil, Label: evil, Value: evil}}
		c.Ref.ID += evil
		c.URL = "https://example.com/" + evil
	}
	return out
}

func TestRemoteTextNeverReachesTheTerminalRaw(t *testing.T) {
	for name, keys := range screens {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(hostile(7)...)
				f.people = []model.Participant{{Kind: "user", ID: evil, Name: evil, Email: evil}}
				for i := range f.rows {
					r := f.rows[i].Conversation.Ref
					f.details[r] = model.Detail{Raw: []byte(evil), Messages: model.SetOf(model.Message{Author: evil, Text: evil, Kind: evil, Status: evil})}
				}
				f.outbox = []model.OutboxEntry{{Edit: model.Edit{ID: "x", Ref: f.rows[1].Conversation.Ref, Kind: model.EditTitle, Base: model.TextValue(evil), Target: model.TextValue(evil)},
					Title: evil, State: model.Refused, Error: &model.EntryError{Kind: model.Forbidden, Message: evil, Code: evil, RequestID: evil}}}
				f.accounts[0].Error = &model.EntryError{Kind: model.ErrorKind(evil), Message: evil}
				d := newDriver(t, f, ui.Options{}, 110, 34)
				d.press(keys...)
				for range 3 {
					for _, l := range d.lines() {
						for _, r := range ansi.Strip(l) {
							if unicode.Is(unicode.Cc, r) || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
								t.Fatalf("%U is drawn: %q", r, l)
							}
						}
						if strings.Contains(l, "\x1b]") || strings.Contains(l, "\x1b[2J") || strings.Contains(l, "\x07") {
							t.Fatalf("an escape sequence got through: %q", l)
						}
					}
					d.press("pgdown")
				}
			})
		})
	}
}

func TestASCIIOnly(t *testing.T) {
	for name, keys := range screens {
		synctest.Test(t, func(t *testing.T) {
			d := newDriver(t, newFake(hostile(7)...), ui.Options{ASCII: true}, 110, 34)
			d.press(keys...)
			for _, l := range d.lines() {
				for _, r := range l {
					if r > unicode.MaxASCII {
						t.Fatalf("%s: %q is drawn: %q", name, r, l)
					}
				}
			}
		})
	}
}

func TestWithoutColourEverythingIsSaidInWords(t *testing.T) {
	f := newFake(conversations(20)...)
	with(t, f, start{screen: []Option{Profile(colorprofile.ASCII), Environment("TERM=xterm", "NO_COLOR=1")}}, func(a *app) {
		a.Press("p", "space")
		a.Want("private", "public", "members", "queued", "1 waiting", "1 marked", "✓", "▌")
		for _, seq := range []string{"\x1b[31", "\x1b[32", "\x1b[33", "\x1b[34", "\x1b[36", "\x1b[9", ";3", "38;"} {
			if strings.Contains(a.Render(), seq) {
				t.Errorf("a colour is used: %q", seq)
			}
		}
	})
}

func TestThemes(t *testing.T) {
	for _, name := range []string{"auto", "dark", "light", "mono", "mine", "nosuch"} {
		o := ui.Options{Theme: name, Themes: map[string]map[string]string{"mine": {"accent": "#ff0000 bold", "selected": "black on 250"}}}
		with(t, newFake(conversations(20)...), start{options: o}, func(a *app) { a.Want("Talk 0") })
	}
	with(t, newFake(conversations(20)...), start{}, func(a *app) {
		a.Send(tea.BackgroundColorMsg{Color: color.White})
		a.Want("Talk 0")
	})
}

// alphabet returns every key of the key table, for random keys.
func alphabet() []string {
	keys, _ := keymap.New(nil)
	seen := map[string]bool{}
	var out []string
	for _, b := range keys.Bindings() {
		for _, seq := range b.Keys {
			for _, k := range strings.Fields(seq) {
				if !seen[k] && k != "q" && k != "ctrl+c" && k != "ctrl+z" {
					seen[k] = true
					out = append(out, k)
				}
			}
		}
	}
	return append(out, "1", "9", "i", ":", "-", "backspace", "w", "X", "alt+d", "alt+b", "ctrl+w", "delete", "shift+left")
}

// allowed reports whether a plan may be submitted without a confirmation.
func allowed(p model.Plan) bool { return !p.Risky() && !p.Bulk() }

func FuzzKeys(f *testing.F) {
	keys := alphabet()
	for seed := range uint64(5) {
		r := rand.New(rand.NewPCG(seed, 1))
		b := make([]byte, 60)
		for i := range b {
			b[i] = byte(r.UintN(uint(len(keys))))
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) > 200 {
			in = in[:200]
		}
		synctest.Test(t, func(t *testing.T) {
			back := newFake(hostile(6)...)
			back.people = []model.Participant{{Kind: "user", ID: "u9", Name: "Zoë"}, {Kind: "contact", ID: "k9", Name: "Kay"}, {Kind: "space", ID: "s", Name: "Space"}}
			d := newDriver(t, back, ui.Options{}, 80, 24)
			for i, b := range in {
				key := keys[int(b)%len(keys)]
				// No risky plan may be submitted without a yes.
				if key == "y" {
					key = "n"
				}
				if key == "w" && i%3 == 0 {
					d.send(tea.WindowSizeMsg{Width: int(b), Height: int(b) / 3})
				}
				d.press(key)
				if d.ended {
					return
				}
			}
			for _, p := range back.submitted() {
				if !allowed(p) {
					t.Errorf("submitted without a yes: %s %v", p.Title, p.Risks())
				}
			}
		})
	})
}

func TestDialogThatOpensByItselfIgnoresTheKeysBeingTyped(t *testing.T) {
	f := newFake(conversations(5)...)
	synctest.Test(t, func(t *testing.T) {
		now := clock
		d := newDriver(t, f, ui.Options{Now: func() time.Time { return now }}, 80, 24)
		d.press("j")
		for _, name := range []string{"p", "y", "y"} { // without a pause
			k, _ := keymap.Press(name)
			d.send(k)
		}
		if n := len(f.submitted()); n != 0 {
			t.Fatalf("%d plans were submitted by keys typed before the dialog, want 0", n)
		}
		now = now.Add(time.Second)
		d.press("y")
		if n := len(f.submitted()); n != 1 {
			t.Errorf("%d plans were submitted after y, want 1", n)
		}
	})
}

func TestSuspendDrainsFirst(t *testing.T) {
	f := newFake(conversations(5)...)
	synctest.Test(t, func(t *testing.T) {
		drained, resumed := false, false
		stuck := errors.New("a write hangs")
		o := ui.Options{BeforeSuspend: func(context.Context) error {
			drained = true
			return stuck
		}, AfterResume: func(context.Context) { resumed = true }}
		d := newDriver(t, f, o, 80, 24)
		d.press("t", "x", "ctrl+z")
		if !drained {
			t.Error("suspend did not drain writes")
		}
		if f.draft("title:attention-a:c00000") == "" {
			t.Error("suspend did not save the draft")
		}
		if text := strings.Join(d.lines(), "\n"); !strings.Contains(text, "not suspended: a write hangs") {
			t.Errorf("nothing says that writes could not be drained:\n%s", text)
		}
		reads := f.count("List")
		d.send(tea.ResumeMsg{})
		if !resumed || f.count("List") == reads {
			t.Errorf("resumed %v, and the list was read %d times more", resumed, f.count("List")-reads)
		}
	})
}
