package inbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"confab/model"
	"confab/model/query"
	"confab/model/store"
)

const (
	// How often a whole list is walked again, to find deletions and, where a service has no update time, changes of old
	// rows.
	sweepEvery, sweepEveryIncremental = time.Hour, 24 * time.Hour

	checksPerSweep = 200 // reads of single conversations that a walk did not meet
)

func (b *Inbox) syncLoop(ctx context.Context, a *account) {
	for failures := 0; ; {
		err := b.syncOnce(ctx, a, false, noop)
		if ctx.Err() != nil {
			return
		}
		var wait time.Duration // 0 is until somebody asks
		var next time.Time     // set if the refresh failed
		switch kind := model.KindOf(err); {
		case err == nil:
			failures = 0
			if b.options.Refresh > 0 {
				wait = max(b.options.Refresh, a.desc.MinRefresh)
			}
		case kind == model.Unauthorized || kind == model.NoCredential || kind == model.Forbidden || store.Ended(err):
		default:
			failures++
			wait = backoff(failures)
			if e := model.AsError(err); e.RetryAt.After(b.now()) {
				wait = e.RetryAt.Sub(b.now())
			}
			next = b.now().Add(wait)
		}
		a.update(func(s *model.AccountState) { s.NextTry = next })
		b.announceState(ctx)
		sleep(ctx, wait, a.wakeSync)
	}
}

// sleep waits for wake, for the end of the pause if it is not zero, or for the end of ctx.
func sleep(ctx context.Context, pause time.Duration, wake <-chan struct{}) {
	var over <-chan time.Time
	if pause > 0 {
		t := time.NewTimer(pause)
		defer t.Stop()
		over = t.C
	}
	select {
	case <-ctx.Done():
	case <-over:
	case <-wake:
	}
}

func noop() error { return nil }

// syncOnce refreshes an account. It walks the whole list if a walk is due or was never finished. It calls afterHead
// after the first page of each list it reads, and at the end; afterHead must act only once.
func (b *Inbox) syncOnce(ctx context.Context, a *account, full bool, afterHead func() error) error {
	if err := a.syncing.Acquire(ctx, 1); err != nil {
		return err
	}
	defer a.syncing.Release(1)
	a.beginSync()
	kept, err := b.store.Account(ctx, a.name)
	if err != nil {
		return err
	}
	if err := b.checkHold(ctx, a.name); err != nil {
		a.update(func(s *model.AccountState) { s.Error = model.NewEntryError(err) })
		return err
	}
	a.update(func(s *model.AccountState) { s.Syncing, s.Read, s.Total = true, 0, -1 })
	b.announceState(ctx)
	walk := full || kept.Swept.IsZero()
	if !walk {
		err = b.head(ctx, a, kept.Head, afterHead)
		every := sweepEvery
		if a.desc.Incremental {
			every = sweepEveryIncremental
		}
		// A sweep in the future was recorded by a clock that has been set back since.
		since := b.now().Sub(kept.Swept)
		walk = since > every || since < 0 || kept.Walk != ""
	}
	if err == nil && walk {
		err = b.walk(ctx, a, afterHead)
	}
	if err == nil {
		err = afterHead() // an empty list has no first page
	}
	b.noteRetry(ctx, a, err)
	a.update(func(s *model.AccountState) {
		s.Syncing, s.Error = false, model.NewEntryError(err)
		if err == nil {
			s.Checked = b.now()
		}
	})
	if err == nil {
		if a.noteReached(); a.snapshot().Waiting > 0 {
			if err := b.store.Wake(ctx, a.name); err != nil {
				return err
			}
			nudge(a.wakeDeliver)
		}
	} else if ctx.Err() == nil {
		b.log("%s: sync: %v", a.name, err)
	}
	b.announceState(ctx)
	return err
}

// head reads the newest part of the list, up to a page without anything new.
func (b *Inbox) head(ctx context.Context, a *account, cursor string, afterHead func() error) error {
	in := intake{b: b, a: a, first: func() error {
		a.headCut = true
		return afterHead()
	}}
	// After an interrupted refresh, the pages behind one without changes are unknown, too. So are those behind a page
	// without rows.
	if !a.headCut && (!a.desc.Incremental || cursor == "") {
		in.enough = func(stored, changed int) bool { return stored > 0 && changed == 0 }
	}
	res, err := in.read(ctx, model.SyncRequest{Mode: model.SyncHead, Cursor: cursor, Since: b.sinceTime(a)})
	if err != nil {
		return err
	}
	a.headCut = false
	return b.store.Refreshed(ctx, a.name, res.Cursor)
}

