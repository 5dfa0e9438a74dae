package ui

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/dialog"
	"confab/ui/keymap"
	"confab/ui/outbox"
	"confab/ui/theme"
)

// following is the newest submission of this session, told of until its end was seen.
type following struct {
	reader
	id    string
	sub   model.Submission
	known bool // sub has come
	// takes says that the undo key takes this one back.
	takes bool
	// text is shown since when; hidden is one that the person has cleared.
	text, hidden string
	shown        time.Time
	// edits are the unsettled edits that the results on screen tell of.
	edits outbox.Edits
	news  editNews
}

// editNews says which edits of a submission on screen are to be read again.
type editNews struct {
	refs       []model.Ref
	named, all bool
	doubts     int // reads in a row that did not agree with the counts of the submission
}

// announced takes what was announced; named says that the submission was.
func (n *editNews) announced(refs []model.Ref, named bool) {
	n.refs, n.named = append(n.refs, refs...), n.named || named
}

// ask returns what is to be read: nothing, all, or the edits on some conversations.
func (n *editNews) ask(known outbox.Edits) (refs []model.Ref, read bool) {
	all := n.all || n.named && known.Creates()
	if !all {
		refs = known.On(n.refs)
	}
	*n = editNews{doubts: n.doubts}
	return refs, all || len(refs) > 0
}

// doubt has edits read again that do not agree with the counts of their submission.
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

// seenTime is how long a line is shown before a key takes it away.
const seenTime = 200 * time.Millisecond

// followOn follows a submission; takes says that the undo key takes it back.
func (m *Model) followOn(id string, several, takes bool) {
	if several {
		m.openResults()
	}
	m.told = following{id: id, takes: takes, news: editNews{all: true}}
	m.readTold()
}

// openResults shows the submission that is followed, edit by edit.
func (m *Model) openResults() {
	if o := find[*dialog.Results](m); o != nil {
		m.closeOverlay(o)
	}
	d := &dialog.Results{Keys: m.keys.Keys(keymap.Results, keymap.Dialog), Now: m.now}
	m.openLate(layer{overlay: d, act: func(asks any) {
		id := d.Submission().ID
		switch asks {
		case keymap.Retry:
			m.ofEdits(m.editsOf(id), dialog.Refused, m.retry)
		case keymap.Stop:
			m.ofEdits(m.editsOf(id), dialog.Unsent, m.withdraw)
		case dialog.Settled{}:
			m.readSettled(d)
		case keymap.SaveReport:
			m.saveReport(d.Submission())
		case keymap.Undo:
			m.closeOverlay(d)
			m.planUndo(id, nil)
		}
	}})
}

func (m *Model) readSettled(d *dialog.Results) {
	id := d.Submission().ID
	fetch(m, "read what was delivered", func(ctx context.Context) ([]model.JournalEntry, error) {
		_, settled, err := m.be.SubmissionEdits(ctx, id)
		return settled, err
	}, func(settled []model.JournalEntry) {
		if d.Submission().ID == id {
			d.SetSettled(settled)
		}
	})
}

func (m *Model) saveReport(sub model.Submission) {
	if m.opts.Save == nil {
		m.say(theme.Warning, "no report can be saved here")
		return
	}
	conf, now := m.themeConf, m.now()
	fetch(m, "save the report", func(ctx context.Context) (path string, err error) {
		waiting, settled, err := m.be.SubmissionEdits(ctx, sub.ID)
		if err != nil {
			return "", err
		}
		name := "confab-report-" + now.Format("20060102-150405") + ".txt"
		return m.opts.Save(name, dialog.Report(theme.New(conf), sub, waiting, settled, now))
	}, func(path string) { m.say(theme.Good, "saved: "+model.CleanLine(path, 300)) })
}

// readTold reads the submission that is followed; its edits while results are shown.
func (m *Model) readTold() {
	f := &m.told
	o := find[*dialog.Results](m)
	if f.id == "" || f.known && f.sub.Over() && o == nil || !f.begin() {
		return
	}
	id, edits := f.id, f.edits
	var refs []model.Ref
	var some, held, counted bool
	var told dialog.Told
	if o != nil {
		refs, some = f.news.ask(edits)
	}
	read(m, func(ctx context.Context) (sub model.Submission, err error) {
		if sub, held, err = m.be.Submission(ctx, id); err != nil || o == nil {
			return sub, err
		}
		if counted = sub.NeedPerson == 0 && (sub.Problem == nil || sub.Problem.Error == nil); counted {
			told, edits = dialog.TellCounts(sub), outbox.Edits{}
			return sub, nil
		}
		if some {
			waiting, _, err := m.be.SubmissionEdits(ctx, id, refs...)
			if err != nil {
				return sub, err
			}
			edits = edits.With(refs, waiting, nil)
		}
		told = dialog.Tell(edits.Waiting())
		return sub, nil
	}, func(sub model.Submission, err error) {
		if id != f.id {
			return
		}
		if err != nil {
			f.news.all, f.busy = true, false
			m.fail("read what was submitted", err)
			return
		}
		if held {
			f.sub, f.known, f.shown = sub, true, time.Time{}
		}
		switch now := find[*dialog.Results](m); {
		case now == nil:
		case now != o: // it was opened meanwhile
			f.again = true
		default:
			o.Set(sub, told)
			f.edits = edits
			f.news.all = f.news.all || counted // until one is to be told of, none is read
			agree := counted || some && len(refs) == 0 || edits.Agree(sub)
			f.again = f.news.doubt(agree, refs) || f.again
			if o.WantsSettled() {
				m.readSettled(o)
			}
		}
		m.ended(&f.reader, m.readTold)
	})
}

