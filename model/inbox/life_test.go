package inbox_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"confab/model"
	"confab/model/inbox"
	"confab/model/query"
	"confab/model/store"
)

// lifeAccounts are the accounts, with the largest number of conversations of each.
var lifeAccounts = []string{"sales", "support"}

const lifeConversations = 12

// life makes random changes to a database that two engines have open: by either of them,
// and by services.
type life struct {
	failer
	pick    func(n int) int // one of n
	clock   *atomic.Int64
	path    string
	fakes   map[string]*fake
	engines []*living
	reader  *store.Store
	aside   map[string]bool // accounts that have another identity for now
	steps   []string
}

// living is one of the engines.
type living struct {
	s     *store.Store
	b     *inbox.Inbox
	scope []string
	end   func()
}

type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func newLife(t failer, path string, engines int, pick func(int) int) *life {
	l := &life{failer: t, pick: pick, clock: &atomic.Int64{}, path: path, fakes: map[string]*fake{}, aside: map[string]bool{}}
	l.clock.Store(time.Date(2026, 2, 15, 12, 30, 0, 0, time.UTC).UnixMilli())
	for _, name := range lifeAccounts {
		l.fakes[name] = newFake(name)
		l.fakes[name].page = 5
	}
	for range engines {
		l.engines = append(l.engines, l.open(lifeAccounts))
	}
	l.reader = l.store()
	return l
}

func (l *life) now() time.Time { return time.UnixMilli(l.clock.Load()) }

func (l *life) store() *store.Store {
	s, err := store.Open(context.Background(), l.path, store.Options{Host: "laptop", Now: l.now})
	l.must("open the database", err)
	return s
}

func (l *life) open(scope []string) *living {
	ctx := context.Background()
	e := &living{s: l.store(), scope: scope}
	o := inbox.Options{Store: e.s, User: "ada", Location: time.UTC, Patience: -1, Now: l.now}
	for _, name := range scope {
		o.Accounts = append(o.Accounts, inbox.Account{Provider: l.fakes[name]})
	}
	var err error
	e.b, err = inbox.Open(ctx, o)
	l.must("open the engine", err)
	_, unsubscribe := e.b.Subscribe()
	e.end = func() {
		unsubscribe()
		e.b.Close(ctx)
		e.s.Close()
	}
	return e
}

func (l *life) close() {
	for _, e := range l.engines {
		e.end()
	}
	l.reader.Close()
}

func (l *life) must(what string, err error) {
	l.Helper()
	if err != nil {
		l.Fatalf("could not %s: %v\nafter the steps\n%s", what, err, strings.Join(l.steps, "\n"))
	}
}

// could is like must, for an operation that may be refused because an edit is being sent
// or gone, or because the account has another identity.
func (l *life) could(what string, err error) {
	l.Helper()
	if kind := model.KindOf(err); err != nil && kind != model.NotFound && kind != model.Invalid &&
		!slices.ContainsFunc(lifeAccounts, func(name string) bool { return l.aside[name] }) {
		l.must(what, err)
	}
}

func (l *life) one(list []string) string { return list[l.pick(len(list))] }

func (l *life) ref(e *living) model.Ref {
	return model.Ref{Account: l.one(e.scope), ID: fmt.Sprint("c", l.pick(lifeConversations))}
}

// conversation makes a conversation as a service may show it.
func (l *life) conversation(ref model.Ref) model.Conversation {
	word := func() string { return l.one([]string{"acme", "budget", "Ann Lee", "é", "renewal"}) }
	at := l.now().Add(-time.Duration(l.pick(400)) * 6 * time.Hour).UTC()
	return model.Conversation{Ref: ref, Provider: model.Kona, Kind: l.one([]string{"call", "email"}), Title: word() + " " + word(),
		Privacy: model.Privacy(l.one([]string{"public", "private"})), Updated: at, Created: at.Add(-time.Hour), Preview: word(),
		ParticipantCount: 1, Labels: map[string]string{"stage": l.one([]string{"won", "lost"})}}
}

func (l *life) did(format string, args ...any) {
	l.steps = append(l.steps, fmt.Sprintf(format, args...))
}

