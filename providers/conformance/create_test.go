package conformance

import (
	"context"
	"net/http"
	"testing"

	"confab/model"
)

// lostCase is a way for a create to end without the plain answer.
type lostCase struct {
	name string
	// before is called before the head of the list is read, meet between that and
	// the create, after when the create has ended.
	before, meet, after func(s Service, b *Bench, n model.NewConversation)
	want                model.ErrorKind // of the create
	made                bool            // the create had its effect
	// same and alike are the numbers of conversations that Find must return. If it
	// is not sure, it may return fewer.
	same, alike int
}

// afterEffect lets a write take effect and replaces the answer.
func afterEffect(status int) func(Service, *Bench, model.NewConversation) {
	return func(_ Service, b *Bench, _ model.NewConversation) {
		b.TamperWrites(func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
			res, err := next.RoundTrip(req)
			if err != nil {
				return nil, err
			}
			res.Body.Close()
			return answer(status, "", "text/html", page), nil
		})
	}
}

func lostCases() []lostCase {
	fault := func(name string) func(Service, *Bench, model.NewConversation) {
		return func(_ Service, b *Bench, _ model.NewConversation) { b.Fault(name, 1) }
	}
	refuse := func(status int) func(Service, *Bench, model.NewConversation) {
		return func(_ Service, b *Bench, _ model.NewConversation) { b.AnswerNext(status, 1) }
	}
	insert := func(n int) func(Service, *Bench, model.NewConversation) {
		return func(_ Service, b *Bench, _ model.NewConversation) {
			for range n {
				b.Insert()
			}
		}
	}
	rename := func(_ Service, b *Bench, n model.NewConversation) { b.Retitle(b.first(), n.Title) }
	renamed := func(_ Service, b *Bench, n model.NewConversation) {
		for _, id := range b.IDs() {
			if b.load(id, 0).Conversation.Title == n.Title {
				b.Retitle(id, "Renamed before it was looked for")
			}
		}
	}
	byHand := func(s Service, b *Bench, n model.NewConversation) { s.ByHand(b, n) }
	return []lostCase{
		{name: "refused as wrong", meet: refuse(422), want: model.Invalid},
		{name: "refused as forbidden", meet: refuse(403), want: model.Forbidden},
		{name: "refused as a conflict", meet: refuse(409), want: model.ConflictKind},
		{name: "asked to wait", meet: fault(FaultRate), want: model.RateLimited},
		{name: "never sent", meet: fault(FaultDropBefore), want: model.Unavailable},
		{name: "500, and not made", meet: fault(FaultPage), want: model.UnknownOutcome},
		{name: "lost after it was made", meet: fault(FaultDropAfter), want: model.UnknownOutcome, made: true, same: 1, alike: 1},
		{name: "lost, and renamed since", meet: fault(FaultDropAfter), after: renamed, want: model.UnknownOutcome, made: true, alike: 1},
		{name: "500 after it was made", meet: afterEffect(500), want: model.UnknownOutcome, made: true, same: 1, alike: 1},
		{name: "lost, and others made since", meet: fault(FaultDropAfter), after: insert(5),
			want: model.UnknownOutcome, made: true, same: 1, alike: 1},
		{name: "lost, and very many made since", meet: fault(FaultDropAfter), after: insert(130),
			want: model.UnknownOutcome, made: true, same: 1, alike: 1},
		{name: "lost, and somebody made one by hand", meet: fault(FaultDropAfter), after: byHand,
			want: model.UnknownOutcome, made: true, same: 1, alike: 2},
		{name: "not made, but somebody made one by hand", meet: fault(FaultPage), after: byHand, want: model.UnknownOutcome, alike: 1},
		{name: "not made, and one by hand before", before: byHand, meet: fault(FaultPage), want: model.UnknownOutcome},
		{name: "not made, and an old one renamed", meet: fault(FaultPage), want: model.UnknownOutcome, after: rename},
	}
}

// creates loses the answers of creates in every way and has Find look for the conversations.
func creates(t *testing.T, s Service) {
	for _, ec := range s.Edits {
		if ec.Kind != model.EditCreate || ec.Exists {
			continue
		}
		for _, lc := range lostCases() {
			bubble(t, ec.Name+"/"+lc.name, func(t *testing.T) { lost(t, s, ec, lc) })
		}
		bubble(t, ec.Name+"/twice, both lost", func(t *testing.T) {
			ctx := context.Background()
			b := s.open(t, Options{})
			_, e := b.choose(ec)
			again := e
			again.ID = "e2"
			known := b.newest(t, e)
			b.Fault(FaultDropAfter, 2)
			for _, one := range []model.Edit{e, again} {
				wantKind(t, "create", b.Account.Apply(ctx, model.Conversation{}, []model.Edit{one})[0].Err, model.UnknownOutcome)
			}
			marked := map[string]bool{}
			for _, one := range []model.Edit{e, again} {
				found, err := b.Creator.Find(ctx, one, known.IDs)
				want := 2
				if found.Marked {
					want = 1
				}
				if err != nil || len(found.Same) != want {
					t.Fatalf("Find returned %+v, error %v; want %d the same", found, err, want)
				}
				if id := found.Same[0].Ref.ID; found.Marked && marked[id] {
					t.Errorf("Find returned %s as the mark of both creates", id)
				} else {
					marked[id] = found.Marked
				}
			}
		})
		bubble(t, ec.Name+"/ignored", func(t *testing.T) {
			b := s.open(t, Options{})
			_, e := b.choose(ec)
			s.IgnoreCreate(b)
			out := b.Account.Apply(context.Background(), model.Conversation{}, []model.Edit{e})[0]
			if out.Err != nil || out.Created == "" {
				t.Fatalf("the outcome is %+v, want success with an id", out)
			}
			_, err := b.Account.Load(context.Background(), out.Created, 0)
			wantKind(t, "reading it back", err, model.NotFound)
		})
	}
}

