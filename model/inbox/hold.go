package inbox

import (
	"context"
	"errors"
	"time"

	"confab/model"
)

// allowed refuses to ask a service that has asked, of this process or another,
// to be left alone for a while.
func (b *Inbox) allowed(ctx context.Context, a *account) error {
	until, err := b.store.HeldUntil(ctx, a.name)
	if err != nil || until.IsZero() {
		return err
	}
	return &model.Error{Kind: model.RateLimited, RetryAt: until,
		Message: "the service asked to be left alone until " + until.In(b.loc).Format(time.TimeOnly)}
}

// noted keeps what a service said about when to come back, and passes the
// error on.
func (b *Inbox) noted(ctx context.Context, a *account, err error) error {
	var e *model.Error
	if errors.As(err, &e) && e.RetryAt.After(b.now()) {
		a.pause(e.RetryAt, true)
		if held := b.store.Hold(context.WithoutCancel(ctx), a.name, e.RetryAt); held != nil {
			b.log("%s: hold: %v", a.name, held)
		}
	}
	return err
}