// save stores what a service showed in the process of one engine.
func (l *life) save(e *living) {
	account := l.one(e.scope)
	var batch []model.Conversation
	for range 1 + l.pick(4) {
		c := l.conversation(model.Ref{Account: account, ID: fmt.Sprint("c", l.pick(lifeConversations))})
		if f := l.fakes[account]; !slices.ContainsFunc(batch, func(o model.Conversation) bool { return o.Ref == c.Ref }) {
			batch = append(batch, c)
			f.set(func() { f.convs[c.Ref.ID] = c })
		}
	}
	_, err := e.s.SaveBatch(context.Background(), account, batch, nil)
	l.did("%s: %d are stored", account, len(batch))
	l.could("store", err)
}

func (l *life) bury(e *living) {
	ref := l.ref(e)
	l.did("%v is gone", ref)
	l.could("bury", e.s.Bury(context.Background(), ref))
}

func (l *life) triage(e *living) {
	yes := l.pick(2) == 0
	var ch model.TriageChange
	switch l.pick(4) {
	case 0:
		ch.Done = &yes
	case 1:
		ch.Pinned = &yes
	case 2:
		ch.Seen = &yes
	case 3:
		until := l.now().Add(time.Duration(l.pick(72)-2) * time.Hour)
		ch.Snooze = &until
	}
	refs := []model.Ref{l.ref(e), l.ref(e)}
	l.did("%v are marked", refs)
	l.could("mark", e.b.Triage(context.Background(), slices.Compact(refs), ch, nil))
}

func (l *life) submit(e *living) {
	ctx := context.Background()
	ref := l.ref(e)
	change := title(l.one([]string{"acme two", "budget two"}))
	if l.pick(2) == 0 {
		change = privacy(model.Privacy(l.one([]string{"public", "private"})))
	}
	p, err := e.b.Plan(ctx, []model.Ref{ref}, change, model.PlanOptions{})
	if err == nil {
		_, err = e.b.Submit(ctx, p)
	}
	l.did("%v is edited", ref)
	l.could("edit", err)
}

// settle delivers or discards what is in the outbox.
func (l *life) settle(e *living) {
	ctx := context.Background()
	all, err := e.b.Outbox(ctx)
	l.must("read the outbox", err)
	if len(all) == 0 {
		return
	}
	id := all[l.pick(len(all))].ID
	if l.pick(3) == 0 {
		l.did("%s is discarded", id)
		_, err := e.b.Decide(ctx, model.DecideDiscard, named(id)...)
		l.could("discard", err)
		return
	}
	l.did("%s is delivered", id)
	l.could("deliver", e.b.Deliver(ctx, []string{id}, func(model.DeliveryResult) {}))
}

func (l *life) undo(e *living) {
	ctx := context.Background()
	u, err := e.b.PlanUndo(ctx, "", model.PlanOptions{})
	if err == nil {
		l.did("taken back: %v", u)
		_, err = e.b.ApplyUndo(ctx, u)
	}
	l.could("undo", err)
}

func (l *life) forget(e *living) {
	name := l.one(e.scope)
	l.did("%s is forgotten", name)
	l.must("forget", e.b.Forget(context.Background(), name))
	l.identify(name, "fake "+name)
}

// identify gives an account an identity, as a starting confab does.
func (l *life) identify(name, identity string) {
	for _, e := range l.engines {
		if slices.Contains(e.scope, name) {
			_, _, err := e.s.OpenAccount(context.Background(), name, identity)
			l.must("open an account", err)
		}
	}
	l.aside[name] = identity != "fake "+name
}

func (l *life) other(e *living) {
	name := l.one(e.scope)
	l.did("%s becomes another's: %v", name, !l.aside[name])
	if l.aside[name] {
		l.identify(name, "fake "+name)
	} else {
		l.identify(name, "another")
	}
}

func (l *life) sync(e *living) {
	for _, name := range e.scope {
		f := l.fakes[name]
		c := l.conversation(model.Ref{Account: name, ID: fmt.Sprint("c", l.pick(lifeConversations))})
		gone := l.pick(3) == 0
		f.set(func() {
			if f.convs[c.Ref.ID] = c; gone {
				delete(f.convs, c.Ref.ID)
			}
		})
	}
	l.did("%v are synced", e.scope)
	l.could("sync", e.b.Sync(context.Background()))
}

