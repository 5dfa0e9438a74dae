package inbox_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"confab/model"
	"confab/model/inbox"
	"confab/model/store"
)

// crowd is an inbox as a user has it: conversations of four accounts in the
// scope and of one that has left the config, edits that wait, a history, six
// views, and another process that has the database open.
type crowd struct {
	tb    testing.TB
	path  string
	size  crowdSize
	fakes []*fake
	s     *store.Store
	reads *store.Reads
	other *store.Store
	b     *inbox.Inbox
}

// crowdSize is how much there is of everything. A submission has ten edits.
type crowdSize struct{ conversations, waiting, delivered int }

var crowdAccounts = []string{"sales", "support", "product", "projects", "formerly"}

// crowdTabs are the views; two follow the clock.
var crowdTabs = []string{"", "is:unseen", "is:private kind:call", "updated:<7d", "label:stage=3 sort:title", "is:pending"}

var crowdWords = strings.Fields(`review budget contract renewal pricing weekly sync planning launch incident onboarding interview
 feedback roadmap invoice support question update demo quarterly team project status report risk plan proposal`)

func crowdRef(i int) model.Ref {
	return model.Ref{Account: crowdAccounts[i%4], ID: fmt.Sprintf("6f1c2d3e-0000-4000-8000-%012d", i)}
}

// crowdStart is when the newest conversation changed.
var crowdStart = time.Now().Add(-time.Hour).Truncate(time.Second)

func crowdConversation(i int) model.Conversation {
	word := func(k int) string { return crowdWords[(i*7+k*k*13+i/29)%len(crowdWords)] }
	c := model.Conversation{Ref: crowdRef(i), Provider: model.Kona, Kind: []string{"call", "email", "meeting"}[i%3],
		Title: fmt.Sprintf("%s %s with company%d, part %d", word(1), word(2), i%900, i), Privacy: []model.Privacy{model.PrivacyPublic, model.PrivacyPrivate}[i/4%2],
		Updated: crowdStart.Add(-time.Duration(i) * time.Minute), Created: crowdStart.Add(-time.Duration(i)*time.Minute - time.Hour),
		Preview: strings.Join([]string{word(3), word(4), word(5), word(6), word(7), word(8)}, " "), ParticipantCount: 4,
		Labels: map[string]string{"stage": fmt.Sprint(i % 7)}}
	for p := range 4 {
		n := i*7 + p
		c.Featured = append(c.Featured, model.Participant{Kind: "user", ID: fmt.Sprint(n), Name: fmt.Sprintf("Person Number %d", n),
			Email: fmt.Sprintf("person%d@example.com", n)})
	}
	return c
}

// fillCrowd makes the database of a crowd.
func fillCrowd(tb testing.TB, path string, size crowdSize) {
	tb.Helper()
	ctx := context.Background()
	s, err := store.Open(ctx, path, store.Options{Host: "laptop"})
	if err != nil {
		tb.Fatal(err)
	}
	must := func(err error) {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
	}
	const page = 400
	for at, name := range crowdAccounts {
		_, _, err := s.OpenAccount(ctx, name, "fake "+name)
		must(err)
		var batch []model.Conversation
		keep := func() {
			_, err := s.SaveBatch(ctx, name, batch, nil)
			must(err)
			batch = batch[:0]
		}
		for i := at; i < size.conversations; i += 4 {
			c := crowdConversation(i)
			c.Ref.Account = name
			if batch = append(batch, c); len(batch) == page {
				keep()
			}
			if at == 4 && i > size.conversations/20 {
				break
			}
		}
		keep()
	}
	for i := 0; i < size.waiting; i += 10 {
		var edits []store.Entry
		for k := i; k < i+10; k++ {
			// Some of the newest, the rest anywhere.
			c := crowdConversation(k * max(1, size.conversations/2/size.waiting))
			edits = append(edits, store.Entry{Title: c.Title, Edit: model.Edit{Ref: c.Ref, Kind: model.EditTitle, User: "ada",
				Base: model.TextValue(c.Title), Target: model.TextValue(c.Title + "!")}})
		}
		_, err := s.Enqueue(ctx, model.Submission{ID: store.NewID(time.Now()), Sentence: "renamed ten", User: "ada", At: time.Now()}, edits)
		must(err)
	}
	must(s.Close())
	db, err := sql.Open("sqlite", path)
	must(err)
	defer db.Close()
	tx, err := db.Begin()
	must(err)
	text := func(s string) []byte { raw, _ := json.Marshal(model.TextValue(s)); return raw }
	for i := range size.delivered {
		at := crowdStart.Add(-time.Duration(size.delivered-i) * time.Minute)
		if i%10 == 0 {
			_, err = tx.Exec("INSERT INTO submission (id, sentence, user, at, edits) VALUES (?, 'renamed ten', 'ada', ?, 10)",
				fmt.Sprintf("0-%09d", i/10), at.UnixMilli())
			must(err)
		}
		c := crowdConversation(i % size.conversations)
		e := model.Edit{ID: fmt.Sprintf("0-%09d", i), Ref: c.Ref, Kind: model.EditTitle, User: "ada", Created: at,
			Base: model.TextValue("x"), Target: model.TextValue(c.Title)}
		raw, err := json.Marshal(e)
		must(err)
		_, err = tx.Exec(`INSERT INTO journal (id, account, conv, submission, edit, title, before, after, state, at) VALUES (?,?,?,?,?,?,?,?,'done',?)`,
			e.ID, e.Ref.Account, e.Ref.ID, fmt.Sprintf("0-%09d", i/10), raw, c.Title, text("x"), text(c.Title), at.UnixMilli())
		must(err)
	}
	// The triggers that count submissions noted the revision after the newest.
	_, err = tx.Exec("UPDATE meta SET value = value + 1 WHERE key = 'revision'")
	must(err)
	must(tx.Commit())
}