// walk reads the whole list, from where an unfinished walk stopped.
func (b *Inbox) walk(ctx context.Context, a *account, afterHead func() error) error {
	no, cursor, err := b.store.BeginWalk(ctx, a.name)
	if err != nil {
		return err
	}
	in := intake{b: b, a: a, walk: no, first: afterHead}
	res, err := in.read(ctx, model.SyncRequest{Mode: model.SyncFull, Cursor: cursor, Since: b.sinceTime(a)})
	if cursor != "" && model.KindOf(err) == model.Invalid {
		// The service no longer accepts the cursor of the unfinished walk.
		_, forgotten := b.store.SaveBatch(ctx, a.name, nil, &store.Walk{No: no})
		err = errors.Join(err, forgotten)
	}
	if err != nil {
		return err
	}
	missed, err := b.store.EndWalk(ctx, a.name, no, res.Cursor, res.Complete)
	if err != nil {
		return err
	}
	a.update(func(s *model.AccountState) { s.Swept = b.now() })
	b.lists.rows.forget()
	return b.checkMissed(ctx, a, missed)
}

// checkMissed loads the conversations that a complete walk did not meet, longest unseen first. Only "not found" hides
// one.
func (b *Inbox) checkMissed(ctx context.Context, a *account, missed []string) error {
	since := b.sinceTime(a)
	checks := 0
	for _, id := range missed {
		ref := model.Ref{Account: a.name, ID: id}
		row, ok, err := b.store.Row(ctx, ref)
		at := row.Conversation.Created
		if a.desc.Incremental {
			at = row.Conversation.Updated // which is the time that limits such a list
		}
		if err != nil || !ok || at.Before(since) && !at.IsZero() {
			continue
		}
		if checks++; checks > checksPerSweep {
			return nil
		}
		switch _, err = b.readAndSave(ctx, a, id, 0); {
		case err == nil, model.KindOf(err) == model.NotFound: // load made a tombstone
		case !slices.Contains([]model.ErrorKind{model.Forbidden, model.Invalid, model.Malformed, model.Unsupported}, model.KindOf(err)):
			return err
		default:
			// This says nothing about the list. As an error, "forbidden" would stop the account's refreshes.
			b.log("%s: check %s: %s", a.name, id, model.KindOf(err))
		}
	}
	return nil
}

func (b *Inbox) sinceTime(a *account) time.Time {
	if a.since <= 0 {
		return time.Time{}
	}
	return b.now().Add(-a.since)
}

// eachAccount calls f concurrently for these accounts, for all if none are named. The errors are in the order of the
// config.
func (b *Inbox) eachAccount(names []string, f func(*account) error) []error {
	errs := make([]error, len(b.accounts))
	var wg sync.WaitGroup
	for i, a := range b.accounts {
		if len(names) == 0 || slices.Contains(names, a.name) {
			wg.Go(func() { errs[i] = f(a) })
		}
	}
	wg.Wait()
	return errs
}

// Refresh asks the workers of these accounts (all if none are named) to sync and deliver now, and returns at once.
func (b *Inbox) Refresh(names ...string) {
	b.eachAccount(names, func(a *account) error {
		nudge(a.wakeSync)
		nudge(a.wakeDeliver)
		return nil
	})
}

// Sync refreshes these accounts (all if none are named) concurrently and waits. Errors name their account.
func (b *Inbox) Sync(ctx context.Context, names ...string) error {
	return errors.Join(b.eachAccount(names, func(a *account) error { return nameAccount(a, b.syncPatiently(ctx, a, false, noop)) })...)
}

