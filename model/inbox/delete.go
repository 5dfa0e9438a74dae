package inbox

import (
	"context"
	"time"

	"confab/model"
)

// settlePause is waited before a read that does not show yet what a write did
// is made once more.
const settlePause = time.Second

// deleted verifies a delete: it is done when reading the conversation answers
// that it is gone. cause is what the delete itself was answered.
func (d delivery) deleted(ctx, remote context.Context, e model.OutboxEntry, cause error) error {
	if cause != nil && model.KindOf(cause) != model.NotFound {
		return d.failed(ctx, e, cause, false)
	}
	read, err := d.reread(remote, e.Ref.ID, 0, func(_ model.Detail, err error) bool { return model.KindOf(err) == model.NotFound })
	switch {
	case model.KindOf(err) == model.NotFound:
		state := model.Done
		if cause != nil && !e.Sent {
			state = model.OutcomeAlreadySet // somebody else was faster
		}
		return d.finish(ctx, e, e.Base, e.Target, nil, true, state)
	case err != nil:
		return d.failed(ctx, e, &model.Error{Kind: model.UnknownOutcome, Op: "verify",
			Message: "accepted, but reading it again failed: " + words(err), Err: err}, false)
	case cause != nil:
		return d.failed(ctx, e, cause, false)
	}
	if _, err := d.b.store.Save(ctx, read.Conversation, read.Reading(0)); err != nil {
		return err
	}
	return d.park(ctx, e, model.NotVerified, &model.EntryError{Kind: model.Unverified,
		Message: "the service accepted the deletion, but the conversation is still there"}, nil, time.Time{}, false)
}

// words are what a person is told of an error.
func words(err error) string { return model.NewEntryError(err).Message }

// reread reads a conversation after a write, once more after a pause where it
// does not show what the write meant: a service may take a moment.
func (d delivery) reread(ctx context.Context, id string, need model.Need, shows func(model.Detail, error) bool) (model.Detail, error) {
	read, err := d.a.provider.Load(ctx, id, need)
	if shows(read, err) || model.KindOf(err).Transient() {
		return read, err
	}
	rest(ctx, settlePause, nil)
	return d.a.provider.Load(ctx, id, need)
}
