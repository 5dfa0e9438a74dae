package ui

import (
	"context"
	"time"

	"confab/model"
	"confab/ui/dialog"
	"confab/ui/keymap"
	"confab/ui/outbox"
	"confab/ui/theme"
)

// outboxView is the screen of the outbox and the history.
type outboxView struct {
	*overlays
	decisions *decisions
	undo      *undo
	quit      *quitting
	opened
}

// opened is the screen that was opened last, nil for none, and what of it is to be read again.
type opened struct {
	*outbox.Screen
	reader
	version int64 // of the submissions that were read
	whole   bool  // everything in the outbox is to be read, and the newest page
	// moved says that an announcement came since the last whole read, so the cursor may come to a
	// reason to wait that is out of date.
	moved bool
	older bool   // an older page is being read
	find  string // the submission that the cursor goes to first
}

func (o *outboxView) show(in intent) {
	o.opened = opened{Screen: &outbox.Screen{Keys: o.keys.Keys(keymap.Outbox, keymap.Global), Now: o.now}}
	if in.single {
		for _, p := range in.row.Pending {
			if o.find == "" || p.State.NeedsPerson() {
				o.find = p.Submission
			}
		}
	}
	o.open(layer{overlay: o.Screen, handle: o.asked})
	o.reread()
}

// shows reports whether a screen is the one that is open.
func (o *outboxView) shows(s *outbox.Screen) bool {
	return s != nil && s == o.Screen && o.layerOf(s) >= 0
}

// reread reads everything in the outbox again, and the newest page.
func (o *outboxView) reread() {
	o.whole = true
	o.read()
}

// news reads the submissions again that changed, after an announcement of the engine.
func (o *outboxView) news(e model.Event) {
	if e.All || e.Edits {
		o.whole, o.moved = o.whole || e.All, true
		o.read()
	}
}

// read reads the submissions that changed, and the edits of the open one.
func (o *outboxView) read() {
	if !o.shows(o.Screen) || !o.begin() {
		return
	}
	screen := o.Screen
	version, limit, open, edits := o.version, 0, o.Opened(), o.Edits()
	if o.whole {
		limit, edits, o.whole, o.moved = historyLimit, outbox.Edits{}, false, false
	}
	reasons := o.Waiting() // they may be edits of other submissions
	read(o.loop, func(ctx context.Context) (subs []model.Submission, err error) {
		if subs, version, err = o.be.Changed(ctx, version, limit, reasons...); err == nil && open != "" {
			edits, _, err = edits.Read(ctx, open, o.be.SubmissionEdits)
		}
		return subs, err
	}, func(subs []model.Submission, err error) {
		switch {
		case !o.shows(screen):
			return
		case err != nil:
			o.busy, o.whole = false, true
			o.fail("read the outbox", err)
			return
		}
		o.version = version
		o.Set(subs, limit)
		o.SetEdits(open, edits)
		if o.find != "" {
			o.Find(o.find)
			o.find = ""
		}
		o.ended(&o.reader, o.read)
	})
}

func (o *outboxView) readOlder() bool {
	screen := o.Screen
	before, ok := o.WantsOlder()
	if !ok || o.older || o.busy {
		return false
	}
	o.older = true
	older := model.HistoryRequest{Limit: historyLimit, Before: before}
	read(o.loop, bind(o.be.Submissions, older), func(page []model.Submission, err error) {
		if screen != o.Screen {
			return
		}
		o.older = false
		if err != nil {
			o.fail("read older submissions", err)
			return
		}
		o.AddOlder(page, len(page) == historyLimit)
		if o.shows(screen) {
			o.readOlder() // a search goes on until it finds a match
		}
	})
	return true
}

func (o *outboxView) asked(asks any) {
	sub, edit, ok := o.Under()
	// on calls do with the edit under the cursor, or those of the submission there that which selects.
	on := func(nothing string, which func(model.OutboxEntry) bool, do func([]model.OutboxEntry)) {
		switch {
		case !outbox.Unsettled(sub, edit):
			o.say(theme.Dim, nothing)
		case edit != nil:
			do([]model.OutboxEntry{edit.OutboxEntry})
		default:
			o.decisions.ofEdits(sub.ID, nothing, which, do)
		}
	}
	switch asks {
	case outbox.Moved{}:
		// The reason why these edits wait may have changed.
		if !o.readOlder() && o.moved {
			o.read()
		}
	case outbox.Opened{}:
		o.read()
	case keymap.Resolve:
		if edit.Journal == nil {
			o.decisions.openConflict(edit.OutboxEntry)
			return
		}
		o.open(layer{overlay: &dialog.Text{Title: model.CleanLine(edit.Title, 200), Keys: o.keys.Keys(keymap.Pager),
			Lines: historyText(o.th, *edit.Journal, o.now())}})
	case keymap.Help:
		o.openHelp(keymap.Outbox)
	case keymap.Settle:
		switch {
		case edit != nil && edit.State.NeedsPerson():
			o.decisions.openConflict(edit.OutboxEntry)
		case sub.NeedPerson > 0 && sub.Problem != nil:
			o.decisions.openConflict(*sub.Problem)
		default:
			o.decisions.next(model.Ref{})
		}
	case keymap.Retry:
		on(nothingToSend, model.OutboxEntry.Retriable, o.decisions.retry)
	case keymap.RetryFailed:
		o.decisions.retryFailed()
	case keymap.Discard:
		on("there is nothing to discard; "+o.Keys.Of(keymap.UndoEntry)+" takes back what was delivered",
			func(e model.OutboxEntry) bool { return e.State != model.Sending }, o.decisions.askDiscard)
	case keymap.UndoEntry:
		switch {
		case !ok:
			o.say(theme.Dim, "there is nothing to take back")
		case edit != nil:
			o.undo.plan(edit.ID, nil)
		default:
			o.undo.plan(sub.ID, nil)
		}
	case keymap.Quit:
		o.quit.leave()
	}
}

func historyText(th *theme.Theme, e model.JournalEntry, now time.Time) []string {
	out := []string{th.Phrase(e.Edit), "",
		"conversation: " + e.Ref.String(),
		"delivered:    " + e.At.In(now.Location()).Format("2 Jan 2006 15:04:05"),
		"by:           " + e.User,
		"before:       " + th.Value(e.Kind, e.Before),
		"after:        " + th.Value(e.Kind, e.After)}
	if e.Undone != "" {
		out = append(out, "It was taken back.")
	}
	if ok, why := model.Undoable(e.Kind); !ok {
		out = append(out, "", "It can't be taken back: "+why+".")
	}
	return out
}