func (l *life) restart(e *living) {
	scope := [][]string{lifeAccounts, lifeAccounts[:1], lifeAccounts[1:]}[l.pick(3)]
	for i := range l.engines {
		if l.engines[i] == e {
			for _, name := range lifeAccounts {
				if l.aside[name] {
					l.identify(name, "fake "+name)
				}
			}
			e.end()
			l.did("started again with %v", scope)
			l.engines[i] = l.open(scope)
			return
		}
	}
}

func (l *life) move(*living) {
	by := []time.Duration{time.Minute, time.Hour, 26 * time.Hour, 7 * 24 * time.Hour}[l.pick(4)]
	l.did("%v pass", by)
	l.clock.Add(by.Milliseconds())
}

var lifeViews = []string{"", "is:unseen", "is:private", "updated:<7d", "is:snoozed", "sort:title", "is:pending", "is:any", "is:done acme"}

func (l *life) keep(e *living) {
	var views []string
	for range l.pick(5) {
		views = append(views, l.one(lifeViews))
	}
	_, err := e.b.Counts(context.Background(), views)
	l.must("count", err)
}

// lifeQueries are asked of an engine in the order in which a user types them.
var lifeQueries = [][]string{{""}, {"b", "bu", "bud", "budget"}, {"a", "acme", "acme is:private"}, {"is:unseen"}, {"is:pinned"},
	{"is:pending"}, {"updated:<7d", "updated:<7d an"}, {"is:snoozed"}, {"-is:done sort:title"}, {"label:stage=won kind:call"}, {"is:any sort:-created"},
	{"account:sales OR is:private"}, {"title:two"}}

// check compares the lists of an engine with the content of the database.
func (l *life) check(e *living) {
	ctx := context.Background()
	e.b.Look(ctx)
	all := l.subjects(e.scope)
	texts := lifeQueries[l.pick(len(lifeQueries))]
	for _, text := range texts {
		want, keys := l.matching(all, text)
		page, err := e.b.List(ctx, model.ListRequest{Query: text, Inbox: true, Limit: 1000})
		l.must("list the query "+strconv.Quote(text), err)
		var got []model.Ref
		for _, r := range page.Rows {
			got = append(got, r.Conversation.Ref)
		}
		counts, err := e.b.Counts(ctx, []string{text})
		l.must("count the query "+strconv.Quote(text), err)
		if !slices.Equal(got, want) || page.Total != len(want) || counts[0] != len(want) {
			l.Fatalf("the query %q over the accounts %v has %d rows in the list and a count of %d: %v\nwant %d rows: %v\nafter the steps\n%s",
				text, e.scope, page.Total, counts[0], got, len(want), want,
				strings.Join(l.steps, "\n"))
		}
		refs, err := e.b.Refs(ctx, text, true)
		l.must("read the refs of the query "+strconv.Quote(text), err)
		if !slices.Equal(refs, want) {
			l.Fatalf("the refs of %q are %v, want %v\nafter the steps\n%s", text, refs, want, strings.Join(l.steps, "\n"))
		}
		set, err := e.b.Select(ctx, model.SelectRequest{Query: text, Inbox: true})
		l.must("select the query "+strconv.Quote(text), err)
		if set.Len() != keys.Len() || set.Missing(keys) != 0 {
			l.Fatalf("the query %q selects %v, want %v\nafter the steps\n%s", text, set, keys, strings.Join(l.steps, "\n"))
		}
		other := lifeQueries[l.pick(len(lifeQueries))][0]
		_, held := l.matching(all, other)
		hidden, err := e.b.Hidden(ctx, model.ListRequest{Query: other, Inbox: true}, set)
		if l.must("count what the query "+strconv.Quote(other)+" hides", err); hidden != set.Missing(held) {
			l.Fatalf("the list of %q hides %d of the selected rows of %q, want %d\nafter the steps\n%s",
				other, hidden, text, set.Missing(held), strings.Join(l.steps, "\n"))
		}
	}
}

