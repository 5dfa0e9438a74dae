package proof

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"confab/model"
)

// a random change of a conversation, in words that its service has.
func (w *world) change(c model.Conversation) model.Change {
	set := func(k model.EditKind, values ...string) model.Change {
		return model.Change{Kind: k, Op: model.OpSet, Target: model.TextValue(pick(w.r, values))}
	}
	text := fmt.Sprint("text ", w.r.IntN(6))
	person := func() model.Participant {
		if now := append(slices.Clone(c.Participants.Items), c.Contacts.Items...); len(now) > 0 && w.r.IntN(2) == 0 {
			return pick(w.r, now)
		}
		return pick(w.r, w.pool[c.Ref.Account])
	}
	people := func(kind model.EditKind, roles ...string) model.Change {
		p := person()
		op := pick(w.r, []model.ChangeOp{model.OpAdd, model.OpRemove, model.OpAlter})
		p.Role, p.Status = "", ""
		if len(roles) > 0 && op != model.OpRemove {
			p.Role = pick(w.r, roles)
		}
		if kind == model.EditParticipants && c.Ref.Account == "support" && op == model.OpAlter {
			p.Status = pick(w.r, []string{"active", "pending"})
		}
		if kind == model.EditContacts && op == model.OpAlter {
			op = model.OpAdd
		}
		return model.Change{Kind: kind, Op: op, People: []model.Participant{p}}
	}
	rare := func(k model.EditKind, otherwise model.Change) model.Change {
		if w.r.IntN(8) == 0 {
			return model.Change{Kind: k}
		}
		return otherwise
	}
	switch c.Ref.Account {
	case "sales":
		return pick(w.r, []model.Change{
			set(model.EditPrivacy, "private", "public"), set(model.EditPrivacy, "private", "public"), set(model.EditTitle, text),
			{Kind: model.EditLabels, Op: model.OpSet, Key: pick(w.r, []string{"Call Type", "Stage"}), Target: model.TextValue(text)},
			rare(model.EditArchive, set(model.EditTitle, text))})
	case "support":
		return pick(w.r, []model.Change{
			set(model.EditPrivacy, "private", "public"), set(model.EditTitle, text), set(model.EditDescription, text, ""),
			set(model.EditStatus, "open", "closed"), set(model.EditAccess, "open", "invite-only", "request-to-join"),
			people(model.EditParticipants), people(model.EditParticipants),
			{Kind: model.EditAttributes, Op: model.OpSet, Key: pick(w.r, []string{"tier", "language"}), Target: model.TextValue(text)},
			rare(model.EditDelete, set(model.EditTitle, text))})
	case "meetings":
		return people(model.EditContacts)
	}
	return pick(w.r, []model.Change{
		set(model.EditTitle, text), set(model.EditDescription, text), set(model.EditAccess, "just_me", "group", "everyone"),
		set(model.EditDefaultRole, "editor", "viewer", "collaboration_complete"),
		people(model.EditParticipants, "editor", "viewer"), people(model.EditParticipants, "editor", "viewer"),
		rare(model.EditDelete, set(model.EditTitle, text))})
}

func (w *world) refs() []model.Ref {
	var out []model.Ref
	for ref := range w.truth {
		if !w.gone[ref] || w.r.IntN(10) == 0 {
			out = append(out, ref)
		}
	}
	slices.SortFunc(out, func(a, b model.Ref) int { return strings.Compare(a.String(), b.String()) })
	// A few conversations are touched again and again.
	return out[:min(len(out), 10)]
}

// step does one random thing.
func (w *world) step(ctx context.Context) error {
	w.confab = pick(w.r, w.running)
	switch n := w.r.IntN(100); {
	case n < 40:
		return w.submit(ctx)
	case n < 48:
		return w.create(ctx)
	case n < 65:
		return w.interfere(ctx)
	case n < 78:
		return w.undo(ctx)
	case n < 90:
		return w.decide(ctx)
	case n < 94:
		w.inbox.Refresh()
		return nil
	case n < 97:
		w.say("closes and opens again")
		return w.again(w.closeAll)
	}
	w.say("dies and starts again")
	synctest.Wait()
	return w.again(w.die)
}

func (w *world) submit(ctx context.Context) error {
	refs, changes := w.choose()
	plan, err := w.inbox.Plan(ctx, refs, changes, model.PlanOptions{})
	if err != nil {
		return err
	}
	if _, err := w.inbox.Submit(ctx, plan); err != nil {
		return err
	}
	for _, e := range plan.Edits() {
		w.say("submits %s: %s %s %s: %s → %s", plan.ID, e.Ref, e.Kind, e.Key, show(e.Base), show(e.Target))
	}
	return nil
}

