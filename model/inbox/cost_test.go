package inbox_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"confab/model"
	"confab/model/store"
	"confab/model/store/crowd"
)

// cost sums up the runs of one statement.
type cost struct{ runs, rows, pages int }

func costs(ran []store.Ran) map[string]cost {
	out := map[string]cost{}
	for _, r := range ran {
		text := strings.Join(strings.Fields(r.Text), " ")
		c := out[text]
		out[text] = cost{c.runs + 1, c.rows + r.Rows, c.pages + r.Pages}
	}
	return out
}

// shown counts the rows read to be shown.
func shown(all map[string]cost) (n int) {
	for text, c := range all {
		if strings.HasPrefix(text, "SELECT c.account, c.id, c.key") && !strings.Contains(text, "value ->> 0") { // by key, or of one account
			n += c.rows
		}
	}
	return n
}

func runs(all map[string]cost) (n int) {
	for _, c := range all {
		n += c.runs
	}
	return n
}

// list reads what the screen reads again when rows have changed: the window around its
// cursor, and the counts of the views.
func (c *peopled) list(at model.Ref) model.Page {
	c.tb.Helper()
	p, err := c.b.List(c.ctx(), model.ListRequest{Inbox: true, Limit: 40, Anchor: at})
	c.must(err)
	if _, err := c.b.Counts(c.ctx(), crowd.Views); err != nil {
		c.tb.Fatalf("counting the views: %v", err)
	}
	return p
}

// costly is an event with its preparation and the number of rows read to show it.
type costly struct {
	name    string
	prepare func(c *peopled) (act func())
	shown   int
}

// None of these numbers is a multiple of 5, since other edits wait on those.
var costlies = []costly{
	{"an edit is submitted", func(c *peopled) func() {
		refs := c.serve(11)
		p, err := c.b.Plan(c.ctx(), refs, title("eleven"), model.PlanOptions{})
		c.must(err)
		return func() { _, err := c.b.Submit(c.ctx(), p); c.must(err) }
	}, 0},
	{"an edit is delivered", func(c *peopled) func() {
		ids := c.submit("twelve", c.serve(12)...)
		return func() { c.delivered(ids) }
	}, 0},
	{"another process changes a row", func(c *peopled) func() {
		c.changeElsewhere("thirteen", 13)
		return func() { c.b.Look(c.ctx()) }
	}, 0},
	{"a row is marked", func(c *peopled) func() {
		return func() { c.must(c.b.Triage(c.ctx(), []model.Ref{crowd.Ref(14)}, model.TriageChange{Seen: yes()}, nil)) }
	}, 1},
	{"a row is read by itself", func(c *peopled) func() {
		refs := c.serve(16)
		return func() { _, err := c.b.Load(c.ctx(), refs[0], model.NeedParticipants); c.must(err) }
	}, 1},
	{"the list is read again and nothing in it changed", func(c *peopled) func() {
		at := c.list(model.Ref{}).Rows[3].Conversation.Ref
		c.list(at)
		return func() { c.list(at) }
	}, 0},
	{"a row that is not in the window changed", func(c *peopled) func() {
		at := c.list(model.Ref{}).Rows[3].Conversation.Ref
		c.list(at)
		c.changeElsewhere("far away", 801)
		c.b.Look(c.ctx())
		return func() { c.list(at) }
	}, 0},
	{"a row in the window changed", func(c *peopled) func() {
		at := c.list(model.Ref{}).Rows[3].Conversation.Ref
		c.list(at)
		c.changeElsewhere("near", 9)
		c.b.Look(c.ctx())
		return func() { c.list(at) }
	}, 1},
	{"a page is shown that was not shown before", func(c *peopled) func() { return func() { c.list(crowd.Ref(253)) } }, 40},
	{"the activity of a conversation is shown", func(c *peopled) func() {
		return func() {
			req := model.HistoryRequest{Ref: crowd.Ref(250), Limit: 50}
			subs, err := c.b.Submissions(c.ctx(), req)
			c.must(err)
			edits, err := c.b.OutboxOf(c.ctx(), req.Ref)
			c.must(err)
			past, err := c.b.History(c.ctx(), req)
			c.must(err)
			if len(subs) != 2 || len(edits) != 1 || len(past) != 1 {
				c.tb.Fatalf("one conversation shows %d submissions (want 2), %d edits in the outbox (want 1) and %d in the history (want 1)",
					len(subs), len(edits), len(past))
			}
		}
	}, 0},
	{"a submission is told of", func(c *peopled) func() {
		all, _, err := c.b.Changed(c.ctx(), 0, 0)
		c.must(err)
		return func() { _, _, err := c.b.Submission(c.ctx(), all[0].ID); c.must(err) }
	}, 0},
}

