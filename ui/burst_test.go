package ui_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"confab/model"
	"confab/ui"
)

// witness reads the screen like a person: it knows which row is under the cursor, and since when.
type witness struct {
	a      *app
	screen *watch
	row    string
	since  time.Time
	byHand bool
	asked  time.Time // when the question on screen appeared, zero for none
	// meant are the rows that the witness saw under the cursor when it pressed an act key.
	meant  []string
	marked bool // there are marks, so acts are not about the cursor
	trace  []string
}

func (w *witness) note(what string) {
	w.trace = append(w.trace, fmt.Sprintf("%s %-8s %s since %s byHand %v", time.Now().Format("05.000"), what, w.row, w.since.Format("05.000"), w.byHand))
}

var rowTitle = regexp.MustCompile(`(Talk \d+) about`)

// look reads the screen. moved says that a key that moves the cursor was pressed since the last look.
func (w *witness) look(moved bool) {
	synctest.Wait()
	screen := w.screen.drawn()
	now := time.Now()
	w.marked = strings.Contains(screen, " marked")
	switch asks := strings.Contains(screen, "(enter)"); {
	case !asks:
		w.asked = time.Time{}
	case w.asked.IsZero():
		w.asked = now
	}
	if strings.Contains(screen, "╭") {
		return // an overlay hides the rows
	}
	row := ""
	for _, l := range strings.Split(screen, "\n") {
		if t := rowTitle.FindStringSubmatch(l); t != nil && (strings.HasPrefix(l, "▌") || strings.HasPrefix(l, "Talk")) {
			row = t[1]
			break
		}
	}
	if row == "" {
		return // another tab of the open conversation
	}
	if row != w.row {
		w.row, w.since, w.byHand = row, now, moved
	} else if moved {
		w.byHand = true
	}
}

// strike presses a key and checks what it submitted.
func (w *witness) strike(key string) {
	t := w.a.t
	w.look(false)
	known := w.byHand || time.Since(w.since) >= 200*time.Millisecond
	if slices.Contains([]string{"p", "s", "."}, key) && known {
		w.meant = append(w.meant, w.row)
	}
	answered := !w.asked.IsZero() && time.Since(w.asked) >= 200*time.Millisecond && (key == "y" || key == "enter")
	before, marked := len(w.a.submitted()), w.marked
	w.note(key)
	w.a.Strike(key)
	w.look(slices.Contains([]string{"j", "k", "space", "J", "K"}, key))
	for _, p := range w.a.submitted()[before:] {
		if answered || len(p.Edits()) == 1 && p.Edits()[0].Kind == model.EditTitle && (key == "enter" || key == "ctrl+s") {
			continue
		}
		if p.Risky() || p.Bulk() {
			t.Errorf("%s submitted %s before the question was answered", key, p.Title)
			continue
		}
		if marked {
			continue
		}
		title := rowTitle.FindStringSubmatch(p.Items[0].Title)
		i := -1
		if title != nil {
			i = slices.Index(w.meant, title[1])
		}
		if i < 0 {
			t.Errorf("%s changed %q, which was on screen for too short a time to be seen", key, p.Items[0].Title)
			continue
		}
		w.meant = slices.Delete(w.meant, i, i+1)
	}
}

var burstKeys = strings.Fields("p p p s s . d d b U z j k J t D a n y enter esc space * 3 h A e x ctrl+s")

// burst presses random keys at random speed on a list that news change.
func burst(t *testing.T, in []byte) {
	f := newFake(conversations(40)...)
	for i := range f.rows { // mostly public and open conversations of services that can change that
		if i%3 > 0 {
			f.rows[i] = conversation(4*(i+10) + 1) // Bird
			f.rows[i].Conversation.Privacy = model.PrivacyPublic
		}
	}
	views := []ui.View{{Name: "Public", Query: "is:public is:open"}, {Name: "All", Query: "is:any"}}
	screen := &watch{}
	with(t, f, start{options: ui.Options{Views: views}, watch: screen}, func(a *app) {
		w := &witness{a: a, screen: screen}
		w.look(false)
		a.Wait(time.Second)
		for i := 0; i+1 < len(in) && !t.Failed() && !a.Exited(); i += 2 {
			gap := []time.Duration{0, 10, 40, 90, 180, 199, 201, 260}[in[i]%8] * time.Millisecond
			for gap > 0 { // in steps, so that the witness sees every change
				step := min(gap, 20*time.Millisecond)
				a.Wait(step)
				w.look(false)
				gap -= step
			}
			switch op := in[i+1] % 40; {
			case int(op) < len(burstKeys):
				w.strike(burstKeys[op])
			case op%5 == 0:
				w.note("news")
				f.change(func(rows []model.Row) []model.Row { return append(rows[7:], rows[:7]...) })
			case op%5 == 1:
				w.note("deliver")
				f.deliver()
			case op%5 == 2:
				f.mu.Lock()
				f.delay["List"] = time.Duration(in[i]) * time.Millisecond
				f.mu.Unlock()
			case op%5 == 3:
				f.mu.Lock()
				f.delay["Plan"] = time.Duration(in[i]) * time.Millisecond
				f.mu.Unlock()
			default:
				view := "alt+" + string('1'+in[i]%2)
				w.note(view)
				a.Strike(view)
			}
			w.look(false)
		}
		if t.Failed() {
			t.Log("\n" + strings.Join(w.trace[max(0, len(w.trace)-30):], "\n"))
		}
		f.mu.Lock()
		clear(f.delay)
		f.mu.Unlock()
		a.Wait(10 * time.Second)
	})
}

func TestBurstsChangeOnlyWhatWasSeen(t *testing.T) {
	t.Parallel()
	seeds := uint64(24)
	if testing.Short() {
		seeds = 6
	}
	for seed := range seeds {
		r := rand.New(rand.NewPCG(seed, 7))
		in := make([]byte, 160)
		for i := range in {
			in[i] = byte(r.UintN(256))
		}
		burst(t, in)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func FuzzBursts(f *testing.F) {
	f.Add([]byte("pppptdpd"))
	f.Fuzz(func(t *testing.T, in []byte) { burst(t, in[:min(len(in), 200)]) })
}
