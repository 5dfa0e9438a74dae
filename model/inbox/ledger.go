package inbox

import (
	"cmp"
	"context"
	"time"

	"confab/model"
)

// withReasons fills in why edits are not sent, and moves their next try to when the service allows it. It changes
// and returns entries.
func (b *Inbox) withReasons(ctx context.Context, entries []model.OutboxEntry) []model.OutboxEntry {
	all := make([]*model.OutboxEntry, len(entries))
	for i := range entries {
		all[i] = &entries[i]
	}
	b.explain(ctx, all)
	return entries
}

// explain asks the database as few questions for many edits as for one.
func (b *Inbox) explain(ctx context.Context, entries []*model.OutboxEntry) {
	var queued []string
	for _, e := range entries {
		if e.State == model.Queued && e.Error == nil {
			queued = append(queued, e.ID)
		}
	}
	var before map[string]model.OutboxEntry
	if len(queued) > 0 {
		before, _ = b.store.Blockers(ctx, queued)
	}
	accounts := map[string]standstill{}
	for _, e := range entries {
		account, known := accounts[e.Ref.Account]
		if !known {
			account = b.standstill(ctx, e.Ref.Account)
			accounts[e.Ref.Account] = account
		}
		switch first, blocked := before[e.ID]; {
		case e.State == model.RetryAt && account.asked.After(e.NextTry):
			e.NextTry = account.asked
		case e.Error != nil:
		case e.Orphaned:
			e.Error = &model.EntryError{Kind: model.Invalid, Message: model.OrphanedMeans}
		case e.State == model.Held:
			e.Error = &model.EntryError{Kind: model.ConflictKind, Message: model.HeldMeans}
		case e.State != model.Queued:
		case blocked:
			e.Error = waitsFor(*e, first)
		case account.reason != nil:
			e.Error, e.NextTry = account.reason, account.next
		}
	}
}

type standstill struct {
	asked  time.Time // until when its service asked not to be called
	reason *model.EntryError
	next   time.Time
}

func (b *Inbox) standstill(ctx context.Context, name string) (s standstill) {
	asked := b.checkHold(ctx, name)
	if asked != nil {
		s.asked = model.AsError(asked).RetryAt
	}
	a, ok := b.byName[name]
	if !ok {
		s.reason = &model.EntryError{Kind: model.Unsupported, Message: "nothing is sent while " + without(name)}
		return s
	}
	switch st := a.snapshot(); {
	case asked != nil:
		s.reason, s.next = model.NewEntryError(asked), s.asked
	case st.Error != nil:
		s.reason, s.next = st.Error, st.NextTry
	case a.desc.ReadOnly:
		s.reason = &model.EntryError{Kind: model.Unsupported, Message: "nothing is sent while " + a.name + " is read-only"}
	}
	return s
}

func waitsFor(e, before model.OutboxEntry) *model.EntryError {
	what := "the earlier change of its " + model.FieldName(before.Kind)
	if before.Submission == e.Submission && before.Field() != e.Field() {
		what = "the change of its " + model.FieldName(before.Kind) + " that was submitted with it"
	}
	if before.Kind == e.Kind && before.Key != e.Key {
		what = "another change of its " + model.FieldName(before.Kind) // both are keys of a map that is sent whole
	}
	state := cmp.Or(stateWords[before.State], "is "+string(before.State))
	out := &model.EntryError{Kind: model.ConflictKind, Message: "waits for " + what + ", which " + state}
	if before.State.Waiting() {
		out.Kind = model.Unavailable // passes by itself
	}
	if before.Error != nil {
		out.Kind = before.Error.Kind
		out.Message += ": " + before.Error.Message
	}
	return out
}

// stateWords describe the state of an edit that another edit waits for, if the state itself is not a good word.
var stateWords = map[model.EditState]string{
	model.Sending:         "is being sent",
	model.RetryAt:         "waits for its next try",
	model.InConflict:      "is in conflict",
	model.NotVerified:     "is not verified",
	model.OutcomeNotKnown: "has an unknown outcome",
}

func (b *Inbox) explained(ctx context.Context, subs []model.Submission) []model.Submission {
	var problems []*model.OutboxEntry
	for _, s := range subs {
		if s.Problem != nil {
			problems = append(problems, s.Problem)
		}
	}
	b.explain(ctx, problems)
	for i := range subs {
		if p := subs[i].Problem; p != nil && p.Error == nil && !p.State.NeedsPerson() {
			subs[i].Problem = nil // on its way, so not a problem
		}
	}
	return subs
}

