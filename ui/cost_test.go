package ui_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/model/inbox"
	"confab/model/store"
	"confab/model/store/crowd"
	"confab/ui"
	"confab/ui/keymap"
	"confab/ui/theme"
)

// refusing is the conversation whose rename a quiet service refuses.
const refusing = 12

// quiet is a service that changes nothing by itself and accepts every rename except that of refusing.
type quiet struct {
	model.Provider
	account string
	size    crowd.Size
}

func (q quiet) Describe() model.Description {
	return model.Description{Provider: model.Kona, Name: "Kona", Account: q.account, Identity: crowd.Identity(q.account)}
}

func (quiet) Capabilities(model.Conversation) model.Capabilities {
	out := model.Capabilities{}
	for _, k := range model.EditKinds() {
		out[k] = model.Capability{State: model.CapabilityYes}
	}
	return out
}

func (quiet) Needs(...model.EditKind) model.Need { return 0 }

func (quiet) Requests(model.Conversation, []model.Edit) ([]model.Request, error) { return nil, nil }

func (q quiet) Load(_ context.Context, id string, _ model.Need) (model.Detail, error) {
	for i := range q.size.Conversations {
		if c := q.size.Conversation(i); c.Ref.Account == q.account && c.Ref.ID == id {
			return model.Detail{Conversation: c}, nil
		}
	}
	return model.Detail{}, &model.Error{Kind: model.NotFound}
}

func (quiet) Apply(_ context.Context, fresh model.Conversation, edits []model.Edit) []model.Outcome {
	after := model.Project(fresh, edits)
	out := make([]model.Outcome, len(edits))
	for i := range out {
		out[i].After = &after
		if fresh.Ref == crowd.Ref(refusing) {
			out[i] = model.Outcome{Err: &model.Error{Kind: model.Forbidden, Message: "not this one"}}
		}
	}
	return out
}

// counted is a screen on the real engine, with the reads of its database counted.
type counted struct {
	*Screen
	t     *testing.T
	size  crowd.Size
	model *ui.Model
	reads *crowd.Statements
	b     *inbox.Inbox
	other *store.Store
}

// countedWorlds returns the databases of a small inbox and of a large one.
func countedWorlds(t *testing.T) map[string]crowd.Size {
	t.Helper()
	now := time.Date(1999, 12, 31, 12, 0, 0, 0, time.UTC) // a bubble's clock starts one day later
	dir := t.TempDir()
	out := map[string]crowd.Size{}
	for _, size := range []crowd.Size{{Conversations: 1_000, Waiting: 100, Delivered: 400}, {Conversations: 4_000, Waiting: 400, Delivered: 1_600}} {
		size.Now = now
		path := filepath.Join(dir, map[bool]string{true: "small.db", false: "large.db"}[len(out) == 0])
		crowd.Fill(t, path, size)
		out[path] = size
	}
	return out
}

// onCounted runs f in a synctest bubble, on a screen over a database.
func onCounted(t *testing.T, path string, size crowd.Size, layout string, f func(c *counted)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		c := &counted{t: t, size: size, reads: &crowd.Statements{}}
		s, err := store.Open(ctx, path, store.Options{Host: "laptop", Ran: c.reads.Note})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		o := inbox.Options{Store: s, User: "ada", Location: time.UTC, Patience: -1}
		for _, name := range crowd.Accounts[:4] {
			o.Accounts = append(o.Accounts, inbox.Account{Provider: quiet{account: name, size: size}})
		}
		if c.b, err = inbox.Open(ctx, o); err != nil {
			t.Fatal(err)
		}
		defer c.b.Close(ctx)
		if c.other, err = store.Open(ctx, path, store.Options{Host: "laptop"}); err != nil {
			t.Fatal(err)
		}
		defer c.other.Close()
		for _, name := range crowd.Accounts[:4] {
			if _, _, err := c.other.OpenAccount(ctx, name, crowd.Identity(name)); err != nil {
				t.Fatal(err)
			}
		}
		// A demo writes no session, which would be counted with the keys.
		shown := ui.Options{Backend: c.b, Now: func() time.Time { return time.Now().UTC() }, Theme: "dark", Layout: layout, Demo: true}
		c.model = ui.New(usualViews(shown))
		c.Screen = Start(t, c.model, 160, 45)
		defer c.Stop()
		c.Wait(3 * time.Second)
		f(c)
	})
}

// cost is the cost of one statement.
type cost struct{ runs, rows, pages int }

// during returns the cost of the statements that ran during f.
func (c *counted) during(f func()) map[string]cost {
	c.t.Helper()
	c.Wait(3 * time.Second) // until earlier work has ended
	c.reads.Take()
	f()
	c.Wait(3 * time.Second)
	out := map[string]cost{}
	for _, r := range c.reads.Take() {
		text := strings.Join(strings.Fields(r.Text), " ")
		k := out[text]
		out[text] = cost{k.runs + 1, k.rows + r.Rows, k.pages + r.Pages}
	}
	return out
}