// openCrowd opens an engine over the database of a crowd, and the store of
// another process beside it. The index is loaded and the views are kept.
func openCrowd(tb testing.TB, path string, size crowdSize) *crowd {
	tb.Helper()
	c := &crowd{tb: tb, path: path, size: size, reads: &store.Reads{}}
	var err error
	if c.s, err = store.Open(c.ctx(), path, store.Options{Host: "laptop", Reads: c.reads}); err != nil {
		tb.Fatal(err)
	}
	o := inbox.Options{Store: c.s, User: "ada", Location: time.UTC, Patience: -1}
	for _, name := range crowdAccounts[:4] {
		f := newFake(name)
		c.fakes = append(c.fakes, f)
		o.Accounts = append(o.Accounts, inbox.Account{Provider: f})
	}
	if c.b, err = inbox.Open(c.ctx(), o); err != nil {
		tb.Fatal(err)
	}
	if c.other, err = store.Open(c.ctx(), path, store.Options{Host: "laptop"}); err != nil {
		tb.Fatal(err)
	}
	for _, name := range crowdAccounts[:4] {
		if _, _, err := c.other.OpenAccount(c.ctx(), name, "fake "+name); err != nil {
			tb.Fatal(err)
		}
	}
	_, unsubscribe := c.b.Subscribe()
	if _, err := c.b.Counts(c.ctx(), crowdTabs); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		unsubscribe()
		c.b.Close(c.ctx())
		c.other.Close()
		c.s.Close()
	})
	return c
}

func newCrowd(tb testing.TB, size crowdSize) *crowd {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "confab.db")
	fillCrowd(tb, path, size)
	return openCrowd(tb, path, size)
}

func (c *crowd) ctx() context.Context { return context.Background() }

func (c *crowd) must(err error) {
	c.tb.Helper()
	if err != nil {
		c.tb.Fatal(err)
	}
}

// serve has the services know these conversations.
func (c *crowd) serve(which ...int) []model.Ref {
	var out []model.Ref
	for _, i := range which {
		conv := crowdConversation(i)
		conv.Participants = model.SetOf(model.Participant{Kind: "user", ID: "1", Name: "Ada", Role: model.RoleEditor})
		f := c.fakes[i%4]
		f.set(func() { f.convs[conv.Ref.ID] = conv })
		out = append(out, conv.Ref)
	}
	return out
}

// submit puts a rename of conversations into the outbox.
func (c *crowd) submit(title string, refs ...model.Ref) []string {
	c.tb.Helper()
	p, err := c.b.Plan(c.ctx(), refs, []model.Change{{Kind: model.EditTitle, Op: model.OpSet, Target: model.TextValue(title)}}, model.PlanOptions{})
	c.must(err)
	ids, err := c.b.Submit(c.ctx(), p)
	c.must(err)
	if len(ids) != len(refs) {
		c.tb.Fatalf("%d of %d are submitted: %+v", len(ids), len(refs), p.Items[0])
	}
	return ids
}

// changeElsewhere has the other process change conversations.
func (c *crowd) changeElsewhere(title string, which ...int) {
	c.tb.Helper()
	for _, i := range which {
		conv := crowdConversation(i)
		conv.Title = title
		changed, err := c.other.SaveBatch(c.ctx(), conv.Ref.Account, []model.Conversation{conv}, nil)
		c.must(err)
		if len(changed) != 1 {
			c.tb.Fatalf("%v is not changed", conv.Ref)
		}
	}
}
