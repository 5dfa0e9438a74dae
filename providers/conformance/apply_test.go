package conformance

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"testing"

	"confab/model"
)

func applies(t *testing.T, s Service) {
	for _, ec := range s.Edits {
		bubble(t, ec.Name, func(t *testing.T) { applyOne(t, s, ec) })
	}
	bubble(t, "twice at once", func(t *testing.T) {
		for _, ec := range s.writeCases() {
			if ec.Kind == model.EditCreate {
				continue // two creates make two conversations
			}
			b := s.open(t, Options{})
			c, e := b.choose(ec)
			again := e
			again.ID = "e2"
			for i, out := range b.Account.Apply(context.Background(), c, []model.Edit{e, again}) {
				if out.Err != nil {
					t.Errorf("%s: edit %d: %v", ec.Name, i, out.Err)
				} else if ec.Kind != model.EditDelete {
					b.truthful(e, c.Ref.ID, out)
				}
			}
			b.wantCount(t, ec.Name+", twice", ec.Requests)
			if ec.Kind != model.EditDelete {
				b.holds(e, c.Ref.ID, e.Target)
			}
		}
	})
	bubble(t, "undeclared", func(t *testing.T) { undeclared(t, s, s.open(t, Options{})) })
	bubble(t, "no edits", func(t *testing.T) {
		b := s.open(t, Options{})
		c := b.load(b.first(), 0).Conversation
		b.Reset()
		if out := b.Account.Apply(context.Background(), c, nil); len(out) != 0 {
			t.Errorf("no edits: %d outcomes, want none", len(out))
		}
		if list, err := b.Account.Requests(c, nil); err != nil || len(list) != 0 {
			t.Errorf("no edits: requests %v and error %v, want none", list, err)
		}
		b.wantCount(t, "no edits", 0)
	})
	bubble(t, "an unsupported edit among others", func(t *testing.T) {
		b := s.open(t, Options{})
		c, e := b.choose(s.any())
		caps := b.Account.Capabilities(c)
		i := slices.IndexFunc(model.EditKinds(), func(k model.EditKind) bool { return !caps.Of(k).Can() })
		if i < 0 {
			return
		}
		bad := sample(model.EditKinds()[i], c)
		out := b.Account.Apply(context.Background(), c, []model.Edit{bad, e, bad})
		wantKind(t, "the first", out[0].Err, model.Unsupported)
		wantKind(t, "the third", out[2].Err, model.Unsupported)
		if out[1].Err != nil {
			t.Errorf("the supported edit among them: %v", out[1].Err)
		}
		b.wantCount(t, "one edit that can be sent", s.any().Requests)
		b.holds(e, c.Ref.ID, e.Target)
	})
	for _, mc := range s.Mixed {
		bubble(t, "several: "+mc.Name, func(t *testing.T) { applyMixed(t, s, mc) })
	}
}