// shown counts the rows read for the screen.
func shown(all map[string]cost) (n int) {
	for text, k := range all {
		if strings.HasPrefix(text, "SELECT c.account, c.id, c.key") && !strings.Contains(text, "value ->> 0") { // by key, or of one account
			n += k.rows
		}
	}
	return n
}

// changed renames conversations as another process does, and has the engine notice.
func (c *counted) changed(which ...int) {
	c.t.Helper()
	for _, i := range which {
		conv := c.size.Conversation(i)
		conv.Title = "changed elsewhere " + time.Now().String()
		if _, err := c.other.SaveBatch(context.Background(), conv.Ref.Account, []model.Conversation{conv}, nil); err != nil {
			c.t.Fatal(err)
		}
	}
	// This withdraws nothing: it makes the engine look for changes.
	if _, err := c.b.Decide(context.Background(), model.DecideWithdraw); err != nil {
		c.t.Fatal(err)
	}
}

// submitted submits renames.
func (c *counted) submitted(which ...int) []string {
	c.t.Helper()
	var refs []model.Ref
	for _, i := range which {
		refs = append(refs, crowd.Ref(i))
	}
	ctx := context.Background()
	change := []model.Change{{Kind: model.EditTitle, Op: model.OpSet, Target: model.TextValue("renamed")}}
	p, err := c.b.Plan(ctx, refs, change, model.PlanOptions{})
	if err != nil {
		c.t.Fatal(err)
	}
	ids, err := c.b.Submit(ctx, p)
	if err != nil || len(ids) != len(which) {
		c.t.Fatal(ids, err)
	}
	c.Wait(3 * time.Second)
	return ids
}

// refused delivers an edit that the service refuses.
func (c *counted) refused(id string) {
	c.t.Helper()
	var got model.EditState
	err := c.b.Deliver(context.Background(), []string{id}, func(r model.DeliveryResult) { got = r.Entry.State })
	if err != nil || got != model.Refused {
		c.t.Fatalf("%s: %v", got, err)
	}
	c.Wait(3 * time.Second)
}

func (c *counted) delivered(ids ...string) {
	c.t.Helper()
	done := 0
	err := c.b.Deliver(context.Background(), ids, func(r model.DeliveryResult) {
		if r.Entry.State == model.Done {
			done++
		}
	})
	if err != nil || done != len(ids) {
		c.t.Fatalf("%d of %d are delivered: %v", done, len(ids), err)
	}
}

// compared counts on a small inbox and on a large one, and fails if the counts differ.
func compared(t *testing.T, worlds map[string]crowd.Size, layout string, run func(c *counted) map[string]cost) {
	t.Helper()
	var small, large map[string]cost
	for path, size := range worlds {
		onCounted(t, path, size, layout, func(c *counted) {
			if all := run(c); strings.HasPrefix(filepath.Base(path), "small") {
				small = all
			} else {
				large = all
			}
		})
	}
	for text, l := range large {
		// Announcements may or may not be joined, so the number of runs differs a little.
		// The large inbox has four times as much of everything.
		if s := small[text]; l.runs > 2*s.runs+4 || l.rows > 2*s.rows+8*l.runs || l.pages > 3*s.pages+8*l.runs {
			t.Errorf("cost %+v in a small inbox and %+v in a large one, want the same: %s", s, l, text)
		}
	}
}

