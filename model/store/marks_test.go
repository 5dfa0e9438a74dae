package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"confab/model"
	"confab/model/store"
)

// scenario is one conversation at its service, and whether its done mark should hold here.
type scenario struct {
	*rapid.T
	s *store.Store
	c model.Conversation
	n int
	// How the service behaves: which fields its list has, and whether an edit changes the
	// time of the last change at once or only in the next list.
	listCounts, listMessages, joinTouches, touches, late bool

	// shown is the time of the last change that readings return.
	shown time.Time
	// done is whether the mark should hold. unseen is somebody else's change to a person
	// that no reading has shown yet.
	done, unseen, inside bool
	peopleKnown          bool
}

func (w *scenario) next() int { w.n++; return w.n }

// list reads the conversation as a row of a list.
func (w *scenario) list() {
	c := w.c.Clone()
	c.Participants, c.Description, c.DefaultRole = model.Set[model.Participant]{}, "", ""
	if !w.listCounts {
		c.ParticipantCount = -1
	}
	if !w.listMessages {
		c.Preview, c.LastMessage = "", ""
	}
	c.Updated = w.shown
	if _, err := w.s.SaveBatch(context.Background(), "sales", []model.Conversation{c}, nil); err != nil {
		w.Fatalf("SaveBatch: error %v, want none", err)
	}
	if w.listCounts && w.inside {
		w.peopleKnown, w.inside = false, false // the set that was known is an old one
	}
	if w.unseen {
		w.done, w.unseen = false, false
	}
	w.check("a list")
}

// read reads the conversation by itself.
func (w *scenario) read() {
	c := w.c.Clone()
	c.Updated = w.shown
	if err := w.s.Save(context.Background(), c, model.ReadWhole|model.ReadMessages|model.ReadEverything); err != nil {
		w.Fatalf("Save: error %v, want none", err)
	}
	if w.unseen || w.inside && w.peopleKnown {
		w.done = false
	}
	w.unseen, w.inside, w.peopleKnown = false, false, true
	w.check("opening")
}

func (w *scenario) check(after string) {
	w.Helper()
	r, ok, err := w.s.Row(context.Background(), w.c.Ref)
	if err != nil || !ok {
		w.Fatalf("reading the row after %s: found %t, want true; error %v, want none", after, ok, err)
	}
	if r.Triage.Done != w.done {
		w.Fatalf("after %s: the done mark is %t, want %t", after, r.Triage.Done, w.done)
	}
}

func (w *scenario) touched() { w.shown = w.shown.Add(time.Minute) }

func (w *scenario) mark() {
	yes := true
	if _, err := w.s.Triage(context.Background(), []model.Ref{w.c.Ref}, model.TriageChange{Done: &yes}); err != nil {
		w.Fatalf("Triage: error %v, want none", err)
	}
	w.done = true
	w.check("marking it done")
}

// somebody makes a change as another user.
func (w *scenario) somebody() {
	switch rapid.SampledFrom([]string{"rename", "close", "join", "message"}).Draw(w.T, "what") {
	case "rename":
		w.c.Title = fmt.Sprint("theirs ", w.next())
		w.touched()
		w.unseen = true
	case "close":
		w.c.Closed = !w.c.Closed
		w.touched()
		w.unseen = true
	case "join":
		people := append([]model.Participant{}, w.c.Participants.Items...)
		w.c.Participants = model.SetOf(append(people, model.Participant{Kind: "user", ID: fmt.Sprint(w.next()), Role: model.RoleViewer})...)
		w.c.ParticipantCount++
		if w.joinTouches {
			w.touched()
		}
		w.unseen = w.unseen || w.joinTouches || w.listCounts
		w.inside = true
	case "message": // always with the same words
		w.c.LastMessage = fmt.Sprint("m", w.next())
		w.touched()
		w.unseen = true
	}
}