func applyOne(t *testing.T, s Service, ec EditCase) {
	ctx := context.Background()
	b := s.open(t, Options{})
	c, e := b.choose(ec)
	id, ids := c.Ref.ID, b.IDs()
	planned, err := b.Account.Requests(c, []model.Edit{e})
	if err != nil {
		t.Fatalf("requests: %v", err)
	}
	b.wantCount(t, "Requests", 0)
	before := b.State(id)
	kept := c.Clone()

	out := b.Account.Apply(ctx, c, []model.Edit{e})[0]
	b.wantCount(t, "the edit", ec.Requests)
	if ec.Exists {
		wantKind(t, "a create where one exists", out.Err, model.ConflictKind)
		if e := model.AsError(out.Err); e != nil && !slices.Contains(ids, e.Existing) {
			t.Errorf("the error names %q as the existing conversation, want one of %q", e.Existing, ids)
		}
		wantIDs(t, "the server", b.IDs(), ids)
		return
	}
	if out.Err != nil {
		t.Fatalf("apply: %v", out.Err)
	}
	if !reflect.DeepEqual(c, kept) {
		t.Error("Apply changed the conversation it was given")
	}
	same(t, b.Log(), planned)

	switch ec.Kind {
	case model.EditCreate:
		created(t, b, e, out, ids)
		return
	case model.EditDelete:
		if b.State(id) != nil {
			t.Error("the server still has the deleted conversation")
		}
		_, err := b.Account.Load(ctx, id, 0)
		wantKind(t, "loading it after", err, model.NotFound)
		if slices.Contains(b.whole(t).ids, id) {
			t.Error("a walk still lists the deleted conversation")
		}
		return
	}
	b.holds(e, id, e.Target)
	b.truthful(e, id, out)
	b.onlyChanged(t, e, before, b.State(id))
	b.seen(t, e, id)

	// Repeating the edit from the same state must change nothing.
	state := b.State(id)
	_ = b.Account.Apply(ctx, c, []model.Edit{e})
	if now := b.State(id); !reflect.DeepEqual(now, state) {
		t.Errorf("repeating the edit changed the conversation: %s", difference(state, now))
	}
	if ok, _ := model.Undoable(e.Kind); !ok {
		return
	}
	inv := model.Edit{Ref: e.Ref, Kind: e.Kind, Key: e.Key, Base: e.Target, Target: e.Base, Undoes: e.ID}
	now := b.load(id, b.Account.Needs(e.Kind)).Conversation
	if !b.Account.Capabilities(now).Of(e.Kind).Can() {
		t.Fatalf("the edit can't be undone: %+v", b.Account.Capabilities(now).Of(e.Kind))
	}
	if out := b.Account.Apply(ctx, now, []model.Edit{inv})[0]; out.Err != nil {
		t.Fatalf("undoing the edit: %v", out.Err)
	} else {
		b.truthful(inv, id, out)
	}
	b.holds(inv, id, e.Base)
	b.seen(t, inv, id)
	b.onlyChanged(t, e, before, b.State(id))
}

// same fails unless a server received exactly the writes that Requests had
// announced.
func same(t *testing.T, got []Received, want []model.Request) {
	t.Helper()
	got = slices.DeleteFunc(slices.Clone(got), func(r Received) bool { return !r.Write })
	if len(got) != len(want) {
		t.Errorf("the server received %d writes, want the %d announced ones", len(got), len(want))
		return
	}
	for i := range got {
		g, w := got[i].Request, want[i]
		if g.Method != w.Method || g.Path != w.Path || g.Query != w.Query || !bytes.Equal(g.Body, w.Body) {
			t.Errorf("write %d is %s %s?%s %s, want the announced %s %s?%s %s", i, g.Method, g.Path, g.Query, g.Body, w.Method, w.Path, w.Query, w.Body)
		}
	}
}

// seen fails unless a load and a walk show the target of an edit.
func (b *Bench) seen(t *testing.T, e model.Edit, id string) {
	t.Helper()
	if got, known := e.Read(b.load(id, b.Account.Needs(e.Kind)).Conversation); !known || !got.Equal(e.Target) {
		t.Errorf("a load shows %s (known %t), want %s", show(got), known, show(e.Target))
	}
	c, there := b.whole(t).rows[id]
	if !there {
		t.Error("a walk does not list the conversation")
	} else if got, known := e.Read(c); known && !got.Equal(e.Target) {
		t.Errorf("a walk shows %s, want %s", show(got), show(e.Target))
	}
}

// onlyChanged fails if an edit changed anything but its own field.
func (b *Bench) onlyChanged(t *testing.T, e model.Edit, before, after map[string]any) {
	t.Helper()
	for _, field := range fieldsOf(before, after) {
		if !slices.Contains(b.service.Stored[e.Kind], field) {
			if !reflect.DeepEqual(before[field], after[field]) {
				t.Errorf("an edit of %s changed %s: %s", e.Field(), field, difference(before, after))
			}
			continue
		}
		// In a map, only the edited key may differ.
		was, _ := before[field].(map[string]any)
		is, _ := after[field].(map[string]any)
		for _, key := range fieldsOf(was, is) {
			if key != e.Key && !reflect.DeepEqual(was[key], is[key]) {
				t.Errorf("an edit of %s changed %s: %s", e.Field(), field, difference(was, is))
			}
		}
	}
}

