package ui

import (
	"context"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/dialog"
	"confab/ui/keymap"
	"confab/ui/theme"
)

const (
	// restTime is how long the cursor rests before the preview follows: a held
	// key then costs no preview.
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
	// openingRows is the least that the first frame reads: the size of the terminal may
	// not be known yet.
	openingRows = 100
	// activityLimit is how many submissions of one conversation are shown.
	activityLimit = 50
)

// after is the message of every command of the inbox: what Update does with the result.
type after func() tea.Cmd

// read runs get in a command, and take in Update with its result.
func read[T any](m *Model, get func(context.Context) (T, error), take func(T, error) tea.Cmd) tea.Cmd {
	ctx := m.ctx
	return func() tea.Msg {
		v, err := get(ctx)
		return after(func() tea.Cmd { return take(v, err) })
	}
}

// soon does something in Update after a time.
func soon(d time.Duration, do func() tea.Cmd) tea.Cmd {
	return tea.Tick(d, func(time.Time) tea.Msg { return after(do) })
}

// carryOut changes what was submitted, in a command, and says what became of it, if
// anything.
func (m *Model) carryOut(a keymap.Action, do func(context.Context) (said string, err error)) tea.Cmd {
	return read(m, do, func(said string, err error) tea.Cmd {
		if err != nil {
			m.fail(a.Words(), err)
		} else if said != "" {
			m.say(theme.Good, said)
		}
		return tea.Batch(m.reload(false), m.reloadLedger(), m.readTold())
	})
}

// reader reads one thing at a time. What is asked for meanwhile is read afterwards.
type reader struct {
	busy, again bool
	began       time.Time
}

// begin reports whether to read now.
func (r *reader) begin() bool {
	if r.busy {
		r.again = true
		return false
	}
	*r = reader{busy: true, began: time.Now()}
	return true
}

// end reads again what was asked for meanwhile, the later the longer a read takes.
func (r *reader) end(again func() tea.Cmd) tea.Cmd {
	r.busy = false
	if !r.again {
		return nil
	}
	return soon(max(newsTime, 4*time.Since(r.began)), again)
}

// operation is work that shows how far it is and can be stopped.
type operation struct {
	dialog.Progress
	ctx    context.Context
	cancel context.CancelFunc
	report chan [2]int
	from   overlay // what was on top when it began
	// needed says that where it began is of no use without it, and closes when it is
	// stopped; and it is stopped when that closes.
	needed bool
	// inLine tells of it in the message line, so that keys go on.
	inLine bool
	shown  bool
	// stops says that esc stops one in the message line.
	stops, stopped bool
}

// operate is read for work that takes long. What was stopped in its dialog has no result.
func operate[T any](m *Model, op *operation, work func(ctx context.Context, report func(done, total int)) (T, error),
	take func(T, error) tea.Cmd) tea.Cmd {
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
	run := func() tea.Msg {
		defer op.cancel()
		v, err := work(op.ctx, report)
		return after(func() tea.Cmd {
			if !m.endOperation(op) {
				return nil
			}
			return take(v, err)
		})
	}
	return tea.Batch(run, m.progress(op), soon(progressTime, func() tea.Cmd { return m.showOperation(op) }))
}

// inDialog is an operation over which a dialog shows how far it is, inLine one that
// the message line tells of and esc stops.
func inDialog(title string) *operation { return &operation{Progress: dialog.Progress{Title: title}} }
func inLine(title string) *operation {
	return &operation{Progress: dialog.Progress{Title: title}, inLine: true, stops: true}
}

func (m *Model) progress(op *operation) tea.Cmd {
	return func() tea.Msg {
		select {
		case p := <-op.report:
			return after(func() tea.Cmd {
				op.Done, op.Total = p[0], p[1]
				return m.progress(op)
			})
		case <-op.ctx.Done():
			return nil
		}
	}
}

func (m *Model) showOperation(op *operation) tea.Cmd {
	if !slices.Contains(m.ops, op) {
		return nil
	}
	op.shown = true
	if op.inLine {
		return m.reload(false)
	}
	m.openLate(layer{overlay: &op.Progress, from: op.from, act: func(any) tea.Cmd {
		op.cancel()
		m.endOperation(op)
		if op.needed {
			m.closeOverlay(op.from)
		}
		return m.say(theme.Dim, "stopped: nothing was sent")
	}})
	return nil
}

// working returns the oldest operation that the message line tells of, nil for none.
func (m *Model) working() *operation {
	for _, op := range m.ops {
		if op.inLine && op.shown {
			return op
		}
	}
	return nil
}

// words says how far an operation is.
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

func (m *Model) fail(what string, err error) tea.Cmd {
	return m.say(theme.Error, "could not "+what+": "+model.Words(err))
}
