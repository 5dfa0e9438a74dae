package ui

import (
	"context"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/dialog"
	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/outbox"
	"confab/ui/theme"
)

// following is the newest submission of this session. The message line tells of it until
// it is settled and that was seen.
type following struct {
	id   string
	sub  model.Submission
	read bool // sub has come
	reader
	// takes says that the undo key takes this one back.
	takes bool
	// text is what the line says, shown since when. hidden is a text that the person has
	// cleared.
	text   string
	shown  time.Time
	hidden string
	// edits are the unsettled edits that the results on screen tell of.
	edits outbox.Edits
	news  editNews
}

// editNews says which edits of a submission on screen are to be read again.
type editNews struct {
	refs       []model.Ref
	named, all bool
	// doubts counts reads in a row that did not agree with the counts of the submission.
	doubts int
}

// announced takes the conversations of an announcement; named says that it names the
// submission, too.
func (n *editNews) announced(refs []model.Ref, named bool) {
	n.refs, n.named = append(n.refs, refs...), n.named || named
}

// ask returns what is to be read: nothing, all, or the edits on some conversations.
func (n *editNews) ask(known outbox.Edits) (refs []model.Ref, read bool) {
	all := n.all || n.named && known.Creates()
	if !all {
		refs = known.On(n.refs)
	}
	n.refs, n.named, n.all = nil, false, false
	return refs, all || len(refs) > 0
}

// announced reports whether an announcement is about an edit of the results.
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

// doubt has the edits on refs, and at last all, read again where the known ones do not
// agree with the counts of their submission.
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

func (m *Model) followOn(id string, takes bool) tea.Cmd {
	m.told = following{id: id, takes: takes, news: editNews{all: true}}
	return m.readTold()
}

type submittedPlan struct {
	id      string
	several bool
	// own says that the undo key takes it back.
	own bool
}

// followPlan follows what was submitted; several edits are shown one by one.
func (m *Model) followPlan(p submittedPlan) tea.Cmd {
	if p.several {
		m.openResults()
	}
	return m.followOn(p.id, p.own)
}

// readTold reads the submission that is followed, and its edits while the results are on
// screen.
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
			return m.fail("read what was submitted", err)
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
			if o.WantsSettled() {
				return tea.Batch(m.readSettled(o), f.reader.end(m.readTold))
			}
		}
		return f.reader.end(m.readTold)
	})
}

// toldEdits is what readTold reads of edits.
type toldEdits struct {
	id string
	// read says that edits are read: those on the conversations of refs, or all for none.
	read  bool
	refs  []model.Ref
	edits outbox.Edits
	told  dialog.Told
	// counted says that no edit has to be told of one by one.
	counted bool
}

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

// clearMessage takes the message away, as the next key does, and the line of a submission
// once it was seen and only waiting is left to tell. esc takes it away at any time.
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

// toldLine says how far the submission is that is followed: "making “Talk” private ·
// queued".
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

// fitTold joins the parts of a line. Where there is no room their ends are cut, and the
// hint is left out.
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
	what = shorten(th, what, forWhat)
	return what + sep + th.Truncate(ending, max(1, room-th.Width(what)), th.Ellipsis) + hint
}

// shorten cuts a sentence to a width, within the title that it quotes if that is enough.
func shorten(th *theme.Theme, s string, w int) string {
	const leastTitle = 6
	head, rest, _ := strings.Cut(s, "“")
	title, tail, quoted := strings.Cut(rest, "”")
	if room := th.Width(title) - (th.Width(s) - w); quoted && room >= leastTitle {
		return head + "“" + th.Truncate(title, room, th.Ellipsis) + "”" + tail
	}
	return th.Truncate(s, w, th.Ellipsis)
}

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