func fieldsOf(a, b map[string]any) []string {
	var out []string
	for _, m := range []map[string]any{a, b} {
		for k := range m {
			out = append(out, k)
		}
	}
	return slices.Compact(sorted(out))
}

func difference(a, b map[string]any) string {
	var out []string
	for _, k := range fieldsOf(a, b) {
		if !reflect.DeepEqual(a[k], b[k]) {
			out = append(out, fmt.Sprintf("%s from %.200v to %.200v", k, a[k], b[k]))
		}
	}
	return fmt.Sprint(out)
}

// created checks the outcome of a create.
func created(t *testing.T, b *Bench, e model.Edit, out model.Outcome, before []string) {
	t.Helper()
	n := *e.Target.New
	ids := b.IDs()
	if len(ids) != len(before)+1 || !slices.Contains(ids, out.Created) || slices.Contains(before, out.Created) {
		t.Fatalf("the outcome names %q as created; there are %d conversations, before there were %d", out.Created, len(ids), len(before))
	}
	c := b.load(out.Created, b.Account.Needs(model.EditParticipants)|model.NeedMessages)
	if c.Conversation.Title != n.Title || c.Conversation.Description != n.Description ||
		n.Access != "" && c.Conversation.Access != n.Access || n.Privacy != "" && c.Conversation.Privacy != n.Privacy ||
		n.DefaultRole != "" && c.Conversation.DefaultRole != n.DefaultRole || n.Space != "" && c.Conversation.Space.ID != n.Space {
		t.Errorf("the request was for %+v, created was %+v", n, c.Conversation)
	}
	for _, p := range n.People {
		if !slices.ContainsFunc(c.Conversation.Participants.Items, func(q model.Participant) bool {
			return (p.ID == "" && q.Kind == p.Kind && (q.Identifier == p.Identifier || q.Email == p.Email) || model.SamePerson(p, q)) && (p.Role == "" || p.Role == q.Role)
		}) {
			t.Errorf("%s is missing among the participants: %v", p.Display(), c.Conversation.Participants.Items)
		}
	}
	if n.Message != "" && (len(c.Messages.Items) != 1 || c.Messages.Items[0].Text != n.Message) {
		t.Errorf("the first message is %+v, want %q", c.Messages.Items, n.Message)
	}
	if !slices.Contains(b.whole(t).ids, out.Created) {
		t.Error("a walk does not list the conversation")
	}
}

// sample returns an edit of a kind that suits any service.
func sample(k model.EditKind, c model.Conversation) model.Edit {
	e := model.Edit{ID: "e9", Ref: c.Ref, Kind: k, Target: model.TextValue("something")}
	switch k {
	case model.EditPrivacy:
		e.Target = model.TextValue(string(model.PrivacyPrivate))
	case model.EditStatus:
		e.Target = model.TextValue(model.StatusClosed)
	case model.EditParticipants, model.EditContacts:
		e.Target = model.PeopleValue([]model.Participant{{Kind: model.KindUser, ID: "1", Name: "Ann"}})
	case model.EditLabels, model.EditAttributes:
		e.Key = "key"
	case model.EditArchive:
		e.Target = model.TextValue("archived")
	case model.EditDelete:
		e.Target = model.TextValue("deleted")
	case model.EditCreate:
		e.Ref.ID, e.Target = "", model.Value{New: &model.NewConversation{Title: "New"}}
	}
	e.Base, _ = e.Read(c)
	return e
}