// A key or an event makes the screen read only what it shows, however large the inbox is.
func TestTheScreenReadsWhatItShows(t *testing.T) {
	worlds := countedWorlds(t)
	t.Run("a key in the window reads nothing", func(t *testing.T) {
		compared(t, worlds, "off", func(c *counted) map[string]cost {
			all := c.during(func() { c.Press("j", "j", "k", "j", "ctrl+d", "k") })
			for text, k := range all {
				c.t.Errorf("%+v: %s", k, text)
			}
			return all
		})
	})
	t.Run("a page is read as a window", func(t *testing.T) {
		compared(t, worlds, "off", func(c *counted) map[string]cost {
			all := c.during(func() { c.Press("ctrl+f", "ctrl+f", "ctrl+f") })
			if n := shown(all); n == 0 || n > 3*3*45 {
				c.t.Errorf("moving down three pages read %d rows, want 1 to 405", n)
			}
			all = c.during(func() { c.Press("G") })
			if n := shown(all); n == 0 || n > 3*45 {
				c.t.Errorf("going to the end of the list read %d rows, want 1 to 135", n)
			}
			return all
		})
	})
	t.Run("a row that is not on screen", func(t *testing.T) {
		compared(t, worlds, "right", func(c *counted) map[string]cost {
			all := c.during(func() { c.changed(801) })
			if n := shown(all); n != 0 {
				c.t.Errorf("%d rows were read, want 0", n)
			}
			return all
		})
	})
	t.Run("a row that is on screen", func(t *testing.T) {
		compared(t, worlds, "right", func(c *counted) map[string]cost {
			all := c.during(func() { c.changed(4) })
			if n := shown(all); n != 1 {
				c.t.Errorf("%d rows were read, want 1", n)
			}
			c.Want("changed elsewhere")
			return all
		})
	})
	t.Run("the row that is previewed", func(t *testing.T) {
		compared(t, worlds, "right", func(c *counted) map[string]cost {
			all := c.during(func() { c.changed(0) })
			if n := shown(all); n != 1 {
				c.t.Errorf("%d rows were read, want 1", n)
			}
			return all
		})
	})
	t.Run("the cursor rests on another row", func(t *testing.T) {
		compared(t, worlds, "right", func(c *counted) map[string]cost {
			return c.during(func() { c.Press("j") })
		})
	})
	t.Run("an edit is delivered, not on screen", func(t *testing.T) {
		compared(t, worlds, "right", func(c *counted) map[string]cost {
			ids := c.submitted(802)
			all := c.during(func() { c.delivered(ids...) })
			if n := shown(all); n != 0 {
				c.t.Errorf("%d rows were read, want 0", n)
			}
			return all
		})
	})
	t.Run("an edit is delivered while the outbox is on screen", func(t *testing.T) {
		compared(t, worlds, "right", func(c *counted) map[string]cost {
			ids := c.submitted(803)
			c.Press("O")
			c.Want("renaming ten")
			return c.during(func() { c.delivered(ids...) })
		})
	})
	t.Run("an edit is delivered of a submission that is open, however large", func(t *testing.T) {
		compared(t, worlds, "right", func(c *counted) map[string]cost {
			var which []int
			for i := 6; i < c.size.Conversations/10; i += 5 {
				which = append(which, i)
			}
			ids := c.submitted(which...)
			c.Press("O", "g", "g", "enter")
			c.Want("queued  ")
			all := c.during(func() { c.delivered(ids[3]) })
			c.Want("delivered")
			return all
		})
	})
	t.Run("an edit is delivered that the message line follows", func(t *testing.T) {
		compared(t, worlds, "right", func(c *counted) map[string]cost {
			c.Press("j", "t", "ctrl+e", "ctrl+u")
			c.Type("followed")
			c.Press("enter")
			all, err := c.b.OutboxOf(context.Background(), crowd.Ref(1))
			if err != nil || len(all) != 1 {
				c.t.Fatalf("outbox %v, error %v, want one edit:\n%s", all, err, c.Text())
			}
			cost := c.during(func() { c.delivered(all[0].ID) })
			c.Want("delivered")
			return cost
		})
	})
	t.Run("a key and its frame touch no more rows", func(t *testing.T) {
		allocated := map[string]float64{}
		for path, size := range worlds {
			onCounted(t, path, size, "right", func(c *counted) {
				c.Press("j", "j", "j")
				c.Stop() // from here on nothing but the test uses the engine
				down, _ := keymap.Press("j")
				up, _ := keymap.Press("k")
				allocated[filepath.Base(path)] = testing.AllocsPerRun(50, func() {
					for _, k := range []tea.Msg{down, up} {
						c.model.Update(k)
						c.model.View()
					}
				})
			})
		}
		if s, l := allocated["small.db"], allocated["large.db"]; s == 0 || l > s*1.1+20 {
			t.Errorf("two keys allocated %.0f times in a small inbox and %.0f in a large one, want about the same", s, l)
		}
	})
	t.Run("an edit is delivered of a bulk whose results are on screen, however large", func(t *testing.T) {
		compared(t, worlds, "right", func(c *counted) map[string]cost {
			c.Press("/")
			c.Type("(account:sales OR account:support) is:any -is:pending")
			c.Press("enter", "*", "t", "ctrl+u")
			c.Type("again: {title}")
			c.Press("enter")
			c.WaitFor("y send", time.Minute)
			c.Press("y")
			c.WaitFor("on their way", time.Minute)
			c.Wait(3 * time.Second) // until all of it is queued
			all, err := c.b.OutboxOf(context.Background(), crowd.Ref(refusing))
			if err != nil || len(all) != 1 {
				c.t.Fatalf("outbox %v, error %v, want one edit:\n%s", all, err, c.Text())
			}
			sub, _, err := c.b.Submission(context.Background(), all[0].Submission)
			if least := c.size.Conversations * 2 / 5; err != nil || sub.Edits < least {
				c.t.Fatalf("%d edits, want %d: %v\n%s", sub.Edits, least, err, c.Text())
			}
			c.refused(all[0].ID)
			c.Want("not this one", theme.Number(sub.Edits-1)+" on their way")
			other, err := c.b.OutboxOf(context.Background(), crowd.Ref(refusing+16))
			if err != nil || len(other) != 1 || other[0].Submission != sub.ID {
				c.t.Fatal(other, err)
			}
			cost := c.during(func() { c.delivered(other[0].ID) })
			c.Want("not this one", theme.Number(sub.Edits-2)+" on their way", "1 delivered")
			return cost
		})
	})
}
