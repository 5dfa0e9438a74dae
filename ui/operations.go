package ui

import (
	"context"
	"slices"
	"sync/atomic"

	tea "charm.land/bubbletea/v2"

	"confab/ui/dialog"
	"confab/ui/theme"
)

// operation is work that shows its progress and can be stopped.
type operation struct {
	dialog.Progress
	ctx    context.Context
	cancel context.CancelFunc
	at     atomic.Pointer[[2]int] // done and total, as reported last
	from   overlay                // the overlay on top when it began
	// needed says that from is useless without the result: stopping the one closes the other.
	needed bool
	// inLine shows the progress in the message line, so that keys keep working; stoppable lets esc stop it there.
	inLine, stoppable bool
	shown, stopped    bool
	// onShow is called when its progress is shown in the message line; it may be nil.
	onShow func()
	// nothing is what the person reads after stopping it, "" if a stopped operation has a result too.
	nothing string
}

func inDialog(title string) *operation { return &operation{Progress: dialog.Progress{Title: title}} }
func inLine(title, nothing string) *operation {
	return &operation{Progress: dialog.Progress{Title: title}, inLine: true, stoppable: true, nothing: nothing}
}

// operate is read for work that takes long. Without op it shows no progress. The result of work
// that was stopped in its dialog is dropped.
func operate[T any](o *overlays, op *operation,
	work func(ctx context.Context, report func(done, total int)) (T, error), take func(T, error)) {
	if op == nil {
		read(o.loop, func(ctx context.Context) (T, error) { return work(ctx, func(int, int) {}) }, take)
		return
	}
	op.from = o.onTop().overlay
	op.ctx, op.cancel = context.WithCancel(o.ctx)
	o.ops = append(o.ops, op)
	report := func(done, total int) { op.at.Store(&[2]int{done, total}) }
	o.do(func() tea.Msg {
		defer op.cancel()
		v, err := work(op.ctx, report)
		return after(func() {
			switch {
			case !o.endOperation(op):
			case op.stopped && op.nothing != "":
				o.say(theme.Dim, "stopped: "+op.nothing)
			default:
				take(v, err)
			}
		})
	})
	o.schedule(progressTime, func() {
		op.shown = slices.Contains(o.ops, op)
		switch {
		case !op.shown:
		case !op.inLine:
			o.openWhenFree(layer{overlay: &op.Progress, from: op.from, handle: func(any) {
				op.cancel()
				o.endOperation(op)
				if op.needed {
					o.closeOverlay(op.from)
				}
				o.say(theme.Dim, "stopped: nothing was sent")
			}})
		case op.onShow != nil:
			op.onShow()
		}
		o.showProgress(op)
	})
}

// showProgress shows the progress of an operation until it ends.
func (o *overlays) showProgress(op *operation) {
	if !slices.Contains(o.ops, op) {
		return
	}
	if at := op.at.Load(); at != nil {
		op.Done, op.Total = at[0], at[1]
	}
	o.schedule(progressTime, func() { o.showProgress(op) })
}

// lineOperation returns the operation that the message line shows, nil if there is none.
func (o *overlays) lineOperation() *operation {
	for _, op := range o.ops {
		if op.inLine && op.shown {
			return op
		}
	}
	return nil
}

func (op *operation) words(ellipsis string) string {
	if op.stopped {
		return op.Title + ": stopping" + ellipsis
	}
	text := op.Title + ellipsis
	if op.Total > 0 {
		text = op.Title + ": " + theme.Number(op.Done) + " done"
	}
	return text + theme.Pick(op.stoppable, "  esc stops it", "")
}

// endOperation removes an operation, and reports false if that was done before.
func (o *overlays) endOperation(op *operation) bool {
	i := slices.Index(o.ops, op)
	if i < 0 {
		return false
	}
	o.ops = slices.Delete(o.ops, i, i+1)
	if op.shown && !op.inLine {
		o.closeOverlay(&op.Progress)
	}
	return true
}