func (b *Bench) newest(t *testing.T, e model.Edit) model.Newest {
	t.Helper()
	newest, err := b.Creator.Newest(context.Background(), *e.Target.New)
	if err != nil || !newest.Sure || len(newest.IDs) == 0 {
		t.Fatalf("the head of the list is %+v, error %v; want some ids, surely", newest, err)
	}
	return newest
}

func lost(t *testing.T, s Service, ec EditCase, lc lostCase) {
	ctx := context.Background()
	b := s.open(t, Options{})
	_, e := b.choose(ec)
	n := *e.Target.New
	if lc.before != nil {
		lc.before(s, b, n)
	}
	b.Reset()
	known, ids := b.newest(t, e), b.IDs()
	b.wantCount(t, "the head of the list", 1)
	lc.meet(s, b, n)
	b.Reset()
	out := b.Account.Apply(ctx, model.Conversation{}, []model.Edit{e})[0]
	wantKind(t, "create", out.Err, lc.want)
	if out.Created != "" || out.After != nil {
		t.Errorf("the outcome of the lost create has a result: %+v", out)
	}
	if writes := b.Writes(); len(writes) > 1 {
		t.Errorf("%d writes, want one: %v", len(writes), writes)
	}
	b.Tamper(nil)
	if made := len(b.IDs()) > len(ids); made != lc.made {
		t.Errorf("the stand-in made the conversation: %t, want %t", made, lc.made)
	}
	if lc.after != nil {
		lc.after(s, b, n)
	}
	b.Reset()
	found, err := b.Creator.Find(ctx, e, known.IDs)
	if err != nil {
		t.Fatalf("Find: %v", err)
	}
	if writes := b.Writes(); len(writes) > 0 {
		t.Errorf("Find wrote: %v", writes)
	}
	if found.Sure && (len(found.Same) != lc.same || len(found.Alike) != lc.alike && !found.Marked) || len(found.Same) > lc.same {
		t.Errorf("Find returned %d conversations that are the same and %v that are alike, want %d and %d", len(found.Same), found.Alike, lc.same, lc.alike)
	}
	for _, c := range found.Same {
		if !lc.made || c.Title != n.Title {
			t.Errorf("Find returned the unrelated %s %q", c.Ref, c.Title)
		}
	}
	if !found.Sure && lc.after == nil {
		t.Error("Find is not sure")
	}
}

// deletes ends deletes and archivings in every way but the plain one.
func deletes(t *testing.T, s Service) {
	ctx := context.Background()
	for _, ec := range s.Edits {
		if ec.Kind != model.EditDelete && ec.Kind != model.EditArchive {
			continue
		}
		try := func(name string, meet func(b *Bench, id string), want model.ErrorKind, gone bool) {
			bubble(t, ec.Name+"/"+name, func(t *testing.T) {
				b := s.open(t, Options{})
				c, e := b.choose(ec)
				meet(b, c.Ref.ID)
				out := b.Account.Apply(ctx, c, []model.Edit{e})[0]
				wantKind(t, ec.Name, out.Err, want)
				if out.After != nil && out.Err != nil {
					t.Errorf("the outcome has a result beside its error: %+v", out.After)
				}
				if writes := b.Writes(); len(writes) > 1 {
					t.Errorf("%d writes, want one: %v", len(writes), writes)
				}
				b.Tamper(nil)
				d, err := b.Account.Load(ctx, c.Ref.ID, b.Account.Needs(ec.Kind))
				shown, known := e.Read(d.Conversation)
				switch {
				case ec.Kind == model.EditDelete && gone, name == "already gone":
					wantKind(t, "reading it after", err, model.NotFound)
				case err != nil:
					t.Errorf("loading the conversation afterwards: %v", err)
				case ec.Kind == model.EditArchive && known && shown.Equal(e.Target) != gone:
					t.Errorf("a load shows %s, archived: %t", show(shown), gone)
				}
			})
		}
		answers := func(status int) func(b *Bench, _ string) { return func(b *Bench, _ string) { b.AnswerNext(status, 1) } }
		try("refused as forbidden", answers(403), model.Forbidden, false)
		try("refused as wrong", answers(422), model.Invalid, false)
		try("ignored", func(b *Bench, _ string) { s.IgnoreDelete(b) }, "", false)
		try("lost after it was done", func(b *Bench, _ string) { b.Fault(FaultDropAfter, 1) }, model.UnknownOutcome, true)
		try("500 after it was done", func(b *Bench, _ string) { afterEffect(500)(s, b, model.NewConversation{}) }, model.UnknownOutcome, true)
		try("500, and not done", func(b *Bench, _ string) { b.Fault(FaultPage, 1) }, model.UnknownOutcome, false)
		try("already gone", func(b *Bench, id string) { b.Remove(id) }, model.NotFound, true)
	}
}
