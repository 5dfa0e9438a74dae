package conformance

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"testing"

	"confab/model"
)

// combined applies the edits of a service together, in pairs and as many as one
// conversation allows, and has each of their requests refused in each way. After
// a refusal nothing may be widened.
func combined(t *testing.T, s Service) {
	for i, cs := range s.suitable(t, aFew(s.combinations(), 12, 0)) {
		bubble(t, cs.name, func(t *testing.T) {
			b, c, edits := s.combine(t, cs)
			cs.edits = edits
			steps := b.together(t, c, edits)
			if !slices.ContainsFunc(edits, model.Edit.Widens) {
				return
			}
			for step := range steps {
				for _, r := range cs.refusals(i + step) {
					refusedAt(t, s, cs, step, r)
				}
			}
			for i := range edits {
				impossible(t, s, cs, i)
			}
		})
	}
}

// combination is a list of cases to try in one conversation, in the order of
// their edits.
type combination struct {
	name  string
	cases []EditCase
	// id is the conversation that suits, and edits are those that were made for it.
	id    string
	edits []model.Edit
}

// combinations returns every pair of cases, with alternating order, and all cases
// together in both orders.
func (s Service) combinations() []combination {
	all := slices.DeleteFunc(slices.Clone(s.Edits), func(ec EditCase) bool { return ec.Kind == model.EditCreate })
	var out []combination
	for i, one := range all {
		for j, other := range all[:i] {
			pair := []EditCase{one, other}
			if (i+j)%2 == 0 {
				slices.Reverse(pair)
			}
			out = append(out, combination{name: pair[0].Name + " + " + pair[1].Name, cases: pair})
		}
	}
	backwards := slices.Clone(all)
	slices.Reverse(backwards)
	return append([]combination{{name: "all at once", cases: all}, {name: "all at once, backwards", cases: backwards}}, out...)
}

// suitable returns the combinations of which at least two cases suit one
// conversation, each with the conversation that suits most of its cases.
func (s Service) suitable(t *testing.T, list []combination) (out []combination) {
	bubble(t, "suitable", func(t *testing.T) {
		b := s.open(t, Options{Conversations: combining})
		most := make([]int, len(list))
		for _, id := range b.IDs() {
			edits := map[string]model.Edit{} // by the name of the case
			c := b.load(id, b.Account.Needs(model.EditKinds()...)).Conversation
			for _, ec := range s.Edits {
				if suits := b.suiting(c, []EditCase{ec}); len(suits) > 0 {
					edits[ec.Name] = suits[0]
				}
			}
			for i, cs := range list {
				fields := map[string]bool{}
				for _, ec := range cs.cases {
					if e, ok := edits[ec.Name]; ok {
						fields[e.Field()] = true
					}
				}
				if len(fields) > most[i] {
					most[i], list[i].id = len(fields), id
				}
			}
		}
		for i, cs := range list {
			if most[i] > 1 {
				out = append(out, cs)
			}
		}
	})
	return out
}

// combining is the number of conversations in a stand-in for combinations.
const combining = 24

// suiting returns the edits of those cases that suit a conversation, the first
// case for each field.
func (b *Bench) suiting(c model.Conversation, cases []EditCase) (suits []model.Edit) {
	for _, ec := range cases {
		e, ok := newEdit(ec, b, c)
		if !ok || !b.Account.Capabilities(c).Of(ec.Kind).Can() ||
			slices.ContainsFunc(suits, func(o model.Edit) bool { return o.Field() == e.Field() }) {
			continue
		}
		e.ID = fmt.Sprintf("e%d", len(suits))
		suits = append(suits, e)
	}
	return suits
}

// combine opens a stand-in and loads the conversation of a combination, with the
// edits of the cases that suit it.
func (s Service) combine(t *testing.T, cs combination) (*Bench, model.Conversation, []model.Edit) {
	t.Helper()
	b := s.open(t, Options{Conversations: combining})
	c := b.load(cs.id, b.Account.Needs(model.EditKinds()...)).Conversation
	edits := cs.edits
	if edits == nil {
		edits = b.suiting(c, cs.cases)
	}
	if len(edits) < 2 {
		t.Fatalf("%s suits %d cases of %s, want two or more", cs.id, len(edits), cs.name)
	}
	b.Reset()
	return b, c, edits
}

// together applies several edits without refusals and returns the number of
// writes that takes.
func (b *Bench) together(t *testing.T, c model.Conversation, edits []model.Edit) int {
	t.Helper()
	planned, err := b.Account.Requests(c, edits)
	if err != nil {
		t.Fatalf("requests: %v", err)
	}
	kept := c.Clone()
	b.TamperWrites(func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
		before := b.width(c.Ref.ID, edits)
		res, err := next.RoundTrip(req)
		if after := b.width(c.Ref.ID, edits); after > before {
			for _, e := range edits {
				if !e.Widens() && e.Kind != model.EditDelete && e.Kind != model.EditArchive && !b.Field(c.Ref.ID, e.Kind, e.Key).Equal(e.Target) {
					t.Errorf("%s %s widened the conversation before %s was in effect", req.Method, req.URL.Path, e.Field())
				}
			}
		}
		return res, err
	})
	for i, out := range b.Account.Apply(context.Background(), c, edits) {
		if out.Err != nil {
			t.Errorf("without a refusal, the edit of %s failed: %v", edits[i].Field(), out.Err)
		}
		if b.State(c.Ref.ID) != nil && edits[i].Kind != model.EditDelete {
			b.truthful(edits[i], c.Ref.ID, out)
			b.holds(edits[i], c.Ref.ID, edits[i].Target)
		}
	}
	if !reflect.DeepEqual(c, kept) {
		t.Error("Apply changed the conversation it was given")
	}
	same(t, b.Log(), planned)
	return len(planned)
}