// Submission returns one submission with its progress.
func (b *Inbox) Submission(ctx context.Context, id string) (model.Submission, bool, error) {
	sub, ok, err := b.store.Submission(ctx, id)
	return b.explained(ctx, []model.Submission{sub})[0], ok, err
}

// SubmissionEdits returns a submission and its edits, see model.Ledger, with why they wait.
func (b *Inbox) SubmissionEdits(ctx context.Context, id string, since int64) (model.SubmissionEdits, error) {
	out, err := b.store.SubmissionEdits(ctx, id, since)
	b.withReasons(ctx, out.Outbox)
	out.Submission = b.explained(ctx, []model.Submission{out.Submission})[0]
	return out, err
}

// Changed returns submissions, see model.Ledger, with why they wait.
func (b *Inbox) Changed(ctx context.Context, since int64, limit int, ids ...string) ([]model.Submission, int64, error) {
	subs, version, err := b.store.Changed(ctx, since, limit, ids...)
	return b.explained(ctx, subs), version, err
}

// Outbox lists every edit that is not settled, oldest first, with why it waits.
func (b *Inbox) Outbox(ctx context.Context) ([]model.OutboxEntry, error) {
	out, err := b.store.Outbox(ctx)
	return b.withReasons(ctx, out), err
}

// OutboxOf lists the edits of one conversation that are not settled, oldest first, with why they wait.
func (b *Inbox) OutboxOf(ctx context.Context, ref model.Ref) ([]model.OutboxEntry, error) {
	out, err := b.store.OutboxOf(ctx, ref)
	return b.withReasons(ctx, out), err
}

// Submissions lists submissions, newest first.
func (b *Inbox) Submissions(ctx context.Context, req model.HistoryRequest) ([]model.Submission, error) {
	subs, err := b.store.Submissions(ctx, req)
	return b.explained(ctx, subs), err
}

// Decide carries out a decision, see model.Ledger. It refuses edits that are being sent or that it does not know.
func (b *Inbox) Decide(ctx context.Context, d model.Decision, edits ...model.OutboxEntry) (n int, err error) {
	n = len(edits)
	ids := make([]string, n)
	for i, e := range edits {
		ids[i] = e.ID
	}
	switch d {
	case model.DecideRetry:
		err = b.store.Requeue(ctx, ids)
	case model.DecideDiscard, model.DecideTheirs:
		err = b.store.Discard(ctx, ids)
	case model.DecideWithdraw:
		ids, err = b.store.Withdraw(ctx, ids)
		n = len(ids)
	default:
		for i := 0; i < n && err == nil; i++ {
			err = b.resolve(ctx, edits[i], d)
		}
	}
	return n, b.outboxChanged(ctx, err)
}

// resolve sends an edit over what the person saw that the service showed: another process may have seen a later value since. If
// it showed nothing, the edit is sent as it is.
func (b *Inbox) resolve(ctx context.Context, e model.OutboxEntry, d model.Decision) error {
	if e.Theirs == nil {
		return b.store.Requeue(ctx, []string{e.ID})
	}
	edit, err := e.Decided(d)
	if err != nil {
		return err
	}
	return b.store.Rebase(ctx, e.ID, edit.Base, edit.Target)
}

// Recheck reads the field of an edit that waits for a person from the service, and stores the value with the edit.
func (b *Inbox) Recheck(ctx context.Context, id string) (model.OutboxEntry, error) {
	e, ok, err := b.store.OutboxEntry(ctx, id)
	b.explain(ctx, []*model.OutboxEntry{&e})
	if err != nil || !ok || !e.State.NeedsPerson() || e.Ref.ID == "" {
		return e, err
	}
	a, err := b.account(e.Ref.Account)
	if err != nil {
		return e, err
	}
	read, err := b.readAndSave(ctx, a, e.Ref.ID, a.provider.Needs(e.Kind))
	if err != nil {
		return e, err
	}
	if theirs, known := e.Read(read.Conversation); known && (e.Theirs == nil || !e.Theirs.Equal(theirs)) {
		e.Theirs = &theirs
		err = b.store.Shows(ctx, id, theirs)
	}
	return e, err
}

// outboxChanged announces that a person changed the outbox, or what was changed before err, and wakes delivery unless
// err is set. It returns err.
func (b *Inbox) outboxChanged(ctx context.Context, err error) error {
	for _, a := range b.accounts {
		if err == nil {
			a.pause(time.Time{})
			nudge(a.wakeDeliver)
		}
	}
	b.announce(ctx)
	return err
}
