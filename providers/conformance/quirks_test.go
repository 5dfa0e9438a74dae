package conformance

import (
	"context"
	"slices"
	"testing"

	"confab/model"
)

// quirks checks the account under each other reading of the documentation.
func quirks(t *testing.T, s Service) {
	for i, q := range s.Quirks {
		t.Run(q.Name, func(t *testing.T) {
			bubble(t, "sync", func(t *testing.T) {
				b := s.open(t, Options{Conversations: s.Several})
				q.Turn(b)
				before := slices.DeleteFunc(b.IDs(), func(id string) bool { return q.Hidden != nil && q.Hidden(b, id) })
				w := b.walk(model.SyncRequest{Mode: model.SyncFull}, nil)
				if !q.Incomplete || model.KindOf(w.err) != model.Malformed {
					wantKind(t, "a walk", w.err, q.SyncErr)
				}
				switch {
				case w.err != nil || q.Incomplete:
					if w.result.Complete {
						t.Error("the walk says that it is complete")
					}
				case !w.result.Complete:
					t.Error("the walk does not say that it is complete")
				default:
					wantAll(t, "a walk", w.ids, before)
				}
				for _, c := range w.rows {
					if q.Blind == "" {
						b.honest(t, c)
					}
				}
			})
			bubble(t, "load", func(t *testing.T) {
				b := s.open(t, Options{})
				q.Turn(b)
				for _, id := range aFew(b.some()[:min(len(b.some()), 9)], 3, i) {
					for _, need := range []model.Need{0, b.Account.Needs(model.EditKinds()...) | model.NeedMessages, model.NeedEverything} {
						d, err := b.Account.Load(context.Background(), id, need)
						want := model.ErrorKind("")
						if q.LoadErr != nil {
							want = q.LoadErr(b, id)
						}
						if q.LoadMay == "" || model.KindOf(err) != q.LoadMay {
							wantKind(t, "a load of "+id, err, want)
						}
						if err != nil {
							continue
						}
						if d.Conversation.Ref.ID != id {
							t.Errorf("the load returned %s, want %s", d.Conversation.Ref, id)
						}
						if got := d.Conversation.Title; !model.TextValue(got).Equal(b.Field(id, model.EditTitle, "")) {
							t.Errorf("%s: the title is %q, the server has %s", id, got, show(b.Field(id, model.EditTitle, "")))
						}
						if q.Blind == "" {
							b.honest(t, d.Conversation)
						}
					}
				}
			})
			for _, ec := range aFew(s.Edits, 3, i) {
				if q.Writes {
					bubble(t, ec.Name, func(t *testing.T) { quirkyWrite(t, s, q, ec) })
				}
			}
			if q.Check != nil {
				bubble(t, "own", func(t *testing.T) {
					b := s.open(t, Options{})
					q.Turn(b)
					q.Check(t, b)
				})
			}
		})
	}
}

// quirkyWrite applies an edit and checks that everything the account returns is true.
func quirkyWrite(t *testing.T, s Service, q Quirk, ec EditCase) {
	b := s.open(t, Options{})
	c, e := b.choose(ec)
	id := c.Ref.ID
	q.Turn(b)
	before := b.State(id)
	planned, planErr := b.Account.Requests(c, []model.Edit{e})
	out := b.Account.Apply(context.Background(), c, []model.Edit{e})[0]
	if ec.Kind != model.EditCreate {
		b.truthful(e, id, out)
	}
	if len(b.Writes()) > 0 && planErr == nil {
		for _, r := range b.Log() {
			if r.Write && r.Status < 400 && !slices.ContainsFunc(planned, func(p model.Request) bool { return p.Method == r.Method && p.Path == r.Path }) {
				t.Errorf("%s %s was sent without being announced", r.Method, r.Path)
			}
		}
	}
	if out.Err != nil {
		if k := model.KindOf(out.Err); k == model.Malformed || k == model.Local {
			t.Errorf("the error is %q, which would not be the service's: %v", k, out.Err)
		}
		return
	}
	if ec.Kind == model.EditCreate || ec.Kind == model.EditDelete {
		return
	}
	// If the service accepted the edit without making it, the caller must see that,
	// in the outcome above and in a load.
	d, err := b.Account.Load(context.Background(), id, b.Account.Needs(e.Kind))
	if err == nil {
		if got, known := e.Read(d.Conversation); known && !got.Equal(b.Field(id, e.Kind, e.Key)) {
			t.Errorf("a load shows %s, the server has %s", show(got), show(b.Field(id, e.Kind, e.Key)))
		}
	}
	if now := b.State(id); now != nil {
		b.onlyChanged(t, e, before, now)
	}
}
