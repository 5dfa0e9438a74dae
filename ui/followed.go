package ui

import (
	"context"
	"strings"
	"time"

	"confab/model"
	"confab/ui/dialog"
	"confab/ui/keymap"
	"confab/ui/outbox"
	"confab/ui/theme"
)

// followed is the newest submission of this run. The message line tells of it until it has shown how it ended.
type followed struct {
	*overlays
	decisions *decisions
	undo      *undo
	following
}

type following struct {
	reader
	id  string
	sub model.Submission // once it was read
	// undoable says that the undo key takes this submission back.
	undoable bool
	// text is the line, shown when it was first drawn, hidden a line that the person dismissed.
	text, hidden string
	shown        time.Time
	// edits are its unsettled edits, as read for the results dialog; whole says that all are to be read again.
	edits outbox.Edits
	whole bool
}

// minShownTime is how long a line must have been shown before a key dismisses it.
const minShownTime = 200 * time.Millisecond

// follow follows a submission, in the results dialog if it has several edits.
func (f *followed) follow(id string, several, undoable bool) {
	if several {
		f.openResults()
	}
	f.following = following{id: id, undoable: undoable}
	f.read()
}

// forget stops following a submission, which left nothing to tell of.
func (f *followed) forget(id string) {
	if f.id == id {
		f.following = following{}
	}
}

// news reads the submission again after an announcement of the engine. It may wait for an edit of another one.
func (f *followed) news(e model.Event) {
	f.whole = f.whole || e.All
	if e.All || e.Edits {
		f.read()
	}
}

// reread reads the submission with all its edits.
func (f *followed) reread() {
	f.whole = true
	f.read()
}

// openResults shows the followed submission edit by edit.
func (f *followed) openResults() {
	if o := findOverlay[*dialog.Results](f.overlays); o != nil {
		f.closeOverlay(o)
	}
	d := &dialog.Results{Keys: f.keys.Keys(keymap.Results, keymap.Dialog), Now: f.now}
	f.openWhenFree(layer{overlay: d, handle: func(asks any) {
		id := d.Submission().ID
		switch asks {
		case keymap.Retry:
			f.decisions.ofEdits(id, nothingToSend, model.OutboxEntry.Stopped, f.decisions.retry)
		case keymap.Stop:
			f.decisions.ofEdits(id, "there is nothing left to withdraw", model.OutboxEntry.Withdrawable, f.decisions.withdraw)
		case dialog.Settled{}:
			f.readSettled(d)
		case keymap.SaveReport:
			f.saveReport(id)
		case keymap.Undo:
			f.closeOverlay(d)
			f.undo.plan(id, nil)
		}
	}})
}

func (f *followed) readSettled(d *dialog.Results) {
	id := d.Submission().ID
	fetch(f.loop, "read what was delivered", func(ctx context.Context) (model.SubmissionEdits, error) {
		return f.be.SubmissionEdits(ctx, id, 0)
	}, func(edits model.SubmissionEdits) {
		if d.Submission().ID == id {
			d.SetSettled(edits.Journal)
		}
	})
}

func (f *followed) saveReport(id string) {
	conf, now := f.themeConf, f.now()
	fetch(f.loop, "save the report", func(ctx context.Context) (path string, err error) {
		edits, err := f.be.SubmissionEdits(ctx, id, 0)
		if err != nil {
			return "", err
		}
		name := "confab-report-" + now.Format("20060102-150405") + ".txt"
		return f.opts.Save(name, dialog.Report(theme.New(conf), edits, now))
	}, func(path string) { f.say(theme.Good, "saved: "+model.CleanLine(path, 300)) })
}

