package conformance_test

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"confab/model"
	"confab/model/inbox"
	"confab/model/store"
	"confab/providers/conformance"
)

// engine is an inbox on a database of its own.
type engine struct {
	t       testing.TB
	account model.Provider
	path    string
	store   *store.Store
	inbox   *inbox.Inbox
}

func openEngine(t testing.TB, b *conformance.Bench) conformance.Engine {
	e := &engine{t: t, account: b.Account, path: filepath.Join(t.TempDir(), "confab.db")}
	e.open()
	return e
}

func (e *engine) must(err error) {
	e.t.Helper()
	if err != nil {
		e.t.Fatal(err)
	}
}

func (e *engine) open() {
	var err error
	e.store, err = store.Open(context.Background(), e.path, store.Options{Host: "laptop"})
	e.must(err)
	e.inbox, err = inbox.Open(context.Background(), inbox.Options{Store: e.store, User: "ada", Location: time.UTC, Patience: -1,
		Accounts: []inbox.Account{{Provider: e.account}}})
	e.must(err)
}

func (e *engine) Close() {
	e.must(e.inbox.Close(context.Background()))
	e.must(e.store.Close())
}

func (e *engine) Restart() {
	e.Close()
	time.Sleep(time.Hour)
	e.open()
}

func (e *engine) Submit(c model.Conversation, edits []model.Edit) {
	e.t.Helper()
	need := e.account.Needs(model.EditKinds()...)
	_, err := e.inbox.Load(context.Background(), c.Ref, need)
	e.must(err)
	edits = slices.Clone(edits)
	for i := range edits {
		edits[i].ID = ""
	}
	_, err = e.inbox.Submit(context.Background(), model.Plan{Items: []model.PlanItem{
		{Ref: c.Ref, Title: c.Title, Provider: c.Provider, State: model.PlanChange, Edits: edits}}})
	e.must(err)
}

func (e *engine) Deliver() {
	e.t.Helper()
	var ids []string
	for _, entry := range e.Waiting() {
		ids = append(ids, entry.ID)
	}
	e.must(e.inbox.Deliver(context.Background(), ids, func(model.DeliveryResult) {}))
}

func (e *engine) Waiting() []model.OutboxEntry {
	e.t.Helper()
	out, err := e.inbox.Outbox(context.Background())
	e.must(err)
	return out
}

func (e *engine) Decide(d model.Decision, id string) {
	e.t.Helper()
	_, err := e.inbox.Decide(context.Background(), d, model.OutboxEntry{Edit: model.Edit{ID: id}})
	e.must(err)
}
