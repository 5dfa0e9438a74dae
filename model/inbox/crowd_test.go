package inbox_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"confab/model"
	"confab/model/inbox"
	"confab/model/store"
	"confab/model/store/crowd"
)

// peopled is an inbox in use: conversations of four accounts in the scope and of one that
// has left the config, waiting edits, a history, six views, and another process with the
// database open.
type peopled struct {
	tb    testing.TB
	path  string
	size  crowd.Size
	fakes []*fake
	s     *store.Store
	reads *crowd.Statements
	other *store.Store
	b     *inbox.Inbox
}

// openCrowd opens an engine over the database of a crowd, and the store of another process
// beside it. The index is loaded and the views are kept.
func openCrowd(tb testing.TB, path string, size crowd.Size) *peopled {
	tb.Helper()
	c := &peopled{tb: tb, path: path, size: size, reads: &crowd.Statements{}}
	var err error
	if c.s, err = store.Open(c.ctx(), path, store.Options{Host: "laptop", Ran: c.reads.Note}); err != nil {
		tb.Fatalf("opening the database: %v", err)
	}
	o := inbox.Options{Store: c.s, User: "ada", Location: time.UTC, Patience: -1}
	for _, name := range crowd.Accounts[:4] {
		f := newFake(name)
		c.fakes = append(c.fakes, f)
		o.Accounts = append(o.Accounts, inbox.Account{Provider: f})
	}
	if c.b, err = inbox.Open(c.ctx(), o); err != nil {
		tb.Fatalf("opening the inbox: %v", err)
	}
	if c.other, err = store.Open(c.ctx(), path, store.Options{Host: "laptop"}); err != nil {
		tb.Fatalf("opening the database: %v", err)
	}
	for _, name := range crowd.Accounts[:4] {
		if _, _, err := c.other.OpenAccount(c.ctx(), name, crowd.Identity(name)); err != nil {
			tb.Fatalf("opening the account: %v", err)
		}
	}
	_, unsubscribe := c.b.Subscribe()
	if _, err := c.b.Counts(c.ctx(), crowd.Views); err != nil {
		tb.Fatalf("counting the views: %v", err)
	}
	tb.Cleanup(func() {
		unsubscribe()
		c.b.Close(c.ctx())
		c.other.Close()
		c.s.Close()
	})
	return c
}

func newCrowd(tb testing.TB, size crowd.Size) *peopled {
	tb.Helper()
	if size.Now.IsZero() {
		size.Now = time.Now().Add(-time.Hour).Truncate(time.Second)
	}
	path := filepath.Join(tb.TempDir(), "confab.db")
	crowd.Fill(tb, path, size)
	return openCrowd(tb, path, size)
}

func (c *peopled) ctx() context.Context { return context.Background() }

func (c *peopled) must(err error) {
	c.tb.Helper()
	if err != nil {
		c.tb.Fatalf("a step of the test failed: %v", err)
	}
}

// serve gives the services these conversations.
func (c *peopled) serve(which ...int) []model.Ref {
	var out []model.Ref
	for _, i := range which {
		conv := c.size.Conversation(i)
		conv.Participants = model.SetOf(model.Participant{Kind: "user", ID: "1", Name: "Ada", Role: model.RoleEditor})
		f := c.fakes[i%4]
		f.set(func() { f.convs[conv.Ref.ID] = conv })
		out = append(out, conv.Ref)
	}
	return out
}

// submit puts a rename of conversations into the outbox.
func (c *peopled) submit(title string, refs ...model.Ref) []string {
	c.tb.Helper()
	p, err := c.b.Plan(c.ctx(), refs, []model.Change{{Kind: model.EditTitle, Op: model.OpSet, Target: model.TextValue(title)}}, model.PlanOptions{})
	c.must(err)
	ids, err := c.b.Submit(c.ctx(), p)
	c.must(err)
	if len(ids) != len(refs) {
		c.tb.Fatalf("%d edits were submitted, want %d; the plan begins with %+v", len(ids), len(refs), p.Items[0])
	}
	return ids
}

// changeElsewhere changes conversations in the other process.
func (c *peopled) changeElsewhere(title string, which ...int) {
	c.tb.Helper()
	for _, i := range which {
		conv := c.size.Conversation(i)
		conv.Title = title
		changed, err := c.other.SaveBatch(c.ctx(), conv.Ref.Account, []model.Conversation{conv}, nil)
		c.must(err)
		if len(changed) != 1 {
			c.tb.Fatalf("a new title of %v, saved by another process, changed %d rows, want 1", conv.Ref, len(changed))
		}
	}
}