// width counts how much of the edits' widening is in effect on the server. It
// measures how many people can see and change the conversation.
func (b *Bench) width(id string, edits []model.Edit) (n int) {
	if b.State(id) == nil {
		return 0
	}
	for _, e := range edits {
		if !e.Widens() {
			continue
		}
		now := b.Field(id, e.Kind, e.Key)
		if e.Target.People == nil {
			if now.Equal(e.Target) {
				n++
			}
			continue
		}
		base := e.Base.Set()
		for _, p := range now.Set() {
			i := slices.IndexFunc(base, func(q model.Participant) bool { return model.SamePerson(p, q) })
			if i < 0 {
				n++ // somebody who was not there
			} else if step := (model.Edit{Kind: e.Kind, Base: model.PeopleValue(base[i : i+1]), Target: model.PeopleValue([]model.Participant{p})}); step.Widens() {
				n++ // somebody who may do more
			}
		}
	}
	return n
}

// refusal is a way for a request to fail.
type refusal struct {
	name   string
	status int    // in the service's own words, or
	fault  string // one of the faults
	// done says that the service may have made the change all the same.
	done bool
}

func refusals() []refusal {
	var out []refusal
	for _, status := range []int{400, 403, 404, 405, 409, 422, 500} {
		out = append(out, refusal{name: fmt.Sprint(status), status: status})
	}
	return append(out, refusal{name: FaultRate, fault: FaultRate}, refusal{name: FaultDropBefore, fault: FaultDropBefore},
		refusal{name: FaultDropAfter, fault: FaultDropAfter, done: true}, refusal{name: FaultPage, fault: FaultPage, done: true})
}

// refusals returns the refusals to try at one step of a combination: all of them
// if it has all cases, and some, which change with the turn, for a pair.
func (cs combination) refusals(turn int) []refusal {
	all := refusals()
	if len(cs.cases) > 2 {
		return aFew(all, 2, turn)
	}
	n := 2
	if testing.Short() {
		n = 1
	}
	out := make([]refusal, n)
	for i := range out {
		out[i] = all[(n*turn+i)%len(all)]
	}
	return out
}

// refusedAt has one write of a combination refused.
func refusedAt(t *testing.T, s Service, cs combination, step int, r refusal) {
	b, c, edits := s.combine(t, cs)
	what := fmt.Sprintf("%s at request %d", r.name, step+1)
	wide, writes, wrong := 0, 0, false
	b.TamperWrites(func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
		if wrong {
			before := b.width(c.Ref.ID, edits)
			res, err := next.RoundTrip(req)
			if b.width(c.Ref.ID, edits) > before {
				t.Errorf("%s: %s %s was sent afterwards and widened the conversation", what, req.Method, req.URL.Path)
			}
			return res, err
		}
		if writes++; writes > step {
			wrong = true
			if r.fault != "" {
				b.Fault(r.fault, 1)
			} else {
				b.AnswerNext(r.status, 1)
			}
			res, err := next.RoundTrip(req)
			wide = b.width(c.Ref.ID, edits)
			return res, err
		}
		return next.RoundTrip(req)
	})
	out := b.Account.Apply(context.Background(), c, edits)
	b.Tamper(nil)
	if now := b.width(c.Ref.ID, edits); now > wide {
		t.Errorf("%s: the conversation was wider at the end than at the failure", what)
	}
	failed := 0
	for i, o := range out {
		e := edits[i]
		if o.Err != nil {
			failed++
		}
		if b.State(c.Ref.ID) == nil || e.Kind == model.EditDelete {
			continue
		}
		b.truthful(e, c.Ref.ID, o)
		held := b.Field(c.Ref.ID, e.Kind, e.Key).Equal(e.Target)
		switch {
		case o.Err == nil && !held:
			t.Errorf("%s: the outcome of %s is success, but it is not in effect", what, e.Field())
		case o.Err != nil && held && model.KindOf(o.Err) != model.UnknownOutcome:
			t.Errorf("%s: the outcome of %s is %v, but it is in effect", what, e.Field(), o.Err)
		}
	}
	if failed == 0 {
		t.Errorf("%s: no edit failed", what)
	}
}

// impossible replaces one edit of a combination by one that can't be sent. The
// other edits must be sent unless they widen.
func impossible(t *testing.T, s Service, cs combination, bad int) {
	b, c, edits := s.combine(t, cs)
	caps := b.Account.Capabilities(c)
	k := slices.IndexFunc(model.EditKinds(), func(k model.EditKind) bool { return !caps.Of(k).Can() })
	if k < 0 {
		return
	}
	edits = slices.Clone(edits)
	wanted := edits[bad].Field()
	edits[bad] = sample(model.EditKinds()[k], c)
	before := b.width(c.Ref.ID, edits)
	out := b.Account.Apply(context.Background(), c, edits)
	wantKind(t, "in place of "+wanted, out[bad].Err, model.Unsupported)
	if b.width(c.Ref.ID, edits) > before {
		t.Errorf("the conversation was widened although the edit in place of %s can't be sent", wanted)
	}
	for i, e := range edits {
		if i == bad || e.Kind == model.EditDelete || b.State(c.Ref.ID) == nil {
			continue
		}
		if held := b.Field(c.Ref.ID, e.Kind, e.Key).Equal(e.Target); held != (out[i].Err == nil) {
			t.Errorf("%s: the outcome has the error %v, in effect on the server: %t", e.Field(), out[i].Err, held)
		} else if !e.Widens() && !held {
			t.Errorf("%s does not widen and was not sent: %v", e.Field(), out[i].Err)
		}
	}
}