// delivered delivers edits, all of which the service accepts.
func (c *peopled) delivered(ids []string) {
	c.tb.Helper()
	n := 0
	c.must(c.b.Deliver(context.Background(), ids, func(r model.DeliveryResult) {
		if r.Entry.State != model.Done {
			c.tb.Errorf("an edit that the service accepts ended as %s, want %s: %s", r.Entry.State, model.Done, inWords(r.Entry))
		}
		n++
	}))
	if n != len(ids) {
		c.tb.Fatalf("the delivery reported %d edits, want %d", n, len(ids))
	}
}

func yes() *bool { v := true; return &v }

// An event of one row runs the same statements and returns as many rows, however many rows,
// waiting edits and old submissions there are. No statement reads more pages than a deeper
// tree takes.
func TestCostOfAnEventDoesNotGrowWithTheDatabase(t *testing.T) {
	small := newCrowd(t, crowd.Size{Conversations: 1_000, Waiting: 100, Delivered: 1_000})
	large := newCrowd(t, crowd.Size{Conversations: 10_000, Waiting: 1_000, Delivered: 10_000})
	for _, it := range costlies {
		t.Run(it.name, func(t *testing.T) {
			var all [2]map[string]cost
			for i, c := range []*peopled{small, large} {
				c.tb = t
				act := it.prepare(c)
				c.reads.Take()
				act()
				all[i] = costs(c.reads.Take())
				if n := shown(all[i]); n != it.shown {
					t.Errorf("with %d conversations, %d rows are read to be shown, want %d", c.size.Conversations, n, it.shown)
				}
				for text, k := range all[i] {
					if it.shown > len(crowd.Accounts) && k.runs > len(crowd.Accounts) {
						t.Errorf("to show %d rows, a statement runs %d times, want at most once for each of the %d accounts: %s",
							it.shown, k.runs, len(crowd.Accounts), text)
					}
				}
			}
			compare(t, all[0], all[1])
		})
	}
	t.Run("a bulk is delivered", func(t *testing.T) {
		if s, l := small.bulk(t), large.bulk(t); s != l {
			t.Errorf("an edit of a bulk runs %d statements in a small inbox and %d in a large one, want the same number", s, l)
		}
	})
}

// compare compares what a large inbox costs with a small one.
func compare(t *testing.T, small, large map[string]cost) {
	t.Helper()
	for text, l := range large {
		s := small[text]
		if l.runs != s.runs || l.rows != s.rows || l.pages > 2*s.pages+4*l.runs {
			t.Errorf("a statement costs %+v in a small inbox and %+v in a large one, want as many runs and rows, and no more pages than a deeper tree takes: %s",
				s, l, text)
		}
	}
	for text := range small {
		if _, ok := large[text]; !ok {
			t.Errorf("a statement runs in a small inbox only, want it in a large one, too: %s", text)
		}
	}
}

