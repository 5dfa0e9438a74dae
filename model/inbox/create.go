package inbox

import (
	"context"
	"slices"
	"strings"
	"time"

	"confab/model"
	"confab/model/store"
)

// lookPause is between the two looks for a create that nothing shows of.
const lookPause = 5 * time.Second

// readBackTries is how often a conversation that the service says it made is
// read before a person is asked.
const readBackTries = 5

// create makes a conversation. What was at the head of the service's list is
// kept before the request first leaves; once it may have left, it is looked for
// against that before anything is repeated, and once the service has named the
// new conversation, that is read and nothing is sent.
func (d delivery) create(ctx context.Context, e model.OutboxEntry) error {
	creator, ok := d.a.provider.(model.Creator)
	if !ok {
		return d.failed(ctx, e, &model.Error{Kind: model.Unsupported, Op: "create conversation", Message: "the service creates no conversations"}, true)
	}
	d.creator = creator
	kept, err := d.b.store.Creation(ctx, e.ID)
	if err != nil {
		return err
	}
	switch {
	case kept.Made != "":
		return d.readBack(context.WithoutCancel(ctx), e, kept.Made)
	case e.Sent:
		if again, err := d.look(ctx, e, kept); err != nil || !again {
			return err
		}
	default:
		newest, err := d.creator.Newest(ctx, *e.Target.New)
		switch model.KindOf(err) {
		case "", model.Forbidden, model.NotFound, model.Unsupported:
			// Without a list a lost answer is left to the person.
			kept = store.Creation{Known: newest.IDs, Sure: err == nil && newest.Sure}
		default:
			return d.failed(context.WithoutCancel(ctx), e, err, true)
		}
	}
	ctx = context.WithoutCancel(ctx)
	ok, err = d.b.store.SentCreate(ctx, e, kept)
	if err != nil {
		return err
	}
	if !ok {
		return d.park(ctx, e, model.RetryAt, &model.EntryError{Kind: model.ConflictKind,
			Message: "waits until it is known what became of another new conversation with this title"}, nil, d.b.now().Add(firstPause), false)
	}
	remote, cancel := context.WithTimeout(ctx, writeTime)
	defer cancel()
	out := d.a.provider.Apply(remote, model.Conversation{}, []model.Edit{e.Edit})[0]
	switch {
	case model.KindOf(out.Err) == model.ConflictKind:
		return d.exists(ctx, remote, e, kept, model.AsError(out.Err))
	case out.Err != nil:
		return d.failed(ctx, e, out.Err, false)
	}
	kept.Made = out.Created
	if err := d.b.store.KeepCreation(ctx, e.ID, kept); err != nil {
		return err
	}
	return d.readBack(ctx, e, out.Created)
}

// exists handles a create that the service refuses because of what is there
// already. Where it names that, it is read so that it can be opened; where it
// is what an earlier request of this create made, that is the end of it.
func (d delivery) exists(ctx, remote context.Context, e model.OutboxEntry, kept store.Creation, refusal *model.Error) error {
	refused := *refusal
	if refused.Existing != "" {
		ref := model.Ref{Account: d.a.name, ID: refused.Existing}
		if e.Sent && !slices.Contains(kept.Known, ref.ID) {
			found, err := d.creator.Find(remote, e.Edit, kept.Known)
			if err == nil && len(found.Same) == 1 && found.Same[0].Ref.ID == ref.ID {
				return d.claimed(ctx, e, kept, found)
			}
		}
		if read, err := d.a.provider.Load(remote, ref.ID, model.NeedParticipants); err == nil {
			if _, err := d.b.store.Save(ctx, read.Conversation, read.Reading(model.NeedParticipants)); err != nil {
				return err
			}
			defer d.b.announce(ctx, d.a)
		}
		refused.Hint = "it exists already, as " + ref.String()
	} else if e.Sent {
		return d.unclear(ctx, e, nil, "the service refuses another: "+refused.Message)
	}
	d.b.log("%s: %s %s: %s", d.a.name, e.Kind, model.Refused, refused.Kind)
	cause := model.NewEntryError(&refused)
	if refused.Existing != "" {
		cause.Existing = model.Ref{Account: d.a.name, ID: refused.Existing}.String()
	}
	return d.park(ctx, e, model.Refused, cause, nil, time.Time{}, !e.Sent)
}

// readBack ends a create whose conversation the service has named: it is done
// when that is read and shows what was asked for.
func (d delivery) readBack(ctx context.Context, e model.OutboxEntry, id string) error {
	e.Sent = true
	remote, cancel := context.WithTimeout(ctx, writeTime)
	defer cancel()
	ref := model.Ref{Account: d.a.name, ID: id}
	need := model.NeedParticipants
	if e.Target.New.Message != "" {
		need |= model.NeedMessages
	}
	read, err := d.reread(remote, id, need, func(r model.Detail, err error) bool { return err == nil && len(e.Target.New.Lacks(r)) == 0 })
	if err != nil {
		failure := model.AsError(err)
		cause := &model.EntryError{Kind: model.UnknownOutcome, Existing: ref.String(),
			Message: "made as " + ref.String() + ", but reading it back failed: " + words(err)}
		switch {
		case failure.Kind == model.RateLimited, failure.Kind == model.Unavailable, failure.Kind == model.Unauthorized,
			failure.Kind == model.NoCredential, failure.Kind == model.Canceled, failure.Kind == model.Local:
			later := *failure
			later.Message, later.Hint, later.Fields, later.Existing = cause.Message, "", nil, id
			return d.failed(ctx, e, &later, true)
		case e.Attempts < readBackTries:
			return d.park(ctx, e, model.RetryAt, cause, nil, d.b.now().Add(backoff(e.Attempts)), false)
		}
		return d.park(ctx, e, model.OutcomeNotKnown, cause, nil, time.Time{}, false)
	}
	if lacks := e.Target.New.Lacks(read); len(lacks) > 0 {
		if _, err := d.b.store.Save(ctx, read.Conversation, read.Reading(need)); err != nil {
			return err
		}
		d.b.announce(ctx, d.a)
		return d.park(ctx, e, model.NotVerified, &model.EntryError{Kind: model.Unverified, Existing: ref.String(),
			Message: "made as " + ref.String() + ", but it shows another " + strings.Join(lacks, ", ")}, nil, time.Time{}, false)
	}
	return d.created(ctx, e, read.Conversation)
}

