// Package crowd makes the database of an inbox as a user has it, of any size, for
// tests and benchmarks of what is built on the store.
package crowd

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"confab/model"
	"confab/model/store"
)

// Size is how much there is of everything: conversations of four accounts, one in
// twenty of one that has left the config besides, edits that wait, and edits
// that were delivered, ten a submission each.
type Size struct {
	Conversations, Waiting, Delivered int
	// Now is when the newest conversation changed; each one before, a minute
	// earlier.
	Now time.Time
}

// Accounts are the accounts; the last is not in the config any more.
var Accounts = []string{"sales", "support", "product", "projects", "formerly"}

// Identity is whose account this is.
func Identity(account string) string { return "fake " + account }

// Views are the queries of the tabs; two follow the clock.
var Views = []string{"", "is:unseen", "is:private kind:call", "updated:<7d", "label:stage=3 sort:title", "is:pending"}

var words = strings.Fields(`review budget contract renewal pricing weekly sync planning launch incident onboarding interview
 feedback roadmap invoice support question update demo quarterly team project status report risk plan proposal`)

// Ref is the conversation of a number. Edits wait on multiples of five alone.
func Ref(i int) model.Ref {
	return model.Ref{Account: Accounts[i%4], ID: fmt.Sprintf("6f1c2d3e-0000-4000-8000-%012d", i)}
}

// Conversation is what a service shows of a conversation in its list.
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

// Fill makes the database in a file that is not there yet.
func Fill(tb testing.TB, path string, size Size) {
	tb.Helper()
	f := filling{tb, context.Background(), size}
	s, err := store.Open(f.ctx, path, store.Options{Host: "laptop"})
	f.must(err)
	f.conversations(s)
	f.outbox(s)
	f.must(s.Close())
	db, err := sql.Open("sqlite", path)
	f.must(err)
	defer db.Close()
	f.history(db)
}

type filling struct {
	tb   testing.TB
	ctx  context.Context
	size Size
}

func (f filling) must(err error) {
	f.tb.Helper()
	if err != nil {
		f.tb.Fatal(err)
	}
}

func (f filling) conversations(s *store.Store) {
	const page = 400
	for at, name := range Accounts {
		_, _, err := s.OpenAccount(f.ctx, name, Identity(name))
		f.must(err)
		until := f.size.Conversations
		if at == 4 {
			until /= 5
		}
		var batch []model.Conversation
		for i := at; i < until; i += 4 {
			c := f.size.Conversation(i)
			c.Ref.Account = name
			if batch = append(batch, c); len(batch) == page {
				_, err := s.SaveBatch(f.ctx, name, batch, nil)
				f.must(err)
				batch = batch[:0]
			}
		}
		_, err = s.SaveBatch(f.ctx, name, batch, nil)
		f.must(err)
	}
}

func (f filling) outbox(s *store.Store) {
	if f.size.Waiting == 0 {
		return
	}
	apart := max(5, f.size.Conversations/f.size.Waiting/2/5*5)
	among := f.size.Conversations / 5 * 5
	for i := 0; i < f.size.Waiting; i += 10 {
		var edits []store.Entry
		for k := i; k < i+10; k++ {
			c := f.size.Conversation(k * apart % among)
			edits = append(edits, store.Entry{Title: c.Title, Edit: model.Edit{Ref: c.Ref, Kind: model.EditTitle, User: "ada",
				Base: model.TextValue(c.Title), Target: model.TextValue(c.Title + "!")}})
		}
		_, err := s.Enqueue(f.ctx, model.Submission{ID: fmt.Sprintf("1-%09d", i/10), Sentence: "renamed ten", User: "ada", At: f.size.Now}, edits)
		f.must(err)
	}
}

// history is written without the store, which knows of no way to deliver without
// a service.
func (f filling) history(db *sql.DB) {
	tx, err := db.BeginTx(f.ctx, nil)
	f.must(err)
	text := func(s string) []byte { raw, _ := json.Marshal(model.TextValue(s)); return raw }
	for i := range f.size.Delivered {
		at := f.size.Now.Add(-time.Duration(f.size.Delivered-i) * time.Second)
		submission := fmt.Sprintf("0-%09d", i/10)
		if i%10 == 0 {
			_, err = tx.Exec("INSERT INTO submission (id, sentence, user, at, edits) VALUES (?, 'renamed ten', 'ada', ?, 10)",
				submission, at.UnixMilli())
			f.must(err)
		}
		c := f.size.Conversation(i % f.size.Conversations)
		e := model.Edit{ID: fmt.Sprintf("0-%09d", i), Ref: c.Ref, Kind: model.EditTitle, User: "ada", Created: at,
			Base: model.TextValue("x"), Target: model.TextValue(c.Title)}
		raw, err := json.Marshal(e)
		f.must(err)
		_, err = tx.Exec(`INSERT INTO journal (id, account, conv, submission, edit, title, before, after, state, at)
VALUES (?,?,?,?,?,?,?,?,'done',?)`, e.ID, e.Ref.Account, e.Ref.ID, submission, raw, c.Title, text("x"), text(c.Title), at.UnixMilli())
		f.must(err)
	}
	// The triggers that count submissions noted the revision after the newest.
	_, err = tx.Exec("UPDATE meta SET value = value + 1 WHERE key = 'revision'")
	f.must(err)
	f.must(tx.Commit())
}