// choose picks some conversations of one account and what to change in them.
func (w *world) choose() ([]model.Ref, []model.Change) {
	w.mu.Lock()
	defer w.mu.Unlock()
	refs := w.refs()
	w.r.Shuffle(len(refs), func(i, j int) { refs[i], refs[j] = refs[j], refs[i] })
	refs = refs[:min(len(refs), 1+w.r.IntN(3))]
	var changes []model.Change
	account := refs[0].Account
	for range 1 + w.r.IntN(3) {
		changes = append(changes, w.change(w.truth[refs[0]]))
	}
	refs = slices.DeleteFunc(refs, func(r model.Ref) bool { return r.Account != account })
	if slices.ContainsFunc(changes, func(c model.Change) bool { return c.Kind == model.EditDelete }) {
		changes = []model.Change{{Kind: model.EditDelete}}
	}
	return refs, changes
}

func (w *world) create(ctx context.Context) error {
	account := pick(w.r, []string{"support", "projects"})
	n := model.NewConversation{Title: fmt.Sprint("new ", w.r.IntN(5)), Message: pick(w.r, []string{"", "Good morning"})}
	if account == "projects" {
		n.Space = w.space
	}
	for range w.r.IntN(3) {
		n.People = append(n.People, pick(w.r, w.pool[account]))
	}
	plan, err := w.inbox.PlanCreate(ctx, account, n, model.PlanOptions{})
	if err != nil {
		return err
	}
	if _, err := w.inbox.Submit(ctx, plan); err != nil {
		return err
	}
	if plan.Count(model.PlanChange) > 0 {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.asked[account+" "+n.Title]++
		w.say("submits %s: create “%s” in %s", plan.ID, n.Title, account)
	}
	return nil
}

// interfere is somebody else's change.
func (w *world) interfere(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	ref := pick(w.r, w.refs())
	if w.gone[ref] {
		return nil
	}
	p := w.others[ref.Account]
	now := w.truth[ref]
	it := model.PlanOne(now, p.Describe(), p.Capabilities(now), []model.Change{w.change(now)})
	if it.State != model.PlanChange {
		return nil
	}
	p.Apply(ctx, now, it.Edits)
	for _, ev := range w.observe(ref) {
		w.events = append(w.events, ev)
		w.say("%s", ev)
	}
	return nil
}

func (w *world) undo(ctx context.Context) error {
	id := ""
	if w.r.IntN(2) == 0 {
		k, err := readStore(ctx, w.store)
		if err != nil {
			return err
		}
		var ids []string
		for _, s := range k.subs {
			ids = append(ids, s.ID)
		}
		for _, j := range k.journal {
			ids = append(ids, j.ID)
		}
		if len(ids) == 0 {
			return nil
		}
		id = pick(w.r, ids)
	}
	u, err := w.inbox.PlanUndo(ctx, id)
	if err != nil {
		return unlessItIs(err, model.NotFound)
	}
	if _, err := w.inbox.ApplyUndo(ctx, u); errors.Is(err, model.ErrUndoMoved) {
		return nil
	} else if err != nil {
		return err
	}
	for _, id := range u.GiveUp {
		w.dropped[id] = true
	}
	w.say("takes back %s by %s: withdraws %v, gives up %v, can't %q", u.Submission, u.Plan.ID, u.Withdraw, u.GiveUp, u.Blocked)
	for _, e := range u.Plan.Edits() {
		w.say("  %s %s %s: %s → %s, undoes %s", e.Ref, e.Kind, e.Key, show(e.Base), show(e.Target), e.Undoes)
	}
	return nil
}

func unlessItIs(err error, kinds ...model.ErrorKind) error {
	if slices.Contains(kinds, model.KindOf(err)) {
		return nil
	}
	return err
}

// decide settles an edit of the outbox as a person may.
func (w *world) decide(ctx context.Context) error {
	outbox, err := w.inbox.Outbox(ctx)
	if err != nil || len(outbox) == 0 {
		return err
	}
	e := pick(w.r, outbox)
	how := pick(w.r, []string{"retry", "discard", "mine", "theirs", "merged"})
	if how == "discard" || how == "theirs" {
		w.dropped[e.ID] = e.Sent || e.State == model.Sending
	}
	switch how {
	case "retry":
		err = w.inbox.Retry(ctx, e.ID)
	case "discard":
		err = w.inbox.Discard(ctx, e.ID)
	default:
		if !e.State.NeedsPerson() {
			delete(w.dropped, e.ID)
			return nil
		}
		err = w.inbox.Resolve(ctx, e.ID, model.Resolution(how))
	}
	w.say("%s %s, which is %s (sent %v): %v", how, e.ID, e.State, e.Sent, err)
	if err != nil {
		delete(w.dropped, e.ID)
	}
	return unlessItIs(err, model.Invalid, model.NotFound)
}

