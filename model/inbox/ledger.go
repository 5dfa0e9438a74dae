package inbox

import (
	"context"
	"slices"
	"time"

	"confab/model"
)

// explain gives each queued edit the reason why it was not sent, where there is
// one, and each edit between two tries the time of the next, which is no earlier
// than its service asked for. Many are explained with as few questions to the
// database as one.
func (b *Inbox) explain(ctx context.Context, entries []model.OutboxEntry) []model.OutboxEntry {
	out := slices.Clone(entries)
	var queued []string
	for i, e := range out {
		if e.State != model.Queued || e.Error != nil {
			continue
		}
		if !e.Orphaned {
			queued = append(queued, e.ID)
			continue
		}
		out[i].Error = &model.EntryError{Kind: model.Invalid,
			Message: "the config now gives the name of its account to another service or workspace: set the config back, or discard it"}
	}
	var before map[string]model.OutboxEntry
	if len(queued) > 0 {
		before, _ = b.store.Blockers(ctx, queued)
	}
	doors := map[string]door{}
	for i, e := range out {
		account := e.Ref.Account
		if _, ok := doors[account]; !ok {
			doors[account] = b.door(ctx, account)
		}
		at := doors[account]
		switch first, blocked := before[e.ID]; {
		case e.State == model.RetryAt:
			if at.until.After(e.NextTry) {
				out[i].NextTry = at.until
			}
		case e.State != model.Queued || e.Error != nil:
		case blocked:
			out[i].Error = waitsBehind(e, first)
		case at.shut != nil:
			out[i].Error, out[i].NextTry = at.shut, at.next
		}
	}
	return out
}

// door says whether edits of an account are sent now.
type door struct {
	until time.Time // its service asked to be left alone until then
	shut  *model.EntryError
	next  time.Time
}

func (b *Inbox) door(ctx context.Context, name string) (d door) {
	d.until, _ = b.store.HeldUntil(ctx, name)
	a, ok := b.byName[name]
	if !ok {
		return d
	}
	if err := b.allowed(ctx, a); err != nil {
		d.shut, d.next = model.NewEntryError(err), model.AsError(err).RetryAt
	} else if st := a.snapshot(); st.Error != nil {
		d.shut, d.next = st.Error, st.NextTry
	} else if a.desc.ReadOnly {
		d.shut = &model.EntryError{Kind: model.Unsupported, Message: "nothing is sent while " + a.name + " is read-only"}
	}
	return d
}

// waitsBehind says that an edit waits for another one, and how that one does.
func waitsBehind(e, before model.OutboxEntry) *model.EntryError {
	out := &model.EntryError{Kind: model.ConflictKind, Message: waitsFor(e, before)}
	if before.State.Waiting() {
		out.Kind = model.Unavailable // it passes by itself
	}
	if before.Error != nil {
		out.Kind = before.Error.Kind
		out.Message += ": " + before.Error.Message
	}
	return out
}

// waitsFor says which earlier edit another one waits for.
func waitsFor(e, before model.OutboxEntry) string {
	what := "the earlier change of its " + model.FieldName(before.Kind)
	if before.Submission == e.Submission && before.Field() != e.Field() {
		what = "the change of its " + model.FieldName(before.Kind) + " that was submitted with it"
	}
	if before.Kind == e.Kind && before.Key != e.Key {
		what = "another change of its " + model.FieldName(before.Kind) // they are sent as one map
	}
	return "waits for " + what + ", which " + standing(before.State)
}

// standing says how an edit does that another one waits for.
func standing(s model.EditState) string {
	switch {
	case s == model.Sending:
		return "is being sent"
	case s == model.RetryAt:
		return "waits for its next try"
	case s == model.InConflict:
		return "is in conflict"
	case s == model.NotVerified:
		return "is not verified"
	case s == model.OutcomeNotKnown:
		return "has an unknown outcome"
	}
	return "is " + string(s)
}

// explained gives submissions the reason why they wait, where there is one.
func (b *Inbox) explained(ctx context.Context, subs []model.Submission) []model.Submission {
	var problems []model.OutboxEntry
	for _, s := range subs {
		if s.Problem != nil {
			problems = append(problems, *s.Problem)
		}
	}
	problems = b.explain(ctx, problems)
	for i := range subs {
		if subs[i].Problem == nil {
			continue
		}
		e := problems[0]
		problems = problems[1:]
		if subs[i].Problem = &e; e.Error == nil && !e.State.NeedsPerson() {
			subs[i].Problem = nil // it is on its way
		}
	}
	return subs
}

// Outbox lists every edit that is not settled, oldest first.
func (b *Inbox) Outbox(ctx context.Context) ([]model.OutboxEntry, error) { return b.store.Outbox(ctx) }

// Undecided counts the edits of each account that are on their way, but that
// nothing moves before the person has decided about an earlier edit.
func (b *Inbox) Undecided(ctx context.Context) (map[string]int, error) { return b.store.Undecided(ctx) }

// Explained gives edits of the outbox with why they wait and until when.
func (b *Inbox) Explained(ctx context.Context, entries []model.OutboxEntry) []model.OutboxEntry {
	return b.explain(ctx, entries)
}

// Submission reads one submission and how far it is; ok is false where there is
// none of this id.
func (b *Inbox) Submission(ctx context.Context, id string) (model.Submission, bool, error) {
	sub, ok, err := b.store.Submission(ctx, id)
	return b.explained(ctx, []model.Submission{sub})[0], ok, err
}

// SubmissionEdits returns the edits of a submission that are in the outbox, with
// why they wait, and those that are settled; where refs are given those on these
// conversations.
func (b *Inbox) SubmissionEdits(ctx context.Context, id string, refs ...model.Ref) ([]model.OutboxEntry, []model.JournalEntry, error) {
	waiting, settled, err := b.store.SubmissionEdits(ctx, id, refs...)
	return b.Explained(ctx, waiting), settled, err
}

// OutboxOf lists the edits of one conversation that are not settled, oldest
// first, with why they wait.
func (b *Inbox) OutboxOf(ctx context.Context, ref model.Ref) ([]model.OutboxEntry, error) {
	out, err := b.store.OutboxOf(ctx, ref)
	return b.Explained(ctx, out), err
}

// Submissions lists submissions, newest first, those that are still on their
// way included.
func (b *Inbox) Submissions(ctx context.Context, req model.HistoryRequest) ([]model.Submission, error) {
	subs, err := b.store.Submissions(ctx, req)
	return b.explained(ctx, subs), err
}

// Pending lists the submissions of which something is in the outbox, oldest
// first.
func (b *Inbox) Pending(ctx context.Context) ([]model.Submission, error) {
	subs, err := b.store.Pending(ctx)
	return b.explained(ctx, subs), err
}

// History lists delivered edits, newest first.
func (b *Inbox) History(ctx context.Context, req model.HistoryRequest) ([]model.JournalEntry, error) {
	return b.store.History(ctx, req)
}