// clearMessage takes the message away, and what is followed once it was seen and only
// waiting is left to tell; esc always.
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

// toldLine says how far it is: "making “Talk” private · queued".
func (m *Model) toldLine(w int) (string, theme.Token) {
	f, s := &m.told, m.told.sub
	if !f.known {
		return "", theme.Text
	}
	look, hint := theme.Pending, ""
	keyed := func(a keymap.Action, does string) {
		if key := m.keys.KeyOf(keymap.List, a); key != "" {
			hint = " " + m.th.Separator + " " + key + " " + does
		}
	}
	switch {
	case s.NeedPerson > 0:
		look = theme.Attention
		keyed(keymap.Settle, "settles it")
	case s.Settled() && s.Delivered+s.Already > 0:
		look = theme.Good
		if f.takes && s.Delivered > s.TakenBack {
			keyed(keymap.Undo, "takes it back")
		}
	case s.Settled():
		look = theme.Dim
	case s.Problem != nil:
		look = theme.Warning
	}
	f.text = m.fitTold(s.Words(), m.th.Progress(s, m.now()), hint, w)
	if f.text == f.hidden {
		return "", look
	}
	if f.shown.IsZero() && len(m.layers) == 0 {
		f.shown = m.now()
	}
	return f.text, look
}

// fitTold joins the parts of a line, without the hint where there is no room.
func (m *Model) fitTold(what, ending, hint string, w int) string {
	const leastWhat, leastEnding = 28, 30
	th, sep := m.th, " "+m.th.Separator+" "
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

// waitForNews waits for announcements and brings all that have come.
func (m *Model) waitForNews(ch <-chan model.Event) {
	m.do(func() tea.Msg {
		var events []model.Event
		var e model.Event
		var open bool
		select {
		case e, open = <-ch:
		case <-m.ctx.Done():
		}
		for open {
			events = append(events, e)
			select {
			case e, open = <-ch:
			default:
				return after(func() {
					m.waitForNews(ch)
					m.news(events)
				})
			}
		}
		return after(func() { m.news(events) })
	})
}

func (m *Model) news(events []model.Event) {
	for _, e := range events {
		m.newsOf(e)
	}
	if m.walkedSince() {
		m.reload(false)
	}
	m.doorsMoved()
	m.quitIfDelivered()
	m.readUndecided()
}

func (m *Model) newsOf(e model.Event) {
	if e.All || len(e.Refs) > 0 {
		m.reload(false)
		m.recount()
	}
	if e.All {
		m.reloadLedger()
	} else if len(e.Submissions) > 0 {
		m.refreshLedger(e.Submissions, e.Refs)
	}
	f, refs := &m.told, e.Refs
	named := slices.Contains(e.Submissions, f.id)
	if find[*dialog.Results](m) != nil && (e.All || len(e.Submissions) > 0) {
		if !named { // why one waits may be what an edit of another submission does
			refs = f.edits.On(refs)
		}
		f.news.announced(refs, named)
		f.news.all = f.news.all || e.All
		named = named || len(refs) > 0
	}
	if e.All || named {
		m.readTold()
	}
	if shown := m.detail.Ref(); !shown.IsZero() && (e.All || slices.Contains(e.Refs, shown)) {
		if _, wrong := m.query(); wrong != nil {
			m.readRow(shown) // the list is not read
		} else {
			m.moved = shown
		}
		m.readActivity(shown)
	}
}

// walkedSince reports whether an account was walked whole since rows were read: they tell when.
func (m *Model) walkedSince() bool {
	before := m.swept
	for _, a := range m.accounts() {
		if a.Swept.After(m.swept) {
			m.swept = a.Swept
		}
	}
	return !m.swept.Equal(before)
}

// doorsMoved reads again where an account fails, works again or has another next try, since no
// announcement names the edits that wait for it.
func (m *Model) doorsMoved() {
	var now strings.Builder
	for _, a := range m.accounts() {
		if a.Error != nil {
			fmt.Fprintf(&now, "%s %s %s %s\n", a.Name, a.Error.Kind, a.Error.Message, a.NextTry)
		}
	}
	if now.String() != m.doors {
		m.doors = now.String()
		m.told.news.all = true
		m.readTold()
		m.reloadLedger()
	}
}
