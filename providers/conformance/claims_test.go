package conformance

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"confab/model"
)

// Engine delivers the edits of an account, over claims and restarts.
type Engine interface {
	// Submit queues edits of a conversation as one submission.
	Submit(c model.Conversation, edits []model.Edit)
	// Deliver sends every due edit once, and returns when each is settled or waits.
	Deliver()
	// Restart closes the engine and opens it again on its database, so much later
	// that every edit which waits for its next try is due.
	Restart()
	// Waiting returns the edits that are not settled.
	Waiting() []model.OutboxEntry
	Decide(d model.Decision, id string)
	Close()
}

// claims submits a widening edit together with another one whose first request is
// refused. Over claims, retries and restarts, the widening edit must not be sent
// before the other is in effect or, if that is discarded, before a person decides.
func claims(t *testing.T, s Service) {
	for i, cs := range aFew(s.widenings(t), 5, 0) {
		for n, status := range []int{422, 403, 409, 429, 500} {
			if n > 0 && n != 1+i%4 {
				continue // each pair meets 422, which ends an edit, and one of the others
			}
			bubble(t, fmt.Sprintf("%s, %d", cs.name, status), func(t *testing.T) { overClaims(t, s, cs, status) })
		}
	}
}

// widenings returns pairs of cases, with a conversation in which the first case
// widens and the second does not. Every case that fits is in some pair.
func (s Service) widenings(t *testing.T) (out []combination) {
	bubble(t, "pairs", func(t *testing.T) {
		b := s.open(t, Options{Conversations: combining})
		met := map[string]bool{}
		for _, id := range b.IDs() {
			c := b.load(id, b.Account.Needs(model.EditKinds()...)).Conversation
			var wide, other []EditCase
			for _, ec := range s.Edits {
				if ec.Kind == model.EditCreate || ec.Kind == model.EditDelete || ec.Kind == model.EditArchive || !b.Account.Capabilities(c).Of(ec.Kind).Can() {
					continue
				}
				if e, ok := newEdit(ec, b, c); ok && e.Widens() {
					wide = append(wide, ec)
				} else if ok {
					other = append(other, ec)
				}
			}
			for _, w := range wide {
				for _, o := range other {
					if w.Kind != o.Kind && (!met[w.Name] || !met[o.Name]) {
						met[w.Name], met[o.Name] = true, true
						out = append(out, combination{name: o.Name + ", then " + w.Name, cases: []EditCase{w, o}, id: id})
					}
				}
			}
		}
	})
	return out
}

func overClaims(t *testing.T, s Service, cs combination, status int) {
	b, c, edits := s.combine(t, cs)
	wide, other := edits[0], edits[1]
	if !wide.Widens() || other.Widens() {
		t.Fatalf("%s widens: %t, want true; %s widens: %t, want false", wide.Field(), wide.Widens(), other.Field(), other.Widens())
	}
	refused := false
	b.TamperWrites(func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
		before := b.width(c.Ref.ID, edits)
		if !refused {
			refused = true
			b.AnswerNext(status, 1)
		}
		res, err := next.RoundTrip(req)
		if b.width(c.Ref.ID, edits) > before && !b.Field(c.Ref.ID, other.Kind, other.Key).Equal(other.Target) {
			t.Errorf("%s %s widened the conversation before %s was in effect", req.Method, req.URL.Path, other.Field())
		}
		return res, err
	})
	narrow := b.width(c.Ref.ID, edits)
	stays := func(when string) {
		t.Helper()
		if b.width(c.Ref.ID, edits) > narrow {
			t.Fatalf("%s the conversation was widened", when)
		}
	}
	engine := s.Engine(t, b)
	defer engine.Close()
	engine.Submit(c, edits)
	engine.Deliver()
	stays("after the refusal")
	if !refused {
		t.Fatal("nothing was sent")
	}
	for range 4 {
		engine.Restart()
		engine.Deliver()
	}
	i := slices.IndexFunc(engine.Waiting(), func(e model.OutboxEntry) bool { return e.Kind == other.Kind })
	if i < 0 { // both have been delivered
		b.holds(other, c.Ref.ID, other.Target)
		b.holds(wide, c.Ref.ID, wide.Target)
		return
	}
	stays("while the other waits for a person")
	engine.Decide(model.DecideDiscard, engine.Waiting()[i].ID)
	engine.Restart()
	engine.Deliver()
	stays("after the other was given up")
	i = slices.IndexFunc(engine.Waiting(), func(e model.OutboxEntry) bool { return e.Kind == wide.Kind })
	if i < 0 {
		t.Fatal("the widening edit no longer waits for the person")
	}
	if !b.Account.Capabilities(c).Of(wide.Kind).Can() {
		return // the refusal has ruled the edit out for the run
	}
	b.Tamper(nil)
	engine.Decide(model.DecideRetry, engine.Waiting()[i].ID)
	engine.Deliver()
	b.holds(wide, c.Ref.ID, wide.Target)
}