// SyncNow syncs and delivers at once, for a user who asks for it. Each account reads the head of its list, delivers
// what is queued or waits for its next try, and reads on: the whole list if full is set or a walk is due. It obeys a
// pause that a service asked for. It reports every edit that was due once. Errors name their account.
func (b *Inbox) SyncNow(ctx context.Context, full bool, report func(model.DeliveryResult)) error {
	if _, err := b.store.HoldOld(ctx, b.now().Add(-HeldAfter)); err != nil {
		return err
	}
	report = oneAtATime(report)
	var damaged error
	var wg sync.WaitGroup
	wg.Go(func() { b.refold(ctx) })
	wg.Go(func() { damaged = b.checkUnclean(ctx) })
	errs := b.eachAccount(nil, func(a *account) error {
		err := b.syncNow(ctx, a, full, report)
		if e := model.AsError(err); e != nil && e.Status != 0 && e.RetryAt.After(b.now()) {
			err = fmt.Errorf("%w; it asked to wait until %s", err, e.RetryAt.In(b.loc).Format(time.TimeOnly))
		}
		return nameAccount(a, err)
	})
	wg.Wait()
	return errors.Join(append(errs, damaged)...)
}

func (b *Inbox) syncNow(ctx context.Context, a *account, full bool, report func(model.DeliveryResult)) error {
	var ids []string
	if !a.desc.ReadOnly {
		var err error
		if ids, err = b.store.Hasten(ctx, a.name); err != nil {
			return err
		}
	}
	if len(ids) == 0 {
		return b.syncPatiently(ctx, a, full, noop)
	}
	delivered := false
	deliver := sync.OnceValue(func() error {
		delivered = true
		return b.deliver(ctx, a, ids, report)
	})
	err := b.syncPatiently(ctx, a, full, deliver)
	if delivered || ctx.Err() != nil {
		return err
	}
	if rules[model.KindOf(err)].unsent { // no other request would get through either
		b.track(ids, report).finish(context.WithoutCancel(ctx))
		return err
	}
	return errors.Join(err, deliver())
}

// syncPatiently refreshes an account. If the service asks for a pause that ends within the engine's patience, it waits
// and tries again.
func (b *Inbox) syncPatiently(ctx context.Context, a *account, full bool, afterHead func() error) error {
	end := b.now().Add(b.patience)
	for {
		err := b.syncOnce(ctx, a, full, afterHead)
		e := model.AsError(err)
		if e == nil || e.Kind != model.RateLimited || !e.RetryAt.After(b.now()) || e.RetryAt.After(end) {
			return err
		}
		if sleep(ctx, e.RetryAt.Sub(b.now()), nil); ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// SyncQuery reads what a query may match in these accounts (all if none are named). An account of which it can match
// nothing is not read, so that an outage there stops nobody here. If the service can narrow its list, an account whose
// list was never read to the end is only read narrowly, and an account whose refresh misses some changes is read narrowly
// after its refresh. Other accounts are refreshed. A narrow read moves no cursor or walk, and proves no deletion.
func (b *Inbox) SyncQuery(ctx context.Context, text string, names ...string) error {
	q, err := query.Parse(text)
	if err != nil {
		return err
	}
	full := q.Filter(b.now(), b.loc)
	return errors.Join(b.eachAccount(names, func(a *account) error {
		if !allows(q.Accounts(), a.name) || !allows(q.Providers(), a.desc.Provider) {
			return nil
		}
		f := full.Only(a.desc.Filters)
		var err error
		if f.IsZero() || !a.snapshot().Swept.IsZero() {
			err = b.syncPatiently(ctx, a, false, noop)
		}
		if err == nil && !f.IsZero() && (a.snapshot().Swept.IsZero() || !a.desc.Incremental) {
			err = b.readNarrowly(ctx, a, f)
		}
		return nameAccount(a, err)
	})...)
}

// nameAccount prefixes an error with the name of its account.
func nameAccount(a *account, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", a.name, err)
}

func (b *Inbox) readNarrowly(ctx context.Context, a *account, f model.Filter) error {
	if err := a.syncing.Acquire(ctx, 1); err != nil {
		return err
	}
	defer a.syncing.Release(1)
	if err := b.checkHold(ctx, a.name); err != nil {
		return err
	}
	in := intake{b: b, a: a, silent: true}
	_, err := in.read(ctx, model.SyncRequest{Mode: model.SyncFull, Since: b.sinceTime(a), Filter: f})
	return b.noteRetry(ctx, a, err)
}

// allows reports whether a list contains a name, whatever its case; a nil list contains every name.
func allows(limit []string, name string) bool {
	return limit == nil || slices.ContainsFunc(limit, func(s string) bool { return strings.EqualFold(s, name) })
}
