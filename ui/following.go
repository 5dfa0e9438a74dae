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
	reader
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

// editNews is what is to be read again of the edits of a submission on screen:
// those on the conversations that announcements name with it, or all of them.
type editNews struct {
	refs       []model.Ref
	named, all bool
	// doubts is how often in a row what was read alone did not agree with what is
	// counted of the submission.
	doubts int
}

// announced takes the conversations that an announcement names; named says that it
// names the submission, too.
func (n *editNews) announced(refs []model.Ref, named bool) {
	n.refs, n.named = append(n.refs, refs...), n.named || named
}

// ask gives what is to be read: nothing, all, or the edits on some conversations.
func (n *editNews) ask(known outbox.Edits) (refs []model.Ref, read bool) {
	all := n.all || n.named && known.Creates()
	if !all {
		refs = known.On(n.refs)
	}
	n.refs, n.named, n.all = nil, false, false
	return refs, all || len(refs) > 0
}

// announced takes an announcement for the edits that are shown one by one, and
// reports whether it is about one of them.
func (f *following) announced(e model.Event, named bool) bool {
	if e.All {
		f.news.all = true
		return true
	}
	refs := e.Refs
	if !named { // why one waits may be what an edit of another submission does
		refs = f.edits.On(refs)
	}
	f.news.announced(refs, named)
	return len(refs) > 0
}

// doubt has edits read again where those that are known do not agree with what is
// counted of their submission: it has changed in between, or an edit has of which
// no row tells, and then all are read. refs are those that were asked for.
func (n *editNews) doubt(agree bool, refs []model.Ref) (again bool) {
	if agree {
		n.doubts = 0
		return false
	}
	n.doubts++
	n.all = n.all || n.doubts > 2 // before, news of the row may be on its way
	n.refs = append(n.refs, refs...)
	return true
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
	if f.id == "" || f.read && f.sub.Over() && o == nil || !f.reader.begin() {
		return nil
	}
	t := toldEdits{id: f.id, edits: f.edits}
	if o != nil {
		t.refs, t.read = f.news.ask(f.edits)
	}
	held := false
	get := func(ctx context.Context) (sub model.Submission, err error) {
		if sub, held, err = m.be.Submission(ctx, t.id); err == nil && o != nil {
			err = t.fill(ctx, m.be, sub)
		}
		return sub, err
	}
	return read(m, get, func(sub model.Submission, err error) tea.Cmd {
		if t.id != f.id {
			return nil
		}
		if err != nil {
			f.news.all = true
			f.reader.busy = false
			m.fail("read what was submitted", err)
			return nil
		}
		if held {
			f.sub, f.read, f.shown = sub, true, time.Time{}
		}
		switch now := find[*dialog.Results](m); {
		case now == nil:
		case now != o: // it was opened meanwhile
			f.reader.again = true
		default:
			o.Set(sub, t.told)
			f.edits = t.edits
			f.news.all = f.news.all || t.counted // until one is to be told of, none is read
			agree := t.counted || t.read && len(t.refs) == 0 || f.edits.Agree(sub)
			f.reader.again = f.news.doubt(agree, t.refs) || f.reader.again
		}
		return f.reader.end(m.readTold)
	})
}

// toldEdits are the edits of the submission that is followed, as they are read while
// they are on screen.
type toldEdits struct {
	id string
	// read says that edits are read: those on the conversations of refs, or all where
	// there are none.
	read  bool
	refs  []model.Ref
	edits outbox.Edits
	told  dialog.Told
	// counted says that there is no edit to be told of one by one.
	counted bool
}

// fill reads the edits that are to be told of, and tells of them.
func (t *toldEdits) fill(ctx context.Context, be Backend, sub model.Submission) error {
	if sub.NeedPerson == 0 && (sub.Problem == nil || sub.Problem.Error == nil) {
		t.told, t.edits, t.counted = dialog.TellCounts(sub), outbox.Edits{}, true
		return nil
	}
	if t.read {
		waiting, _, err := be.SubmissionEdits(ctx, t.id, t.refs...)
		if err != nil {
			return err
		}
		t.edits = t.edits.With(t.refs, waiting, nil)
	}
	t.told = dialog.Tell(t.edits.Waiting())
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
