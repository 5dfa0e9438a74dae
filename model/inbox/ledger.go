package inbox

import (
	"cmp"
	"context"
	"time"

	"confab/model"
)

// Explained fills in why queued edits are not sent, and no earlier time of a next try than the service asked for. It
// returns the edits that it was given.
func (b *Inbox) Explained(ctx context.Context, entries []model.OutboxEntry) []model.OutboxEntry {
	all := make([]*model.OutboxEntry, len(entries))
	for i := range entries {
		all[i] = &entries[i]
	}
	b.explain(ctx, all)
	return entries
}

// explain asks the database for many edits as few questions as for one.
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
		case e.State != model.Queued || e.Error != nil:
		case e.Orphaned:
			e.Error = &model.EntryError{Kind: model.Invalid,
				Message: "the config now gives the name of its account to another service or workspace: set the config back, or discard it"}
		case blocked:
			e.Error = waitsBehind(*e, first)
		case account.reason != nil:
			e.Error, e.NextTry = account.reason, account.next
		}
	}
}

// standstill is why edits of an account are not sent now.
type standstill struct {
	asked  time.Time // its service asked to be left alone until then
	reason *model.EntryError
	next   time.Time
}

func (b *Inbox) standstill(ctx context.Context, name string) (s standstill) {
	asked := b.allowed(ctx, name)
	if asked != nil {
		s.asked = model.AsError(asked).RetryAt
	}
	a, ok := b.byName[name]
	if !ok {
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

func waitsBehind(e, before model.OutboxEntry) *model.EntryError {
	what := "the earlier change of its " + model.FieldName(before.Kind)
	if before.Submission == e.Submission && before.Field() != e.Field() {
		what = "the change of its " + model.FieldName(before.Kind) + " that was submitted with it"
	}
	if before.Kind == e.Kind && before.Key != e.Key {
		what = "another change of its " + model.FieldName(before.Kind) // they are sent as one map
	}
	state := cmp.Or(standing[before.State], "is "+string(before.State))
	out := &model.EntryError{Kind: model.ConflictKind, Message: "waits for " + what + ", which " + state}
	if before.State.Waiting() {
		out.Kind = model.Unavailable // it passes by itself
	}
	if before.Error != nil {
		out.Kind = before.Error.Kind
		out.Message += ": " + before.Error.Message
	}
	return out
}

// standing says how an edit does that another one waits for, where its state does not.
var standing = map[model.EditState]string{
	model.Sending:         "is being sent",
	model.RetryAt:         "waits for its next try",
	model.InConflict:      "is in conflict",
	model.NotVerified:     "is not verified",
	model.OutcomeNotKnown: "has an unknown outcome",
}

// explained fills in why submissions wait.
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
			subs[i].Problem = nil // it is on its way
		}
	}
	return subs
}

// Submission returns one submission and how far it is.
func (b *Inbox) Submission(ctx context.Context, id string) (model.Submission, bool, error) {
	sub, ok, err := b.store.Submission(ctx, id)
	return b.explained(ctx, []model.Submission{sub})[0], ok, err
}

// SubmissionEdits returns the edits of a submission, of these conversations if any are named: those in the outbox, with
// why they wait, and those that are settled.
func (b *Inbox) SubmissionEdits(ctx context.Context, id string, refs ...model.Ref) ([]model.OutboxEntry, []model.JournalEntry, error) {
	waiting, settled, err := b.store.SubmissionEdits(ctx, id, refs...)
	return b.Explained(ctx, waiting), settled, err
}

// OutboxOf lists the edits of one conversation that are not settled, oldest first, with why they wait.
func (b *Inbox) OutboxOf(ctx context.Context, ref model.Ref) ([]model.OutboxEntry, error) {
	out, err := b.store.OutboxOf(ctx, ref)
	return b.Explained(ctx, out), err
}

// Submissions lists submissions, newest first.
func (b *Inbox) Submissions(ctx context.Context, req model.HistoryRequest) ([]model.Submission, error) {
	subs, err := b.store.Submissions(ctx, req)
	return b.explained(ctx, subs), err
}

// Pending lists the submissions of which something is in the outbox, oldest first.
func (b *Inbox) Pending(ctx context.Context) ([]model.Submission, error) {
	subs, err := b.store.Pending(ctx)
	return b.explained(ctx, subs), err
}