// settle lets everything that moves by itself come to rest.
func (w *world) settle(ctx context.Context) error {
	harm := w.wire.harm
	w.harm(0)
	for range 100 {
		if err := w.inbox.Sync(ctx); err != nil {
			w.say("sync: %v", err)
		}
		time.Sleep(20 * time.Second)
		synctest.Wait()
		outbox, err := w.inbox.Outbox(ctx)
		if err != nil {
			return err
		}
		moving := slices.ContainsFunc(outbox, func(e model.OutboxEntry) bool {
			return e.State == model.Sending || e.State.Waiting() && !w.behind(outbox, e)
		})
		if !moving {
			w.harm(harm)
			return w.compare(ctx)
		}
	}
	k, err := readStore(ctx, w.store)
	w.fault("after half an hour without any fault something still waits\n%s", k)
	return err
}

// behind reports whether an edit waits for one that waits for a person.
func (w *world) behind(outbox []model.OutboxEntry, e model.OutboxEntry) bool {
	return slices.ContainsFunc(outbox, func(p model.OutboxEntry) bool {
		if p.Ref != e.Ref || p.ID >= e.ID || !p.State.NeedsPerson() && !w.behind(outbox, p) {
			return false
		}
		return e.Widens() && p.Submission == e.Submission || p.State == model.Held || p.State.Waiting()
	})
}

// compare holds what confab says against what is so.
func (w *world) compare(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	k, err := readStore(ctx, w.store)
	if err != nil {
		return err
	}
	w.counted(k)
	for _, e := range k.outbox {
		w.seen["left "+string(e.State)]++
	}
	outbox := map[string]model.OutboxEntry{}
	for _, e := range k.outbox {
		outbox[e.ID] = e
	}
	journal := map[string]model.JournalEntry{}
	for _, j := range k.journal {
		journal[j.ID] = j
	}
	first, last := map[string]event{}, map[string]event{}
	for _, ev := range w.events {
		if ev.edit == "" {
			continue
		}
		if last[ev.edit] = ev; first[ev.edit].edit == "" {
			first[ev.edit] = ev
		}
		j, done := journal[ev.edit]
		e, open := outbox[ev.edit]
		switch {
		case done && j.State == model.Done:
		case done:
			w.fault("history says that edit %s was already so, and it made the change %s", ev.edit, ev)
		case open && e.Sent:
		case open && e.Target.People != nil:
		case open:
			w.fault("the outbox says that edit %s, %s, was not sent, and it made the change %s", ev.edit, e.State, ev)
		case !w.dropped[ev.edit]:
			w.fault("neither history nor outbox has the edit that made the change %s", ev)
		}
	}
	for _, j := range k.journal {
		if !w.checked[j.ID] {
			w.seen[string(j.Kind)+" "+string(j.State)]++
			w.checked[j.ID] = true
		}
		w.entry(j, first[j.ID], last[j.ID])
	}
	for ref, c := range w.truth {
		if w.gone[ref] {
			continue
		}
		now, err := w.look(ref)
		if err != nil {
			w.fault("%s is gone, and nobody did that", ref)
			continue
		}
		for _, ev := range changed(c, now) {
			w.fault("changed behind everybody's back: %s", ev)
		}
	}
	return nil
}

// entry checks that what history says was done was done, on what it says was
// there. first and last are the changes that it made.
func (w *world) entry(j model.JournalEntry, first, last event) {
	switch j.Kind {
	case model.EditCreate:
		if key := j.Ref.Account + " " + j.Target.New.Title; w.made[key] == 0 {
			w.fault("history says that “%s” was created, and it was not", key)
		}
		return
	case model.EditDelete:
		if !w.gone[j.Ref] {
			w.fault("history says that %s was deleted, and it is there", j.Ref)
		}
		return
	}
	if last.edit != "" {
		if !last.is.Equal(j.After) {
			w.fault("history says that edit %s left %s, and it left %s", j.ID, show(j.After), show(last.is))
		}
		if !first.was.Equal(j.Before) && !first.crossed {
			w.fault("history says that edit %s met %s, and it met %s", j.ID, show(j.Before), show(first.was))
		}
		return
	}
	// Nothing was written for it: then it was so by itself.
	values := w.values(j.Ref, j.Field(), j.At)
	if values == nil {
		now, _ := j.Read(w.truth[j.Ref])
		values = []model.Value{now}
	}
	if !slices.ContainsFunc(values, j.After.Equal) && !w.gone[j.Ref] {
		w.fault("history says that %s %s was %s at %s (edit %s, %s), and it was %s", j.Ref, j.Field(), show(j.After),
			j.At.Format(time.TimeOnly), j.ID, j.State, show(values[len(values)-1]))
	}
}