// edit delivers an edit of confab: compare, send, settle, and a later list.
func (w *scenario) edit() {
	e := model.Edit{Ref: w.c.Ref, Kind: rapid.SampledFrom([]model.EditKind{model.EditTitle, model.EditStatus, model.EditParticipants, model.EditDescription}).Draw(w.T, "kind")}
	w.read() // right before sending
	e.Base, _ = e.Read(w.c)
	switch e.Kind {
	case model.EditTitle, model.EditDescription:
		e.Target = model.TextValue(fmt.Sprint("ours ", w.next()))
	case model.EditStatus:
		e.Target = model.TextValue(model.StatusClosed)
		if w.c.Closed {
			e.Target = model.TextValue(model.StatusOpen)
		}
	case model.EditParticipants:
		e.Target = model.PeopleValue(append(e.Base.Set(), model.Participant{Kind: "user", ID: fmt.Sprint(w.next()), Role: model.RoleEditor}))
	}
	ctx := context.Background()
	ids, err := w.s.Enqueue(ctx, model.Submission{ID: store.NewID(start), At: start}, []model.OutboxEntry{{Edit: e}})
	if err != nil {
		w.Fatalf("Enqueue: error %v, want none", err)
	}
	w.check("queueing")
	claimed, err := w.s.Claim(ctx, "sales", ids)
	if err != nil || len(claimed) != 1 {
		w.Fatalf("claimed %d edits, want 1; error %v, want none", len(claimed), err)
	}
	if _, err := w.s.Sent(ctx, claimed, nil, 0); err != nil {
		w.Fatalf("Sent: error %v, want none", err)
	}
	status := w.c.Status
	w.c = model.Project(w.c, []model.Edit{e})
	w.c.Status = status // the service keeps its own word
	after := w.c.Clone()
	after.Updated = w.shown
	if w.touches {
		w.touched()
		if !w.late {
			after.Updated = w.shown
		}
	}
	if rapid.Bool().Draw(w.T, "another process lists it meanwhile") {
		w.list()
	}
	j := model.JournalEntry{Edit: claimed[0].Edit, Before: e.Base, After: e.Target, State: model.Done, At: start}
	if err := w.s.Settle(ctx, claimed[0], j, &after, false); err != nil {
		w.Fatalf("Settle: error %v, want none", err)
	}
	w.check("delivery")
	w.list()
}

func TestOnlySomebodyElsesChangeEndsDone(t *testing.T) {
	s := fresh(t)
	n := 0
	rapid.Check(t, func(r *rapid.T) {
		n++
		flag := func(name string) bool { return rapid.Bool().Draw(r, name) }
		w := &scenario{T: r, s: s, listCounts: flag("a list counts people"), listMessages: flag("a list shows the last message"),
			joinTouches: flag("joining moves the time"), touches: flag("an edit moves the time"), late: flag("but later"), shown: start}
		w.c = conv(fmt.Sprint(n), "a")
		w.c.Description, w.c.DefaultRole, w.c.Status = "about", model.RoleViewer, "active"
		w.c.Participants, w.c.ParticipantCount = model.SetOf(model.Participant{Kind: "user", ID: "ann", Role: model.RoleEditor}), 1
		w.c.Preview, w.c.LastMessage = "ok", "m0"
		w.list()
		w.mark()
		for range rapid.IntRange(1, 25).Draw(r, "steps") {
			switch rapid.SampledFrom([]string{"list", "read", "mark", "somebody", "edit"}).Draw(r, "step") {
			case "list":
				w.list()
			case "read":
				w.read()
			case "mark":
				w.mark()
			case "somebody":
				w.somebody()
			case "edit":
				w.edit()
			}
		}
	})
}

// After confab's own edit one later time of the last change is expected. A reading that
// shows the conversation as the answer did proves that it won't come.
func TestReadingThatRepeatsTheAnswerClearsTouch(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "before"))
	yes := true
	s.Triage(t.Context(), []model.Ref{{Account: "sales", ID: "1"}}, model.TriageChange{Done: &yes})
	enqueue(t, s, rename("1", "before", "after"))
	e := claim(t, s, nil)[0]
	if _, err := s.Sent(t.Context(), []model.OutboxEntry{e}, nil, 0); err != nil {
		t.Fatalf("Sent: error %v, want none", err)
	}
	after := conv("1", "after")
	if err := s.Settle(t.Context(), e, model.JournalEntry{Edit: e.Edit, State: model.Done, At: start}, &after, false); err != nil {
		t.Fatalf("Settle: error %v, want none", err)
	}
	save(t, s, after)
	if !row(t, s, "1").Triage.Done {
		t.Error("the user's own edit removed the done mark, want it kept")
	}
	after.Updated = after.Updated.Add(time.Minute)
	save(t, s, after)
	if row(t, s, "1").Triage.Done {
		t.Error("after another user's change the conversation is still done, want the mark removed")
	}
}
