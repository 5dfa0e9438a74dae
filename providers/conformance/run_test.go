package conformance

import (
	"context"
	"slices"
	"sync"
	"testing"

	"confab/model"
)

// Run runs the whole suite.
func Run(t *testing.T, s Service) {
	t.Helper()
	for _, part := range []struct {
		name string
		run  func(*testing.T, Service)
	}{
		{"Describe", describe},
		{"Sync", syncs},
		{"Load", loads},
		{"Apply", applies},
		{"Combined", combined},
		{"Claims", claims},
		{"Faults", faults},
		{"Creates", creates},
		{"Deletes", deletes},
		{"Context", contexts},
		{"Concurrency", concurrency},
		{"Secrets", secrecy},
		{"ReadOnly", readOnly},
		{"Redirects", redirects},
		{"Lookup", lookups},
		{"Links", links},
		{"Pacing", pacing},
		{"Lessons", lessons},
		{"Quirks", quirks},
		{"Budget", budget},
		{"Documented", documented},
	} {
		t.Run(part.name, func(t *testing.T) { part.run(t, s) })
	}
}

// newEdit returns the edit of a case for a conversation, with its base. It reports false if the conversation does not suit.
func newEdit(ec EditCase, b *Bench, c model.Conversation) (model.Edit, bool) {
	key, target, ok := ec.Edit(b, c)
	if !ok {
		return model.Edit{}, false
	}
	e := model.Edit{ID: "e1", Ref: c.Ref, Kind: ec.Kind, Key: key, Target: target}
	if ec.Kind == model.EditCreate {
		e.Ref.Account = b.Account.Describe().Account
		return e, true
	}
	base, known := e.Read(c)
	if !known || base.Equal(target) {
		return model.Edit{}, false
	}
	e.Base = base
	return e, true
}

// choose loads a conversation that suits a case and then forgets the requests
// so far.
func (b *Bench) choose(ec EditCase) (model.Conversation, model.Edit) {
	b.t.Helper()
	if ec.Kind == model.EditCreate {
		e, ok := newEdit(ec, b, model.Conversation{})
		if !ok {
			b.t.Fatalf("no edit for %s", ec.Name)
		}
		b.Reset()
		return model.Conversation{}, e
	}
	for _, id := range b.likely(ec.Name) {
		d, err := b.Account.Load(context.Background(), id, b.Account.Needs(ec.Kind))
		if err != nil {
			b.t.Fatalf("load %s: %v", id, err)
		}
		if !b.Account.Capabilities(d.Conversation).Of(ec.Kind).Can() {
			continue
		}
		if e, ok := newEdit(ec, b, d.Conversation); ok {
			b.suits(ec.Name, id)
			b.Reset()
			return d.Conversation, e
		}
	}
	b.t.Fatalf("no conversation suits %q", ec.Name)
	return model.Conversation{}, model.Edit{}
}

// suited has the id of the conversation that suited a case last, by service and
// case. Stand-ins of a service hold the same conversations, so that it most
// probably suits again.
var suited sync.Map

func (b *Bench) suits(name, id string) { suited.Store([2]string{b.service.Provider, name}, id) }

// likely returns the ids of the conversations, the one that suited a case last
// before the others.
func (b *Bench) likely(name string) []string {
	ids := b.IDs()
	last, _ := suited.Load([2]string{b.service.Provider, name})
	if i := slices.IndexFunc(ids, func(id string) bool { return id == last }); i > 0 {
		return slices.Insert(slices.Delete(slices.Clone(ids), i, i+1), 0, ids[i])
	}
	return ids
}

// any returns the first case, for tests to which the kind of edit does not matter.
func (s Service) any() EditCase { return s.Edits[0] }

func (s Service) edit(t testing.TB, name string) EditCase {
	t.Helper()
	i := slices.IndexFunc(s.Edits, func(ec EditCase) bool { return ec.Name == name })
	if i < 0 {
		t.Fatalf("there is no edit %q", name)
	}
	return s.Edits[i]
}

// first returns the id of a conversation without loading anything.
func (b *Bench) first() string {
	b.t.Helper()
	ids := b.IDs()
	if len(ids) == 0 {
		b.t.Fatal("the stand-in is empty")
	}
	return ids[0]
}

// some returns the ids of enough conversations to include most oddities.
func (b *Bench) some() []string {
	ids := b.IDs()
	return aFew(ids[:min(len(ids), 26)], 10, 0)
}

// load loads a conversation and fails unless that succeeds.
func (b *Bench) load(id string, need model.Need) model.Detail {
	b.t.Helper()
	d, err := b.Account.Load(context.Background(), id, need)
	if err != nil {
		b.t.Fatalf("load %s: %v", id, err)
	}
	return d
}

// holds fails unless the server has a value for the field of an edit.
func (b *Bench) holds(e model.Edit, id string, want model.Value) {
	b.t.Helper()
	if got := b.Field(id, e.Kind, e.Key); !got.Equal(want) {
		b.t.Errorf("the server has %s for %s, want %s", show(got), e.Field(), show(want))
	}
}

// truthful fails if an outcome shows something that the server does not have.
func (b *Bench) truthful(e model.Edit, id string, o model.Outcome) {
	b.t.Helper()
	if o.Err != nil || o.After == nil {
		return
	}
	if o.After.Ref.ID != id {
		b.t.Errorf("the outcome shows the conversation %s, not %s", o.After.Ref, id)
	}
	claimed, known := e.Read(*o.After)
	if !known {
		b.t.Errorf("the After of the outcome of %s lacks the field", e.Field())
		return
	}
	if got := b.Field(id, e.Kind, e.Key); !claimed.Equal(got) {
		b.t.Errorf("the outcome shows %s for %s, the server has %s", show(claimed), e.Field(), show(got))
	}
}

func show(v model.Value) string {
	out, err := v.MarshalJSON()
	if err != nil {
		return err.Error()
	}
	return string(out)
}

// wantKind fails unless an error has the wanted kind.
func wantKind(t testing.TB, what string, err error, want model.ErrorKind) {
	t.Helper()
	if got := model.KindOf(err); got != want {
		t.Errorf("%s: the error has the kind %q, want %q: %v", what, got, want, err)
	}
}

// wantCount fails unless the account has sent a number of requests.
func (b *Bench) wantCount(t testing.TB, what string, want int) {
	t.Helper()
	if sent := b.Sent(); len(sent) != want {
		t.Errorf("%s: %d requests, want %d: %v", what, len(sent), want, sent)
	}
}
