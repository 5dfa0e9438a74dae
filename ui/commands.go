package ui

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	tea "charm.land/bubbletea/v2"

	"confab/ui/dialog"
	"confab/ui/keymap"
	"confab/ui/theme"
)

const (
	// restTime is how long the cursor or the typing must rest before the preview or the
	// completions follow, so that a held key costs no reads.
	restTime = 120 * time.Millisecond
	// messagesTime is how long a conversation is previewed before its messages are read.
	messagesTime = 700 * time.Millisecond
	// newsTime is the least time between two reads that news cause.
	newsTime = 150 * time.Millisecond
	// progressTime is how long an operation runs before its progress is shown, and how often it is shown anew.
	progressTime = 250 * time.Millisecond
	draftTime    = 400 * time.Millisecond
	lookupTime   = 150 * time.Millisecond
	// historyLimit is the length of a page of the history, in submissions.
	historyLimit = 200
	// openingRows is the least number of rows read for the first frame, whose height may not be known yet.
	openingRows   = 100
	activityLimit = 50
)

// after is the message that every command of the inbox returns: Update calls it.
type after func()

// do has Update return a command.
func (m *Model) do(cmd tea.Cmd) { m.cmds = append(m.cmds, cmd) }

func (m *Model) takeCommands() tea.Cmd {
	cmds := m.cmds
	m.cmds = nil
	return tea.Batch(cmds...)
}

func (m *Model) schedule(d time.Duration, do func()) {
	m.do(tea.Tick(d, func(time.Time) tea.Msg { return after(do) }))
}

// debounce schedules do, unless gen has changed by then: another call with the same gen cancels this one.
func (m *Model) debounce(gen *int, d time.Duration, do func()) {
	*gen++
	now := *gen
	m.schedule(d, func() {
		if now == *gen {
			do()
		}
	})
}

// read runs get in a command, and passes its result to take in Update.
func read[T any](m *Model, get func(context.Context) (T, error), take func(T, error)) {
	ctx := m.ctx
	m.do(func() tea.Msg {
		v, err := get(ctx)
		return after(func() { take(v, err) })
	})
}

// bind returns a method of Backend with its arguments bound, for read.
func bind[A, T any](call func(context.Context, A) (T, error), a A) func(context.Context) (T, error) {
	return func(ctx context.Context) (T, error) { return call(ctx, a) }
}

func bind2[A, B, T any](call func(context.Context, A, B) (T, error), a A, b B) func(context.Context) (T, error) {
	return func(ctx context.Context) (T, error) { return call(ctx, a, b) }
}

// fetch is read with errors shown as "could not" what.
func fetch[T any](m *Model, what string, get func(context.Context) (T, error), take func(T)) {
	read(m, get, func(v T, err error) {
		if err != nil {
			m.fail(what, err)
		} else {
			take(v)
		}
	})
}

// try is fetch for an action without a result.
func (m *Model) try(what string, do func(context.Context) error, then func()) {
	fetch(m, what, func(ctx context.Context) (struct{}, error) { return struct{}{}, do(ctx) }, func(struct{}) { then() })
}

// carryOut runs do in a command, shows what it returned, and reads again what it may have changed.
func (m *Model) carryOut(a keymap.Action, do func(context.Context) (said string, err error)) {
	read(m, do, func(said string, err error) {
		if err != nil {
			m.fail(a.Words(), err)
		} else if said != "" {
			m.say(theme.Good, said)
		}
		m.reload(false)
		m.reloadOutbox()
		m.readFollowed()
	})
}

// reader allows one read at a time. A read asked for meanwhile comes after it.
type reader struct {
	busy, again bool
	began       time.Time
}

func (r *reader) begin() bool {
	if r.busy {
		r.again = true
		return false
	}
	*r = reader{busy: true, began: time.Now()}
	return true
}

// ended schedules the read that was asked for meanwhile, after four times the duration of the last one,
// and reports whether there was one.
func (m *Model) ended(r *reader, again func()) bool {
	r.busy = false
	if r.again {
		m.schedule(max(newsTime, 4*time.Since(r.began)), again)
	}
	return r.again
}

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
	// nothing is what the person reads after stopping it, "" if a stopped operation has a result too.
	nothing string
}

func inDialog(title string) *operation { return &operation{Progress: dialog.Progress{Title: title}} }
func inLine(title, nothing string) *operation {
	return &operation{Progress: dialog.Progress{Title: title}, inLine: true, stoppable: true, nothing: nothing}
}

// operate is read for work that takes long. Without op it shows no progress. The result of work
// that was stopped in its dialog is dropped.
func operate[T any](m *Model, op *operation, work func(ctx context.Context, report func(done, total int)) (T, error), take func(T, error)) {
	if op == nil {
		read(m, func(ctx context.Context) (T, error) { return work(ctx, func(int, int) {}) }, take)
		return
	}
	op.from = m.onTop().overlay
	op.ctx, op.cancel = context.WithCancel(m.ctx)
	m.ops = append(m.ops, op)
	report := func(done, total int) { op.at.Store(&[2]int{done, total}) }
	m.do(func() tea.Msg {
		defer op.cancel()
		v, err := work(op.ctx, report)
		return after(func() {
			switch {
			case !m.endOperation(op):
			case op.stopped && op.nothing != "":
				m.say(theme.Dim, "stopped: "+op.nothing)
			default:
				take(v, err)
			}
		})
	})
	m.schedule(progressTime, func() {
		op.shown = slices.Contains(m.ops, op)
		switch {
		case op.shown && op.inLine:
			m.reload(false)
		case op.shown:
			m.openWhenFree(layer{overlay: &op.Progress, from: op.from, handle: func(any) {
				op.cancel()
				m.endOperation(op)
				if op.needed {
					m.closeOverlay(op.from)
				}
				m.say(theme.Dim, "stopped: nothing was sent")
			}})
		}
		m.showProgress(op)
	})
}

// showProgress shows the progress of an operation until it ends.
func (m *Model) showProgress(op *operation) {
	if !slices.Contains(m.ops, op) {
		return
	}
	if at := op.at.Load(); at != nil {
		op.Done, op.Total = at[0], at[1]
	}
	m.schedule(progressTime, func() { m.showProgress(op) })
}

// lineOperation returns the operation that the message line shows, nil if there is none.
func (m *Model) lineOperation() *operation {
	for _, op := range m.ops {
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
func (m *Model) endOperation(op *operation) bool {
	i := slices.Index(m.ops, op)
	if i < 0 {
		return false
	}
	m.ops = slices.Delete(m.ops, i, i+1)
	if op.shown && !op.inLine {
		m.closeOverlay(&op.Progress)
	}
	return true
}
