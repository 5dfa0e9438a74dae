// Package crowd fills a database as an inbox in use has it, of any size, for tests and
// benchmarks of the packages that use the store.
package crowd

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"confab/model"
	"confab/model/store"
)

// Size is the number of conversations of the four accounts, of waiting edits and of delivered
// edits. A submission holds ten edits. A fifth account, which is no longer in the config, has
// a twentieth as many conversations.
type Size struct {
	Conversations, Waiting, Delivered int
	Now                               time.Time // when the newest conversation changed; each older one a minute earlier
}

// Accounts are the accounts; the last is no longer in the config.
var Accounts = []string{"sales", "support", "product", "projects", "formerly"}

// Identity returns the identity of an account.
func Identity(account string) string { return "fake " + account }

// Views are the queries of the tabs. Two depend on the clock.
var Views = []string{"", "is:unseen", "is:private kind:call", "updated:<7d", "label:stage=3 sort:title", "is:pending"}

var words = strings.Fields(`review budget contract renewal pricing weekly sync planning launch incident onboarding interview
 feedback roadmap invoice support question update demo quarterly team project status report risk plan proposal`)

// Ref returns the ref of conversation i. Edits wait only on multiples of five.
func Ref(i int) model.Ref {
	return model.Ref{Account: Accounts[i%4], ID: fmt.Sprintf("6f1c2d3e-0000-4000-8000-%012d", i)}
}

// Conversation returns conversation i as its service shows it in a list.
func (size Size) Conversation(i int) model.Conversation {
	word := func(k int) string { return words[(i*7+k*k*13+i/29)%len(words)] }
	at := size.Now.Add(-time.Duration(i) * time.Minute)
	c := model.Conversation{Ref: Ref(i), Provider: model.Kona, Kind: []string{"call", "email", "meeting"}[i%3],
		Title:   fmt.Sprintf("%s %s with company%d, part %d", word(1), word(2), i%900, i),
		Privacy: []model.Privacy{model.PrivacyPublic, model.PrivacyPrivate}[i/4%2], Updated: at, Created: at.Add(-time.Hour),
		Preview: strings.Join([]string{word(3), word(4), word(5), word(6), word(7), word(8)}, " "), ParticipantCount: 4,
		Labels: map[string]string{"stage": fmt.Sprint(i % 7)}}
	for p := range 4 {
		n := i*7 + p
		c.Featured = append(c.Featured, model.Participant{Kind: "user", ID: fmt.Sprint(n), Name: fmt.Sprintf("Person Number %d", n),
			Email: fmt.Sprintf("person%d@example.com", n)})
	}
	return c
}

// Fill makes the database in a file that does not exist yet.
func Fill(tb testing.TB, path string, size Size) {
	tb.Helper()
	must := func(err error) {
		if err != nil {
			tb.Helper()
			tb.Fatal(err)
		}
	}
	ctx := context.Background()
	s, err := store.Open(ctx, path, store.Options{Host: "laptop"})
	must(err)
	submit := func(kind string, edits []model.OutboxEntry) {
		for i := 0; i+10 <= len(edits); i += 10 {
			sub := model.Submission{ID: fmt.Sprintf("%s-%09d", kind, i/10), Sentence: "renamed ten", User: "ada", At: size.Now}
			_, err := s.Enqueue(ctx, sub, edits[i:i+10])
			must(err)
		}
	}
	var delivered, waiting []model.OutboxEntry
	for i := range size.Delivered {
		at := size.Now.Add(-time.Duration(size.Delivered-i) * time.Second)
		delivered = append(delivered, size.rename(i%size.Conversations, at))
	}
	submit("0", delivered)
	must(deliver(ctx, path))
	for at, name := range Accounts {
		_, _, err := s.OpenAccount(ctx, name, Identity(name))
		must(err)
		until := size.Conversations
		if at == 4 {
			until /= 5
		}
		var all []model.Conversation
		for i := at; i < until; i += 4 {
			c := size.Conversation(i)
			c.Ref.Account = name
			all = append(all, c)
		}
		for page := range slices.Chunk(all, 400) {
			_, err = s.SaveBatch(ctx, name, page, nil)
			must(err)
		}
	}
	for i := range size.Waiting {
		apart := max(5, size.Conversations/size.Waiting/2/5*5)
		waiting = append(waiting, size.rename(i*apart%(size.Conversations/5*5), time.Time{}))
	}
	submit("1", waiting)
	must(s.Close())
}

func (size Size) rename(i int, created time.Time) model.OutboxEntry {
	c := size.Conversation(i)
	return model.OutboxEntry{Title: c.Title, Edit: model.Edit{Ref: c.Ref, Kind: model.EditTitle, User: "ada", Created: created,
		Base: model.TextValue(c.Title), Target: model.TextValue(c.Title + "!")}}
}

// deliver moves every edit to the history with SQL, since the store can't deliver without a
// service. The triggers record the revision after the newest.
func deliver(ctx context.Context, path string) error {
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, `INSERT INTO journal (id, account, conv, submission, edit, title, before, after, state, at)
SELECT id, account, conv, submission, edit, title, edit -> '$.base', edit -> '$.target', 'done', created FROM outbox;
DELETE FROM outbox;
UPDATE meta SET value = value + 1 WHERE key = 'revision'`)
	return err
}

// Statements collects the statements that a store runs.
type Statements struct {
	mu  sync.Mutex
	ran []store.Ran
}

// Note records a statement; it is meant for store.Options.Ran.
func (s *Statements) Note(r store.Ran) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ran = append(s.ran, r)
}

// Take returns the statements since the last call.
func (s *Statements) Take() []store.Ran {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.ran
	s.ran = nil
	return out
}
