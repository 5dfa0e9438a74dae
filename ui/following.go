package ui

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/dialog"
	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/outbox"
	"confab/ui/theme"
)

// following is the newest submission of this session, which the message line
// tells of until it is settled and that was seen. The zero value follows none.
type following struct {
	id   string
	sub  model.Submission
	read bool // sub has come
	busy bool
	// again says that something changed while it was read.
	again bool
	// takes says that the undo key takes this one back.
	takes bool
	// text is what the line says, shown since when that has been on screen. hidden
	// is a text that the person has seen and cleared: only another comes back.
	text   string
	shown  time.Time
	hidden string
	// edits are those that are not settled, while they are shown one by one and one is
	// to be told of; news is what of them is to be read.
	edits outbox.Edits
	news  editNews
}

// seenTime is how long a line is on screen before a key takes it away: a key
// that was on its way already must not.
const seenTime = 200 * time.Millisecond

// followOn lets the message line tell of a submission.
func (m *Model) followOn(id string, takes bool) tea.Cmd {
	m.told = following{id: id, takes: takes, news: editNews{all: true}}
	return m.readTold()
}

// submittedPlan is what is to be known of a plan that was submitted.
type submittedPlan struct {
	id      string
	several bool
	// own says that it is an act, which the undo key takes back.
	own bool
}

// followPlan follows a plan that was submitted; several edits are shown one by
// one.
func (m *Model) followPlan(p submittedPlan) tea.Cmd {
	if p.several {
		m.openResults()
	}
	return m.followOn(p.id, p.own)
}

// readTold reads the submission that is followed, and its edits while they are
// on screen.
func (m *Model) readTold() tea.Cmd {
	f := &m.told
	o := find[*dialog.Results](m)
	switch {
	case f.id == "", f.read && f.sub.Over() && o == nil:
		return nil
	case f.busy:
		f.again = true
		return nil
	}
	f.busy, f.again = true, false
	be, ctx, msg := m.be, m.ctx, toldMsg{id: f.id, on: o}
	read := false
	if o != nil {
		msg.edits = f.edits
		msg.refs, read = f.news.ask(f.edits)
		msg.whole = read && len(msg.refs) == 0
	}
	return func() tea.Msg {
		began := time.Now()
		if msg.sub, msg.ok, msg.err = be.Submission(ctx, msg.id); msg.err == nil && msg.on != nil {
			msg.err = msg.fillEdits(ctx, be, read)
		}
		msg.took = time.Since(began)
		return msg
	}
}

// fillEdits reads the edits that are to be told of, and tells of them.
func (msg *toldMsg) fillEdits(ctx context.Context, be Backend, read bool) error {
	if msg.sub.NeedPerson == 0 && (msg.sub.Problem == nil || msg.sub.Problem.Error == nil) {
		msg.told, msg.edits, msg.counted = dialog.TellCounts(msg.sub), outbox.Edits{}, true
		return nil
	}
	if read {
		waiting, _, err := be.SubmissionEdits(ctx, msg.id, msg.refs...)
		if err != nil {
			return err
		}
		msg.edits = msg.edits.With(msg.refs, waiting, nil)
	}
	msg.told = dialog.Tell(msg.edits.Waiting())
	return nil
}

func (m *Model) toldCame(msg toldMsg) tea.Cmd {
	f := &m.told
	if msg.id != f.id {
		return nil
	}
	f.busy = false
	o := find[*dialog.Results](m)
	if o != nil && o == msg.on && msg.err != nil {
		f.news.all = true
	}
	if msg.err != nil {
		m.fail("read what was submitted", msg.err)
		return nil
	}
	if msg.ok {
		f.sub, f.read, f.shown = msg.sub, true, time.Time{}
	}
	switch {
	case o == nil:
	case o != msg.on: // it was opened meanwhile
		f.again = true
	default:
		o.Set(msg.sub, msg.told)
		f.edits = msg.edits
		f.news.all = f.news.all || msg.counted // until one is to be told of, none is read
		f.again = f.news.doubt(msg.whole || msg.counted || f.edits.Agree(msg.sub), msg.refs) || f.again
	}
	if f.again {
		// What takes long to read is not read all the time.
		return tea.Tick(max(newsTime, 4*msg.took), func(time.Time) tea.Msg { return readToldMsg{} })
	}
	return nil
}

// clearMessage takes the message away, as the next key does, and the line of the
// submission that is followed once it has been seen and nothing but waiting is
// left to tell: the status line counts what waits. esc takes it away at any
// time.
func (m *Model) clearMessage(key string) {
	m.notice = notice{}
	f := &m.told
	switch {
	case f.shown.IsZero() || m.now().Sub(f.shown) < seenTime:
	case f.sub.Settled():
		*f = following{}
	case f.sub.Problem != nil || key == "esc":
		f.hidden = f.text
	}
}

// toldLine says how far the submission is that is followed: "making “Talk”
// private · queued". What it is about is cut first where there is no room.
func (m *Model) toldLine(w int) (string, theme.Token) {
	f := &m.told
	if !f.read {
		return "", theme.Text
	}
	s := f.sub
	look, hint := theme.Pending, ""
	switch {
	case s.NeedPerson > 0:
		look, hint = theme.Attention, keyed(m.keys.KeyOf(keymap.List, keymap.Settle), "settles it")
	case s.Settled() && s.Delivered+s.Already > 0:
		look = theme.Good
		if f.takes && s.Delivered > s.TakenBack {
			hint = keyed(m.keys.KeyOf(keymap.List, keymap.Undo), "takes it back")
		}
	case s.Settled():
		look = theme.Dim
	case s.Problem != nil:
		look = theme.Warning
	}
	return m.fitTold(s.Words(), m.th.Progress(s, m.now()), hint, w), look
}

func keyed(key, does string) string {
	if key == "" {
		return ""
	}
	return key + " " + does
}

// fitTold joins the parts of a line of w cells. Where there is no room the end of
// each is cut, and last the hint left out.
func (m *Model) fitTold(what, ending, hint string, w int) string {
	const leastWhat, leastEnding = 28, 30
	th, sep := m.th, " "+m.th.Separator+" "
	if hint != "" {
		hint = sep + hint
	}
	room := w - th.Width(sep) - th.Width(hint)
	if room < min(leastWhat, th.Width(what))+min(leastEnding, th.Width(ending)) {
		room, hint = room+th.Width(hint), ""
	}
	forWhat := max(min(leastWhat, room/3), room-th.Width(ending))
	what = th.Truncate(what, forWhat, th.Ellipsis)
	return what + sep + th.Truncate(ending, max(1, room-th.Width(what)), th.Ellipsis) + hint
}

// drawTold draws the line of the submission that is followed; ok is false where
// there is none.
func (m *Model) drawTold(r layout.Rect) (line string, ok bool) {
	f := &m.told
	text, look := m.toldLine(r.W - 1)
	f.text = text
	if text == "" || text == f.hidden {
		return "", false
	}
	if f.shown.IsZero() && len(m.layers) == 0 {
		f.shown = m.now()
	}
	return " " + m.th.Paint(look, text, r.W-1), true
}