// counted checks the counts of submissions and creates.
func (w *world) counted(k kept) {
	byID := map[string]model.JournalEntry{}
	taken := map[string]int{}
	for _, j := range k.journal {
		byID[j.ID] = j
	}
	for _, j := range k.journal {
		if j.Undone == "" {
			continue
		}
		taken[j.Submission]++
		u, ok := byID[j.Undone]
		if !ok || u.Undoes != j.ID || !takenBack(j, u.After) {
			w.fault("edit %s counts as taken back by %s, which is %+v", j.ID, j.Undone, u)
		}
	}
	for _, s := range k.subs {
		if s.Edits != s.Waiting+s.NeedPerson+s.Delivered+s.Already+s.Withdrawn+s.Discarded+s.Replaced {
			w.fault("the counts of submission %s do not add up: %+v", s.ID, s)
		}
		if s.TakenBack != taken[s.ID] || s.TakenBack > s.Delivered {
			w.fault("submission %s has %d taken back of %d delivered; there are %d", s.ID, s.TakenBack, s.Delivered, taken[s.ID])
		}
	}
	for title, n := range w.made {
		if n > w.asked[title] {
			w.fault("“%s” was made %d times, and asked for %d times", title, n, w.asked[title])
		}
	}
}

// quickDir is a directory in memory, where there is one: thousands of steps
// would else wait for the disk.
func quickDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "confab-proof")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// takenBack reports whether a value holds nothing of what an edit did: of a set
// that others have changed since, only one's own part goes back.
func takenBack(j model.JournalEntry, now model.Value) bool {
	if j.Before.People == nil || now.People == nil {
		return now.Equal(j.Before)
	}
	return model.PeopleValue(model.MergePeople(*j.After.People, *j.Before.People, *now.People)).Equal(now)
}

// life runs steps of random life and returns the world it ends in.
func life(t *testing.T, dir string, seed uint64, steps int) (w *world, err error) {
	synctest.Test(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(seed, 7))
		skew := time.Duration(r.IntN(120)-60) * time.Minute
		if w, err = newWorld(dir, r, 0.02+0.2*r.Float64(), skew); err != nil {
			return
		}
		ctx := context.Background()
		time.Sleep(time.Minute)
		for n := 0; n < steps && err == nil && !w.failed(); n++ {
			if err = w.step(ctx); err != nil {
				break
			}
			if r.IntN(4) > 0 { // else the next step meets what is still moving
				time.Sleep(time.Duration(r.Int64N(int64(4 * time.Second))))
				synctest.Wait()
			}
			if n%12 == 11 {
				err = w.settle(ctx)
			}
		}
		if err == nil && !w.failed() {
			err = w.settle(ctx)
		}
		w.noteEnd()
		if e := w.closeAll(); err == nil {
			err = e
		}
	})
	return w, err
}

// noteEnd notes what confab says at the end, for a report.
func (w *world) noteEnd() {
	if k, err := readStore(context.Background(), w.store); err == nil {
		w.say("confab says:\n%s", k)
	}
}

// TestHistoryExplainsTheServices lets edits, other people, faults, restarts and
// undos happen at random, and wants what the services hold explained by what
// confab says at every rest.
func TestHistoryExplainsTheServices(t *testing.T) {
	const steps = 60
	n := seed(t)
	total := 0
	seen := map[string]int{}
	least := 6
	if raceDetector {
		least = 2
	}
	rounds(t, least, func(round int) {
		w, err := life(t, quickDir(t), n+uint64(round), steps)
		total += steps
		for what, n := range w.seen {
			seen[what] += n
		}
		if err == nil && len(w.faults) == 0 {
			return
		}
		t.Errorf("CONFAB_SEED=%d: %v\n%s\n%s", n+uint64(round), err, strings.Join(w.faults, "\n"), strings.Join(w.steps, "\n"))
	})
	t.Logf("%d steps; what they met: %v", total, seen)
}
