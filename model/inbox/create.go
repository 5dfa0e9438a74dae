package inbox

import (
	"context"
	"slices"
	"strings"
	"time"

	"confab/model"
	"confab/model/store"
)

const (
	lookPause     = 5 * time.Second // between the two searches for a create that left no trace
	readBackTries = 5               // how often a new conversation is read back before a person is asked
)

type creation struct {
	*delivery
	model.Creator
	kept store.Creation
}

// create delivers a create. Before the request first leaves, it records the head of the service's list. Once the
// request may have left, it searches for the conversation before it repeats anything. Once the service has named the
// conversation, it only reads it back.
func (d *delivery) create(ctx context.Context, e model.OutboxEntry) error {
	creator, ok := d.a.provider.(model.Creator)
	if !ok {
		return d.settle(ctx, e, d.failed(ctx, e, &model.Error{Kind: model.Unsupported, Op: "create conversation",
			Message: "the service creates no conversations"}, true))
	}
	c := creation{delivery: d, Creator: creator}
	var err error
	if c.kept, err = d.b.store.Creation(ctx, e.ID); err != nil {
		return err
	}
	end, err := c.make(ctx, e)
	if err != nil {
		return err
	}
	return d.settle(context.WithoutCancel(ctx), e, end)
}

// make sends a create if that is certainly right. The error is a failure of this machine.
func (c *creation) make(ctx context.Context, e model.OutboxEntry) (ending, error) {
	switch {
	case c.kept.Made != "":
		return c.readBack(ctx, e), nil
	case e.Sent:
		if end, again, err := c.look(ctx, e); err != nil || !again {
			return end, err
		}
	default:
		newest, err := c.Newest(ctx, *e.Target.New)
		switch model.KindOf(err) {
		case "", model.Forbidden, model.NotFound, model.Unsupported:
			// Without a list, a lost answer is left to the user.
			c.kept = store.Creation{Known: newest.IDs, Sure: newest.Sure}
		default:
			return c.failed(ctx, e, err, true), nil
		}
	}
	ctx = context.WithoutCancel(ctx)
	ok, err := c.b.store.SentCreate(ctx, e, c.kept)
	if err != nil {
		return ending{}, err
	}
	if !ok {
		end := stopped(model.RetryAt, "waits until it is known what became of another new conversation with this title")
		end.next = c.b.now().Add(firstPause)
		return end, nil
	}
	remote, cancel := context.WithTimeout(ctx, writeTime)
	defer cancel()
	out := c.a.provider.Apply(remote, model.Conversation{}, []model.Edit{e.Edit})[0]
	switch {
	case model.KindOf(out.Err) == model.ConflictKind:
		return c.exists(remote, e, model.AsError(out.Err))
	case out.Err != nil:
		return c.failed(ctx, e, out.Err, false), nil
	}
	if err := c.keep(ctx, e, out.Created); err != nil {
		return ending{}, err
	}
	return c.readBack(ctx, e), nil
}

func (c *creation) keep(ctx context.Context, e model.OutboxEntry, made string) error {
	c.kept.Made = made
	return c.b.store.KeepCreation(ctx, e.ID, c.kept)
}

// exists returns the ending of a create that the service refuses because something exists already. It reads the
// conversation that the service names, so that the user can open it; an earlier request of this create may have made
// it.
func (c *creation) exists(ctx context.Context, e model.OutboxEntry, refusal *model.Error) (ending, error) {
	refused := *refusal
	end := ending{state: model.Refused, unsent: !e.Sent}
	switch id := refused.Existing; {
	case id != "":
		if e.Sent {
			found, err := c.Find(ctx, e.Edit, c.kept.Known)
			if err == nil && len(found.Same) == 1 && found.Same[0].Ref.ID == id {
				return c.claimed(ctx, e, found)
			}
		}
		if read, err := c.a.provider.Load(ctx, id, model.NeedParticipants); err == nil {
			end.shows, end.reading = &read.Conversation, read.Reading(model.NeedParticipants)
		}
		refused.Hint = "it exists already, as " + c.ref(id)
	case e.Sent:
		return c.unclear(nil, "the service refuses another: "+refused.Message), nil
	}
	c.b.log("%s: %s %s: %s", c.a.name, e.Kind, model.Refused, refused.Kind)
	end.cause = c.entryError(&refused)
	return end, nil
}