// look tries to tell what became of a create whose answer was lost. again is
// that it was certainly not made. A service may still be at work on the
// request, so that takes two looks.
func (d delivery) look(ctx context.Context, e model.OutboxEntry, kept store.Creation) (again bool, err error) {
	found, err := d.creator.Find(ctx, e.Edit, kept.Known)
	if err == nil && len(found.Alike) == 0 && found.Sure && kept.Sure {
		rest(ctx, lookPause, nil)
		found, err = d.creator.Find(ctx, e.Edit, kept.Known)
	}
	if ctx.Err() != nil {
		err = &model.Error{Kind: model.Canceled, Op: "look for a create", Err: ctx.Err()}
	}
	ctx = context.WithoutCancel(ctx)
	switch k := model.KindOf(err); {
	case k == model.Canceled || k == model.Local || k.Transient() || k == model.Unauthorized || k == model.NoCredential:
		return false, d.failed(ctx, e, err, true)
	case err != nil:
		return false, d.unclear(ctx, e, nil, "it cannot be looked for: "+words(err))
	}
	rivals, err := d.b.store.Rivals(ctx, e)
	if err != nil {
		return false, err
	}
	if found, err = d.unclaimed(ctx, found, rivals); err != nil {
		return false, err
	}
	sure := kept.Sure && found.Sure
	switch {
	case len(found.Same) == 1 && found.Marked:
		return false, d.claimed(ctx, e, kept, found)
	case !sure:
		return false, d.unclear(ctx, e, found.Alike, "the list of conversations does not tell for sure whether it was made")
	case len(found.Same) == 1:
		id := found.Same[0].Ref.ID
		if slices.ContainsFunc(rivals, func(r store.Rival) bool { return r.Made == "" && !slices.Contains(r.Known, id) }) {
			return false, d.unclear(ctx, e, found.Alike, "another create with this title may have made the new conversation")
		}
		return false, d.claimed(ctx, e, kept, found)
	case len(found.Same) > 1:
		return false, d.unclear(ctx, e, found.Alike, "several new conversations are what was asked for")
	case len(found.Alike) > 0:
		return false, d.unclear(ctx, e, found.Alike, "a new conversation may be it, and does not show all that was asked for")
	}
	return true, nil
}

// unclaimed leaves out what another create is known to have made.
func (d delivery) unclaimed(ctx context.Context, found model.Found, rivals []store.Rival) (model.Found, error) {
	var taken []string
	for _, id := range found.Alike {
		by, err := d.b.store.CreatedBy(ctx, model.Ref{Account: d.a.name, ID: id})
		if err != nil {
			return found, err
		}
		if by != "" || slices.ContainsFunc(rivals, func(r store.Rival) bool { return r.Made == id }) {
			taken = append(taken, id)
		}
	}
	found.Alike = slices.DeleteFunc(slices.Clone(found.Alike), func(id string) bool { return slices.Contains(taken, id) })
	found.Same = slices.DeleteFunc(slices.Clone(found.Same), func(c model.Conversation) bool { return slices.Contains(taken, c.Ref.ID) })
	return found, nil
}

// claimed ends a create with the one conversation that it made.
func (d delivery) claimed(ctx context.Context, e model.OutboxEntry, kept store.Creation, found model.Found) error {
	kept.Made = found.Same[0].Ref.ID
	if err := d.b.store.KeepCreation(ctx, e.ID, kept); err != nil {
		return err
	}
	return d.created(ctx, e, found.Same[0])
}

// unclear leaves a create to the person; alike are the conversations to look at.
func (d delivery) unclear(ctx context.Context, e model.OutboxEntry, alike []string, why string) error {
	cause := &model.EntryError{Kind: model.UnknownOutcome, Message: "sent without an answer, and " + why}
	if len(alike) > 0 {
		refs := make([]string, len(alike))
		for i, id := range alike {
			refs[i] = model.Ref{Account: d.a.name, ID: id}.String()
		}
		cause.Existing = refs[0]
		cause.Message += " (" + strings.Join(refs[:min(len(refs), 3)], ", ") + ")"
	}
	return d.park(ctx, e, model.OutcomeNotKnown, cause, nil, time.Time{}, false)
}

// created writes the journal and ends the create.
func (d delivery) created(ctx context.Context, e model.OutboxEntry, c model.Conversation) error {
	// The first message has been delivered; bodies are kept nowhere.
	n := *e.Target.New
	n.Message = ""
	e.Target = model.Value{New: &n}
	j := d.entry(e, model.Value{}, e.Target, model.Done)
	j.Ref = c.Ref
	if err := d.b.store.Settle(ctx, e, j, &c, false); err != nil {
		return err
	}
	d.a.reached()
	e.Ref = c.Ref
	d.tell(e, model.Done, &j)
	return nil
}
