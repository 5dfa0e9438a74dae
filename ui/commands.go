package ui

import (
	"context"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"confab/ui/dialog"
	"confab/ui/keymap"
	"confab/ui/theme"
)

const (
	// restTime is how long the cursor rests before the preview follows: a held key costs none.
	restTime = 120 * time.Millisecond
	// peekTime is how long a preview stands before what was said last is read.
	peekTime = 700 * time.Millisecond
	// newsTime spaces the reads that news cause while much is going on.
	newsTime = 150 * time.Millisecond
	// progressTime is how long something takes before it shows that it works.
	progressTime = 250 * time.Millisecond
	draftTime    = 400 * time.Millisecond
	lookupTime   = 150 * time.Millisecond
	// historyLimit is a page of the history, in submissions.
	historyLimit = 200
	// openingRows are read for the first frame at least: the height may not be known yet.
	openingRows   = 100
	activityLimit = 50
)

// after is the message of every command of the inbox: what Update does with the result.
type after func()

// do begins a command. It is for Update alone.
func (m *Model) do(cmd tea.Cmd) { m.cmds = append(m.cmds, cmd) }

func (m *Model) begun() tea.Cmd {
	cmds := m.cmds
	m.cmds = nil
	return tea.Batch(cmds...)
}

func (m *Model) soon(d time.Duration, do func()) {
	m.do(tea.Tick(d, func(time.Time) tea.Msg { return after(do) }))
}

// read runs get in a command, and take in Update with its result.
func read[T any](m *Model, get func(context.Context) (T, error), take func(T, error)) {
	ctx := m.ctx
	m.do(func() tea.Msg {
		v, err := get(ctx)
		return after(func() { take(v, err) })
	})
}

// with and with2 are a call of the engine with its arguments, for read.
func with[A, T any](call func(context.Context, A) (T, error), a A) func(context.Context) (T, error) {
	return func(ctx context.Context) (T, error) { return call(ctx, a) }
}

func with2[A, B, T any](call func(context.Context, A, B) (T, error), a A, b B) func(context.Context) (T, error) {
	return func(ctx context.Context) (T, error) { return call(ctx, a, b) }
}

// fetch is read for what is only said where it fails: could not do what.
func fetch[T any](m *Model, what string, get func(context.Context) (T, error), take func(T)) {
	read(m, get, func(v T, err error) {
		if err != nil {
			m.fail(what, err)
		} else {
			take(v)
		}
	})
}

// try is fetch for what has no result but that it was done.
func (m *Model) try(what string, do func(context.Context) error, then func()) {
	fetch(m, what, func(ctx context.Context) (struct{}, error) { return struct{}{}, do(ctx) }, func(struct{}) { then() })
}

func (m *Model) carryOut(a keymap.Action, do func(context.Context) (said string, err error)) {
	read(m, do, func(said string, err error) {
		if err != nil {
			m.fail(a.Words(), err)
		} else if said != "" {
			m.say(theme.Good, said)
		}
		m.reload(false)
		m.reloadLedger()
		m.readTold()
	})
}

// reader reads one thing at a time. What is asked for meanwhile is read afterwards.
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

// ended reads again what was asked for meanwhile, the later the longer a read takes.
func (m *Model) ended(r *reader, again func()) bool {
	r.busy = false
	if r.again {
		m.soon(max(newsTime, 4*time.Since(r.began)), again)
	}
	return r.again
}

// operation is work that shows how far it is and can be stopped.
type operation struct {
	dialog.Progress
	ctx    context.Context
	cancel context.CancelFunc
	report chan [2]int
	from   overlay // what was on top when it began
	// needed says that from is of no use without it: each ends with the other.
	needed bool
	// inLine tells of it in the message line, so that keys go on; stops has esc stop it there.
	inLine, stops  bool
	shown, stopped bool
	// nothing says what was not done where it was stopped; "" where that has a result.
	nothing string
}

// inDialog shows how far it is over the screen, inLine in the message line.
func inDialog(title string) *operation { return &operation{Progress: dialog.Progress{Title: title}} }
func inLine(title, nothing string) *operation {
	return &operation{Progress: dialog.Progress{Title: title}, inLine: true, stops: true, nothing: nothing}
}

// operate is read for work that takes long. What is stopped in its dialog is not taken.
func operate[T any](m *Model, op *operation, work func(ctx context.Context, report func(done, total int)) (T, error), take func(T, error)) {
	if op == nil {
		read(m, func(ctx context.Context) (T, error) { return work(ctx, func(int, int) {}) }, take)
		return
	}
	op.report = make(chan [2]int, 1)
	if top, ok := m.onTop(); ok {
		op.from = top.overlay
	}
	op.ctx, op.cancel = context.WithCancel(m.ctx)
	m.ops = append(m.ops, op)
	report := func(done, total int) {
		select {
		case <-op.report:
		default:
		}
		select {
		case op.report <- [2]int{done, total}:
		default:
		}
	}
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
	m.progress(op)
	m.soon(progressTime, func() {
		op.shown = slices.Contains(m.ops, op)
		switch {
		case op.shown && op.inLine:
			m.reload(false)
		case op.shown:
			m.openLate(layer{overlay: &op.Progress, from: op.from, act: func(any) {
				op.cancel()
				m.endOperation(op)
				if op.needed {
					m.closeOverlay(op.from)
				}
				m.say(theme.Dim, "stopped: nothing was sent")
			}})
		}
	})
}

func (m *Model) progress(op *operation) {
	m.do(func() tea.Msg {
		select {
		case p := <-op.report:
			return after(func() {
				op.Done, op.Total = p[0], p[1]
				m.progress(op)
			})
		case <-op.ctx.Done():
			return nil
		}
	})
}

func (m *Model) working() *operation {
	for _, op := range m.ops {
		if op.inLine && op.shown {
			return op
		}
	}
	return nil
}

func (op *operation) words(ellipsis string) string {
	text := op.Title + ellipsis
	switch {
	case op.stopped:
		return op.Title + ": stopping" + ellipsis
	case op.Total > 0:
		text = op.Title + ": " + theme.Number(op.Done) + " done"
	}
	if op.stops {
		text += "  esc stops it"
	}
	return text
}

// endOperation removes an operation, and reports false if it was stopped before.
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
