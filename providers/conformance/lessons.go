package conformance

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"confab/model"
)

func lessons(t *testing.T, s Service) {
	for _, l := range s.Lessons {
		bubble(t, l.Name, func(t *testing.T) {
			ctx := context.Background()
			b := s.open(t, Options{})
			ec := s.edit(t, l.Try)
			c, e := b.choose(ec)
			var other model.Conversation
			for _, id := range b.IDs() {
				if id != c.Ref.ID {
					other = b.load(id, b.Account.Needs(l.Kinds...)).Conversation
					if b.Account.Capabilities(other).Of(ec.Kind).Can() {
						break
					}
				}
			}
			before, others := b.Account.Capabilities(c), b.Account.Capabilities(other)
			state := b.State(c.Ref.ID)
			l.Turn(b)
			b.Reset()
			out := b.Account.Apply(ctx, c, []model.Edit{e})[0]
			wantKind(t, "the first try", out.Err, l.Err)
			b.wantCount(t, "the first try", l.Requests)
			if !reflect.DeepEqual(b.State(c.Ref.ID), state) {
				t.Errorf("the conversation has changed: %s", difference(state, b.State(c.Ref.ID)))
			}
			after := b.Account.Capabilities(c)
			for _, k := range model.EditKinds() {
				if !slices.Contains(l.Kinds, k) {
					if after.Of(k) != before.Of(k) {
						t.Errorf("%s was ruled out too: %+v", k, after.Of(k))
					}
					continue
				}
				if after.Of(k).Can() || after.Of(k).Reason == "" || after.Of(k).Reason == before.Of(k).Reason {
					t.Errorf("%s is %+v, before it was %+v", k, after.Of(k), before.Of(k))
				}
				if now := b.Account.Capabilities(other).Of(k); l.Row && now != others.Of(k) || !l.Row && now.Can() {
					t.Errorf("of another conversation, %s is %+v", k, now)
				}
			}
			b.Reset()
			again := b.Account.Apply(ctx, c, []model.Edit{e})[0]
			wantKind(t, "the second try", again.Err, model.Unsupported)
			b.wantCount(t, "the second try", 0)
			if e := model.AsError(again.Err); e != nil && !strings.Contains(e.Message, after.Of(ec.Kind).Reason) {
				t.Errorf("the second try says %q, the capability %q", e.Message, after.Of(ec.Kind).Reason)
			}
			if fresh := s.open(t, Options{}); fresh.Account.Capabilities(c).Of(ec.Kind) != before.Of(ec.Kind) {
				t.Error("another account has learned it too")
			}
		})
	}
}

func quirks(t *testing.T, s Service) {
	for _, q := range s.Quirks {
		t.Run(q.Name, func(t *testing.T) {
			bubble(t, "sync", func(t *testing.T) {
				b := s.open(t, Options{Conversations: several})
				q.Turn(b)
				before := slices.DeleteFunc(b.IDs(), func(id string) bool { return q.Hidden != nil && q.Hidden(b, id) })
				w := b.walk(model.SyncRequest{Mode: model.SyncFull}, nil)
				wantKind(t, "a walk", w.err, q.SyncErr)
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
				for _, id := range b.some()[:min(len(b.some()), 16)] {
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
							t.Errorf("loaded was %s, asked for %s", d.Conversation.Ref, id)
						}
						if got := d.Conversation.Title; !model.TextValue(got).Equal(b.Field(id, model.EditTitle, "")) {
							t.Errorf("%s: the title is %q, the server holds %s", id, got, show(b.Field(id, model.EditTitle, "")))
						}
						if q.Blind == "" {
							b.honest(t, d.Conversation)
						}
					}
				}
			})
			for _, ec := range s.Edits {
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

// quirkyWrite makes an edit and lets nothing pass that is not true.
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
				t.Errorf("%s %s was never announced", r.Method, r.Path)
			}
		}
	}
	if out.Err != nil {
		if k := model.KindOf(out.Err); k == model.Malformed || k == model.Local {
			t.Errorf("the error is %q: %v", k, out.Err)
		}
		return
	}
	if ec.Kind == model.EditCreate || ec.Kind == model.EditDelete {
		return
	}
	// Accepted and not done is for the caller to see: the outcome above must
	// not hide it, and neither may a load.
	d, err := b.Account.Load(context.Background(), id, b.Account.Needs(e.Kind))
	if err == nil {
		if got, known := e.Read(d.Conversation); known && !got.Equal(b.Field(id, e.Kind, e.Key)) {
			t.Errorf("a load shows %s, the server holds %s", show(got), show(b.Field(id, e.Kind, e.Key)))
		}
	}
	if now := b.State(id); now != nil {
		b.onlyChanged(t, e.Kind, before, now)
	}
}

// budget counts what things cost, and prints it.
func budget(t *testing.T, s Service) {
	bubble(t, "table", func(t *testing.T) {
		b := s.open(t, Options{Conversations: s.BudgetSize})
		var out strings.Builder
		w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
		row := func(what string, got, want int) {
			mark := ""
			if got != want {
				mark = fmt.Sprintf("\twant %d", want)
				t.Errorf("%s: %d requests, want %d", what, got, want)
			}
			_, _ = fmt.Fprintf(w, "%s\t%d%s\n", what, got, mark)
		}
		count := func(f func()) int {
			b.Reset()
			f()
			return len(b.Sent())
		}
		var known map[string]model.Conversation
		row(fmt.Sprintf("first sync of %d", s.BudgetSize), count(func() { known = b.whole(t).rows }), s.Budget.FirstSync)
		row("another full walk", count(func() { b.whole(t) }), s.Budget.Walk)
		head := b.walk(model.SyncRequest{Mode: model.SyncHead}, allKnown(known))
		row("refresh with nothing new", count(func() {
			b.walk(model.SyncRequest{Mode: model.SyncHead, Cursor: head.result.Cursor}, allKnown(known))
		}), s.Budget.Refresh)
		opening := model.NeedMessages | b.Account.Needs(model.EditKinds()...)
		id := b.busiest()
		b = s.open(t, Options{Conversations: s.BudgetSize}) // nothing of what busiest read is known
		b.whole(t)
		row("open a conversation", count(func() { b.load(id, opening) }), s.Budget.Open)
		row("open it again", count(func() { b.load(id, opening) }), s.Budget.Reopen)
		row("read before an edit of the title", count(func() { b.load(id, b.Account.Needs(model.EditTitle)) }), s.Budget.Fresh)
		for _, ec := range s.Edits {
			b := s.open(t, Options{})
			c, e := b.choose(ec)
			b.Account.Apply(context.Background(), c, []model.Edit{e})
			row("edit: "+ec.Name, len(b.Sent()), ec.Requests)
		}
		for _, mc := range s.Mixed {
			b := s.open(t, Options{})
			c, edits := b.chooseMixed(mc)
			b.Account.Apply(context.Background(), c, edits)
			row("edits: "+mc.Name, len(b.Sent()), mc.Requests)
		}
		_ = w.Flush()
		t.Logf("requests of %s\n%s", s.Provider, out.String())
	})
}

// busiest gives a conversation with messages.
func (b *Bench) busiest() string {
	b.t.Helper()
	best, most := "", -1
	for _, id := range b.IDs()[:20] {
		if n := len(b.load(id, model.NeedMessages).Messages.Items); n > most {
			best, most = id, n
		}
	}
	return best
}