type subject struct {
	key int64
	*query.Subject
}

// subjects reads the subjects of all rows afresh.
func (l *life) subjects(scope []string) []subject {
	ctx := context.Background()
	l.reader.Scope(scope)
	var keys []int64
	_, err := l.reader.Entries(ctx, 0, func(e query.Entry) error { keys = append(keys, e.Key); return nil })
	l.must("read the conversations", err)
	rows, err := l.reader.Rows(ctx, keys)
	l.must("read rows", err)
	if len(rows) != len(keys) {
		l.Fatalf("%d conversations have %d rows, want as many\nafter the steps\n%s", len(keys), len(rows), strings.Join(l.steps, "\n"))
	}
	out := make([]subject, len(rows))
	for i, r := range rows {
		out[i] = subject{r.Key, query.NewSubject(r)}
	}
	return out
}

// matching evaluates a query over all subjects.
func (l *life) matching(all []subject, text string) ([]model.Ref, model.Selection) {
	q, err := query.Parse(text)
	l.must("parse the query "+strconv.Quote(text), err)
	q = q.Inbox()
	var held []subject
	var keys model.Selection
	for _, s := range all {
		if q.Match(s.Subject, l.now(), time.UTC) {
			held = append(held, s)
			keys.Add(s.Ref.Account, s.key)
		}
	}
	slices.SortFunc(held, func(a, b subject) int { return q.Compare(a.Subject, b.Subject) })
	var refs []model.Ref
	for _, s := range held {
		refs = append(refs, s.Ref)
	}
	return refs, keys
}

// byWhichever calls f for a random engine.
func (l *life) byWhichever(do func(*life, *living)) { do(l, l.engines[l.pick(len(l.engines))]) }

var lifeActs = map[string]func(*life, *living){"save": (*life).save, "save more": (*life).save, "bury": (*life).bury, "triage": (*life).triage,
	"triage more": (*life).triage, "submit": (*life).submit, "settle": (*life).settle, "undo": (*life).undo, "forget": (*life).forget,
	"other": (*life).other, "sync": (*life).sync, "restart": (*life).restart, "move": (*life).move, "keep": (*life).keep}

// lifeLong is the duration of the long form, zero for the short one.
func lifeLong() time.Duration {
	d, _ := time.ParseDuration(os.Getenv("CONFAB_SOAK"))
	return d
}

// lifeRounds sets how often a property is checked, and with which seed.
func lifeRounds(t *testing.T, rounds int, seed uint64) {
	t.Helper()
	for name, value := range map[string]string{"rapid.checks": fmt.Sprint(rounds), "rapid.seed": fmt.Sprint(seed), "rapid.nofailfile": "true"} {
		f := flag.Lookup(name)
		before := f.Value.String()
		if err := flag.Set(name, value); err != nil {
			t.Fatalf("setting the flag: %v", err)
		}
		t.Cleanup(func() { flag.Set(name, before) })
	}
}

// TestTwoEnginesShowWhatTheDatabaseHolds makes random changes to a database that two
// engines have open, and after each step compares the lists of one of them with what a
// query means over the rows.
func TestTwoEnginesShowWhatTheDatabaseHolds(t *testing.T) {
	dir := t.TempDir()
	n := 0
	check := func(t *rapid.T) {
		n++
		l := newLife(t, filepath.Join(dir, fmt.Sprint(n), "confab.db"), 2, func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "n") })
		defer l.close()
		acts := map[string]func(*rapid.T){"": func(*rapid.T) { l.byWhichever((*life).check) }}
		for name, act := range lifeActs {
			acts[name] = func(*rapid.T) { l.byWhichever(act) }
		}
		t.Repeat(acts)
		for _, e := range l.engines {
			l.check(e)
		}
	}
	for began, seed := time.Now(), uint64(1); seed == 1 || time.Since(began) < lifeLong(); seed++ {
		lifeRounds(t, 15, seed)
		rapid.Check(t, func(t *rapid.T) {
			must(t, os.Mkdir(filepath.Join(dir, fmt.Sprint(n+1)), 0o700))
			check(t)
		})
	}
}

func must(t failer, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("a step of the test failed: %v", err)
	}
}