// undeclared applies every kind of edit that an account declares impossible.
func undeclared(t *testing.T, s Service, b *Bench) {
	t.Helper()
	id, state := b.first(), b.State(b.first())
	c := b.load(id, model.NeedEverything|model.NeedParticipants|model.NeedContacts).Conversation
	caps := b.Account.Capabilities(c)
	b.Reset()
	for _, k := range model.EditKinds() {
		if caps.Of(k).Can() {
			continue
		}
		out := b.Account.Apply(context.Background(), c, []model.Edit{sample(k, c)})[0]
		wantKind(t, string(k), out.Err, model.Unsupported)
		if out.After != nil || out.Created != "" {
			t.Errorf("%s: the outcome has a result: %+v", k, out)
		}
		if e := model.AsError(out.Err); e != nil && e.Message == "" {
			t.Errorf("%s: the error gives no reason", k)
		}
	}
	b.wantCount(t, "edits that are not supported", 0)
	if !reflect.DeepEqual(b.State(id), state) {
		t.Error("an impossible edit changed the conversation")
	}
}

func applyMixed(t *testing.T, s Service, mc MixedCase) {
	ctx := context.Background()
	b := s.open(t, Options{})
	c, edits := b.chooseMixed(mc)
	id := c.Ref.ID
	planned, err := b.Account.Requests(c, edits)
	if err != nil {
		t.Fatalf("requests: %v", err)
	}
	reached := func(i int) bool { return i < 0 || b.Field(id, edits[i].Kind, edits[i].Key).Equal(edits[i].Target) }
	b.Tamper(func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
		res, err := next.RoundTrip(req)
		if mc.Last >= 0 && reached(mc.Last) && !reached(mc.First) {
			t.Errorf("after %s %s, %s is in effect and %s is not yet", req.Method, req.URL.Path, edits[mc.Last].Field(), edits[mc.First].Field())
		}
		return res, err
	})
	out := b.Account.Apply(ctx, c, edits)
	b.Tamper(nil)
	for i, o := range out {
		if o.Err != nil {
			t.Errorf("several edits: that of %s failed: %v", edits[i].Field(), o.Err)
		}
		b.truthful(edits[i], id, o)
		b.holds(edits[i], id, edits[i].Target)
	}
	b.wantCount(t, "several edits", mc.Requests)
	same(t, b.Log(), planned)
	for _, e := range edits {
		b.seen(t, e, id)
	}
	if !mc.Guards {
		return
	}

	// If the narrowing edit is refused, nothing may be widened.
	b = s.open(t, Options{})
	c, edits = b.chooseMixed(mc)
	failed := false
	b.TamperWrites(func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
		if !failed {
			failed = true
			return answer(403, "", "application/json", `{"message":"not today"}`), nil
		}
		return next.RoundTrip(req)
	})
	out = b.Account.Apply(ctx, c, edits)
	wantKind(t, "the narrowing", out[mc.First].Err, model.Forbidden)
	if out[mc.Last].Err == nil || b.Field(id, edits[mc.Last].Kind, edits[mc.Last].Key).Equal(edits[mc.Last].Target) {
		t.Errorf("the conversation was widened although the narrowing edit was refused: %v", out[mc.Last].Err)
	}
	for i, o := range out {
		if done := b.Field(id, edits[i].Kind, edits[i].Key).Equal(edits[i].Target); done != (o.Err == nil) {
			t.Errorf("%s: the outcome has the error %v, in effect on the server: %t", edits[i].Field(), o.Err, done)
		}
	}
}

func (b *Bench) chooseMixed(mc MixedCase) (model.Conversation, []model.Edit) {
	b.t.Helper()
	if mc.Prepare != nil {
		mc.Prepare(b)
	}
	for _, id := range b.likely(mc.Name) {
		c := b.load(id, b.Account.Needs(model.EditKinds()...)).Conversation
		edits, ok := mc.Edits(b, c)
		if !ok {
			continue
		}
		for i := range edits {
			edits[i].ID, edits[i].Ref = fmt.Sprintf("m%d", i), c.Ref
			var known bool
			if edits[i].Base, known = edits[i].Read(c); !known || edits[i].Base.Equal(edits[i].Target) {
				ok = false
			}
		}
		if ok {
			b.suits(mc.Name, id)
			b.Reset()
			return c, edits
		}
	}
	b.t.Fatalf("no conversation suits %q", mc.Name)
	return model.Conversation{}, nil
}