// bulk checks that each edit of a bulk costs what a single edit costs, and returns how many
// statements each runs.
func (c *peopled) bulk(t *testing.T) int {
	const many = 87
	c.tb = t
	one := c.submit("one", c.serve(1)...)
	c.reads.Take()
	c.delivered(one)
	alone := costs(c.reads.Take())

	var which []int
	for i := 21; len(which) < many; i += 4 { // all of one account: several accounts deliver side by side and share events
		if i%5 != 0 {
			which = append(which, i)
		}
	}
	ids := c.submit("many", c.serve(which...)...)
	c.reads.Take()
	c.delivered(ids)
	bulk := costs(c.reads.Take())
	for text, k := range bulk {
		a := alone[text]
		if k.runs > many*a.runs+1 || k.rows > many*max(a.rows, 1) || k.pages > many*(2*a.pages+4*a.runs) {
			t.Errorf("with %d conversations, a statement costs %+v for one edit and %+v for %d of a bulk, want no more for each of them: %s",
				c.size.Conversations, a, k, many, text)
		}
	}
	if n := shown(bulk); n != 0 {
		t.Errorf("the delivery of a bulk reads %d rows to show them, want 0", n)
	}
	t.Logf("%d conversations: %d statements an edit of a bulk, %d of one alone", c.size.Conversations, runs(bulk)/many, runs(alone))
	return runs(bulk) / many
}

// An event names what changed, and nothing is read that the screen doesn't show.
func TestEventNamesWhatChanged(t *testing.T) {
	c := newCrowd(t, crowd.Size{Conversations: 1_000, Waiting: 100, Delivered: 100})
	events, done := c.b.Subscribe()
	defer done()
	ids := c.submit("named", c.serve(21)...)
	<-events
	_, version, err := c.b.Changed(c.ctx(), 0, 0)
	c.must(err)
	c.delivered(ids)
	e := <-events
	if e.All || !slices.Equal(e.Refs, []model.Ref{crowd.Ref(21)}) || !e.Edits {
		t.Errorf("the event of a delivered edit is %+v, want it to name only %v and a change of edits", e, crowd.Ref(21))
	}
	if subs, _, err := c.b.Changed(c.ctx(), version, 0); err != nil || len(subs) != 1 {
		t.Errorf("since before the delivery %d submissions changed, want 1; error %v, want none", len(subs), err)
	}
	c.changeElsewhere("by another", 22, 23)
	c.b.Look(c.ctx())
	e = <-events
	slices.SortFunc(e.Refs, func(a, b model.Ref) int { return strings.Compare(a.String(), b.String()) })
	if want := []model.Ref{crowd.Ref(22), crowd.Ref(23)}; e.All || len(e.Refs) != 2 || !slices.Contains(want, e.Refs[0]) || e.Edits {
		t.Errorf("the event of two rows that another process changed is %+v, want it to name only %v", e, want)
	}
}

// transactions counts write transactions: each begins by reading the version of the
// database.
func transactions(all map[string]cost) int {
	return all["SELECT total_changes(), user_version FROM pragma_user_version"].runs
}

// From key to journal an edit takes four write transactions: it is queued, claimed,
// recorded as sent together with what was read, and settled. An edit with nothing to send
// takes no more.
func TestEditTakesFourWriteTransactions(t *testing.T) {
	c := newCrowd(t, crowd.Size{Conversations: 1_000, Waiting: 100, Delivered: 100})
	elsewhere := func(to string) func(*fake, model.Ref) {
		return func(f *fake, ref model.Ref) { f.change(ref.ID, func(c *model.Conversation) { c.Title = to }) }
	}
	for i, it := range []struct {
		name   string
		before func(*fake, model.Ref)
		state  model.EditState
		writes int
	}{
		{"sent", func(*fake, model.Ref) {}, model.Done, 1},
		{"already so", elsewhere("new"), model.OutcomeAlreadySet, 0},
		{"in conflict", elsewhere("another"), model.InConflict, 0},
	} {
		which := 31 + i
		ref := c.serve(which)[0]
		f := c.fakes[which%4]
		_, applied := f.count()
		c.reads.Take()
		ids := c.submit("new", ref)
		it.before(f, ref)
		c.must(c.b.Deliver(c.ctx(), ids, func(r model.DeliveryResult) {
			if r.Entry.State != it.state {
				t.Errorf("%s: the edit ended as %s, want %s: %s", it.name, r.Entry.State, it.state, inWords(r.Entry))
			}
		}))
		if n := transactions(costs(c.reads.Take())); n != 4 {
			t.Errorf("%s: the edit took %d write transactions, want 4", it.name, n)
		}
		if _, now := f.count(); now-applied != it.writes {
			t.Errorf("%s: the service was written to %d times, want %d", it.name, now-applied, it.writes)
		}
	}
}