// readBack returns the ending of a create that the service has named: done if reading the conversation shows what was
// asked for.
func (c *creation) readBack(ctx context.Context, e model.OutboxEntry) ending {
	id := c.kept.Made
	remote, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTime)
	defer cancel()
	need := model.NeedParticipants
	if e.Target.New.Message != "" {
		need |= model.NeedMessages
	}
	read, err := c.reread(remote, id, need, func(r model.Detail, err error) bool { return err == nil && len(e.Target.New.Lacks(r)) == 0 })
	made := "made as " + c.ref(id) + ", but "
	var end ending
	switch lacks := e.Target.New.Lacks(read); {
	case err == nil && len(lacks) == 0:
		return created(e, read.Conversation)
	case err == nil:
		end = stopped(model.NotVerified, made+"it shows another "+strings.Join(lacks, ", "))
		end.shows, end.reading = &read.Conversation, read.Reading(need)
	default:
		failure := *model.AsError(err)
		failure.Message, failure.Hint, failure.Fields, failure.Existing = made+"reading it back failed: "+serviceWords(err), "", nil, id
		if rules[failure.Kind].unsent { // the failure is not about this conversation
			return c.failed(remote, e, &failure, true)
		}
		if end = stopped(model.OutcomeNotKnown, failure.Message); e.Attempts < readBackTries {
			end.state, end.next = model.RetryAt, c.b.now().Add(backoff(e.Attempts))
		}
	}
	end.cause.Existing = c.ref(id)
	return end
}

// look searches for a create whose answer was lost; again reports that it was certainly not made. It searches twice,
// since the service may still be working on the request.
func (c *creation) look(ctx context.Context, e model.OutboxEntry) (end ending, again bool, err error) {
	found, err := c.Find(ctx, e.Edit, c.kept.Known)
	if err == nil && len(found.Alike) == 0 {
		sleep(ctx, lookPause, nil)
		found, err = c.Find(ctx, e.Edit, c.kept.Known)
	}
	ctx = context.WithoutCancel(ctx)
	switch {
	case rules[model.KindOf(err)].state.Waiting(): // the search can be repeated later
		return c.failed(ctx, e, err, true), false, nil
	case err != nil:
		return c.unclear(nil, "it cannot be looked for: "+serviceWords(err)), false, nil
	}
	rivals, err := c.b.store.Rivals(ctx, e)
	if err == nil {
		err = c.leaveOut(ctx, &found, rivals)
	}
	if err != nil {
		return ending{}, false, err
	}
	mayBeOf := func(r store.Rival) bool { return r.Made == "" && !slices.Contains(r.Known, found.Same[0].Ref.ID) }
	sure, why := c.kept.Sure && found.Sure, ""
	switch {
	case len(found.Same) == 1 && (found.Marked || sure && !slices.ContainsFunc(rivals, mayBeOf)):
		end, err = c.claimed(ctx, e, found)
		return end, false, err
	case !sure:
		why = "the list of conversations does not tell for sure whether it was made"
	case len(found.Same) == 1:
		why = "another create with this title may have made the new conversation"
	case len(found.Same) > 1:
		why = "several new conversations are what was asked for"
	case len(found.Alike) > 0:
		why = "a new conversation may be it, and does not show all that was asked for"
	default:
		return ending{}, true, nil
	}
	return c.unclear(found.Alike, why), false, nil
}

// leaveOut removes from what was found the conversations that other creates are known to have made.
func (c *creation) leaveOut(ctx context.Context, found *model.FoundCreates, rivals []store.Rival) error {
	var alike []string
	for _, id := range found.Alike {
		by, err := c.b.store.CreatedBy(ctx, model.Ref{Account: c.a.name, ID: id})
		if err != nil {
			return err
		}
		if by == "" && !slices.ContainsFunc(rivals, func(r store.Rival) bool { return r.Made == id }) {
			alike = append(alike, id)
		}
	}
	found.Alike = alike
	found.Same = slices.DeleteFunc(found.Same, func(c model.Conversation) bool { return !slices.Contains(alike, c.Ref.ID) })
	return nil
}

func (c *creation) claimed(ctx context.Context, e model.OutboxEntry, found model.FoundCreates) (ending, error) {
	return created(e, found.Same[0]), c.keep(context.WithoutCancel(ctx), e, found.Same[0].Ref.ID)
}

// unclear returns an ending that leaves a create to the user; alike are the conversations to look at.
func (c *creation) unclear(alike []string, why string) ending {
	end := stopped(model.OutcomeNotKnown, "sent without an answer, and "+why)
	if len(alike) > 0 {
		var refs []string
		for _, id := range alike[:min(len(alike), 3)] {
			refs = append(refs, c.ref(id))
		}
		end.cause.Existing = refs[0]
		end.cause.Message += " (" + strings.Join(refs, ", ") + ")"
	}
	return end
}

// serviceWords returns what a service said about an error, without confab's own hint.
func serviceWords(err error) string { return model.NewEntryError(err).Message }

// created returns the ending of a create that made conversation c. The first message is not kept any longer.
func created(e model.OutboxEntry, c model.Conversation) ending {
	n := *e.Target.New
	n.Message = ""
	return ending{state: model.Done, after: model.Value{New: &n}, shows: &c}
}