// read reads the followed submission, and its edits while the results dialog is open.
func (f *followed) read() {
	o := findOverlay[*dialog.Results](f.overlays)
	if f.id == "" || f.sub.ID != "" && f.sub.Over() && o == nil || !f.begin() {
		return
	}
	id, edits := f.id, f.edits
	if f.whole {
		edits, f.whole = outbox.Edits{}, false
	}
	var unsettled dialog.Unsettled
	read(f.loop, func(ctx context.Context) (model.Submission, error) {
		sub, _, err := f.be.Submission(ctx, id)
		switch {
		case err != nil || o == nil:
		case sub.NeedPerson == 0 && (sub.Problem == nil || sub.Problem.Error == nil): // the counts tell all
			unsettled, edits = dialog.CountUnsettled(sub), outbox.Edits{}
		default:
			edits, sub, err = edits.Read(ctx, id, f.be.SubmissionEdits)
			edits = edits.Unsettled()
			unsettled = dialog.SortUnsettled(edits.Waiting())
		}
		return sub, err
	}, func(sub model.Submission, err error) {
		if id != f.id {
			return
		}
		f.edits = edits
		if err != nil {
			f.whole, f.busy = true, false
			f.fail("read what was submitted", err)
			return
		}
		if sub.ID != "" {
			f.sub, f.shown = sub, time.Time{}
		}
		switch now := findOverlay[*dialog.Results](f.overlays); {
		case now == nil:
		case now != o: // the dialog was opened during this read
			f.again = true
		default:
			o.Set(sub, unsettled)
			if o.WantsSettled() {
				f.readSettled(o)
			}
		}
		f.ended(&f.reader, f.read)
	})
}

// clearMessage clears the message when a key is typed. It dismisses the line of the followed submission
// too, if the line was shown long enough and says how the submission ended, what went wrong, or the key is esc.
func (f *followed) clearMessage(key string) {
	f.notice = notice{}
	switch {
	case f.shown.IsZero() || f.now().Sub(f.shown) < minShownTime:
	case f.sub.Settled():
		f.following = following{}
	case f.sub.Problem != nil || key == "esc":
		f.hidden = f.text
	}
}

// line returns the state of the followed submission: "making “Talk” private · queued".
func (f *followed) line(w int) (string, theme.Token) {
	s := f.sub
	if s.ID == "" {
		return "", theme.Text
	}
	look, hint := theme.Pending, ""
	keyed := func(a keymap.Action, does string) string {
		return theme.Around(" "+f.th.Separator+" ", f.keys.KeyOf(keymap.List, a), " "+does)
	}
	switch {
	case s.NeedPerson > 0:
		look = theme.Attention
		hint = keyed(keymap.Settle, "settles it")
	case s.Settled() && s.Delivered+s.Already > 0:
		look = theme.Good
		if f.undoable && s.Delivered > s.TakenBack {
			hint = keyed(keymap.Undo, "takes it back")
		}
	case s.Settled():
		look = theme.Dim
	case s.Problem != nil:
		look = theme.Warning
	}
	f.text = f.fitLine(s.Words(), f.th.Progress(s, f.now()), hint, w)
	if f.text == f.hidden {
		return "", look
	}
	if f.shown.IsZero() && len(f.layers) == 0 {
		f.shown = f.now()
	}
	return f.text, look
}

// fitLine joins the parts of the line, and leaves the hint out where there is no room.
func (f *followed) fitLine(what, ending, hint string, w int) string {
	const leastWhat, leastEnding = 28, 30
	th, sep := f.th, " "+f.th.Separator+" "
	room := w - th.Width(sep) - th.Width(hint)
	if room < min(leastWhat, th.Width(what))+min(leastEnding, th.Width(ending)) {
		room, hint = room+th.Width(hint), ""
	}
	forWhat := max(min(leastWhat, room/3), room-th.Width(ending))
	what = shorten(th, what, forWhat)
	return what + sep + th.Truncate(ending, max(1, room-th.Width(what)), th.Ellipsis) + hint
}

// shorten cuts a sentence to a width: the titles that it quotes, one after another, and its end if that is not enough.
func shorten(th *theme.Theme, s string, w int) string {
	const leastTitle = 6
	head, rest, _ := strings.Cut(s, "“")
	title, tail, quoted := strings.Cut(rest, "”")
	if over := th.Width(s) - w; quoted && over > 0 {
		lead := head + "“" + th.Truncate(title, max(leastTitle, th.Width(title)-over), th.Ellipsis) + "”"
		if left := w - th.Width(lead); left > 0 || left == 0 && tail == "" {
			return lead + shorten(th, tail, left)
		}
	}
	return th.Truncate(s, w, th.Ellipsis)
}
