package ui

import (
	"context"
	"slices"

	"confab/model"
	"confab/ui/detail"
	"confab/ui/keymap"
	"confab/ui/theme"
)

// maxDetails bounds the conversations kept with their messages, so that going back shows them at once.
const maxDetails = 8

// conversation is the open or previewed conversation, and the reading of it.
type conversation struct {
	*overlays
	list *listing
	detail.View
	loaded       []model.Detail // conversations loaded whole, the oldest first
	restGen      int            // numbers the waits for the cursor to rest
	moving       bool           // the cursor has not rested since it moved
	stale        model.Ref      // the conversation shown, if news named it since the list was read
	openWhenRead bool           // open the conversation under the cursor once its row is read
}

func (c *conversation) loadedIndex(ref model.Ref) int {
	return slices.IndexFunc(c.loaded, func(d model.Detail) bool { return d.Conversation.Ref == ref })
}

func (c *conversation) openRow(row model.Row) {
	ref := row.Conversation.Ref
	c.load(row)
	if !row.Triage.Seen {
		c.try(keymap.Seen.Words(), func(ctx context.Context) error { return c.be.See(ctx, ref) }, func() {})
	}
}

func (c *conversation) openSelected() {
	row, ok := c.list.Selected()
	c.openWhenRead = !ok
	if ok {
		c.openRow(row)
	}
}

// load reads the whole conversation of a row from the service.
func (c *conversation) load(row model.Row) {
	ref := row.Conversation.Ref
	c.showRow(row)
	c.SetReading(detail.Reading{Loading: true})
	c.readActivity(ref)
	need := model.NeedParticipants | model.NeedContacts | model.NeedMessages | model.NeedEverything
	read(c.loop, bind2(c.be.Load, ref, need), func(d model.Detail, err error) { c.loadArrived(ref, d, err) })
}

func (c *conversation) loadArrived(ref model.Ref, d model.Detail, err error) {
	if err == nil {
		if i := c.loadedIndex(d.Conversation.Ref); i >= 0 {
			c.loaded = slices.Delete(c.loaded, i, i+1)
		}
		c.loaded = append(c.loaded, d)
		c.loaded = c.loaded[max(0, len(c.loaded)-maxDetails):]
	}
	switch {
	case ref != c.Ref():
	case model.KindOf(err) == model.NotFound:
		c.SetReading(detail.Reading{Gone: true})
	case err != nil:
		c.SetReading(detail.Reading{Problem: model.Words(err)})
	default:
		c.SetDetail(d)
		row := c.Row()
		row.Conversation = d.Conversation
		c.showRow(row)
	}
}

func (c *conversation) readRow(ref model.Ref) {
	held := false
	var outbox []model.OutboxEntry // of a conversation that is gone
	read(c.loop, func(ctx context.Context) (row model.Row, err error) {
		if row, held, err = c.be.Row(ctx, ref); err == nil && !held {
			outbox, err = c.be.OutboxOf(ctx, ref)
		}
		return row, err
	}, func(row model.Row, err error) {
		switch {
		case ref != c.Ref():
		case held && err == nil:
			c.showRow(row)
		default:
			if err == nil {
				c.showRow(withEdits(c.Row(), outbox))
			}
			c.SetReading(detail.Reading{Gone: true})
		}
	})
}

// withEdits returns a row with other edits than it shows.
func withEdits(row model.Row, edits []model.OutboxEntry) model.Row {
	for _, p := range slices.Backward(row.Pending) {
		if undone := p.Edit; p.State.Shown() {
			undone.Target = undone.Base
			row.Conversation = model.Project(row.Conversation, []model.Edit{undone})
		}
	}
	row.Pending = nil
	for _, e := range edits {
		row.Pending = append(row.Pending, model.Pending{ID: e.ID, Submission: e.Submission, Kind: e.Kind, State: e.State, Edit: e.Edit})
		if e.State.Shown() {
			row.Conversation = model.Project(row.Conversation, []model.Edit{e.Edit})
		}
	}
	return row
}

func (c *conversation) readActivity(ref model.Ref) {
	var outbox []model.OutboxEntry
	var history []model.JournalEntry
	read(c.loop, func(ctx context.Context) ([]model.Submission, error) {
		subs, err := c.be.Submissions(ctx, model.HistoryRequest{Ref: ref, Limit: activityLimit})
		if err == nil {
			outbox, err = c.be.OutboxOf(ctx, ref)
		}
		if err == nil {
			history, err = c.be.History(ctx, model.HistoryRequest{Ref: ref, Limit: historyLimit})
		}
		return subs, err
	}, func(subs []model.Submission, err error) {
		if ref == c.Ref() && err == nil {
			c.SetActivity(subs, outbox, history)
		}
	})
}

// showRow shows a row in the detail view, with the parts of the conversation that only a load returns.
func (c *conversation) showRow(row model.Row) {
	ref := row.Conversation.Ref
	known, same := c.Detail(), ref == c.Ref()
	if !same {
		known = nil
		if !c.inDetail {
			c.SetTab(detail.Overview) // another tab stays from one open conversation to the next alone
		}
		if i := c.loadedIndex(ref); i >= 0 {
			known = &c.loaded[i]
		}
	}
	if known != nil {
		row.Conversation = model.MergeReading(known.Conversation, row.Conversation, model.ReadWhole|model.ReadMessages)
	}
	about, _ := c.be.Describe(ref.Account)
	c.Show(row, about, c.account(ref.Account).Swept)
	if known != nil && !same {
		c.SetDetail(*known)
	}
}

// previewAfterRest updates the footer and the preview once the cursor has rested.
func (c *conversation) previewAfterRest() {
	c.moving = true
	if c.Ref().IsZero() {
		c.updatePreview()
	}
	c.debounce(&c.restGen, restTime, func() {
		c.moving = false
		c.updatePreview()
	})
}

// rested reports whether the cursor has rested since it moved, or a conversation is open.
func (c *conversation) rested() bool { return !c.moving || c.inDetail }

// back goes back to the list.
func (c *conversation) back() {
	c.inDetail, c.openWhenRead = false, false
	c.list.MoveToRef(c.Ref())
	if c.list.Ref() != c.Ref() {
		c.previewAfterRest()
	}
}

func (c *conversation) updatePreview() {
	if !c.previewShown() {
		return
	}
	row, ok := c.list.Selected()
	ref := row.Conversation.Ref
	switch {
	case !ok:
		c.Clear()
	case ref != c.Ref():
		c.showRow(row)
		c.readActivity(ref)
		c.readMessagesSoon(ref)
	}
}

// readMessagesSoon reads the messages of a conversation that stays in the preview, if its account
// is neither syncing nor failing by then.
func (c *conversation) readMessagesSoon(ref model.Ref) {
	c.schedule(messagesTime, func() {
		a := c.account(ref.Account)
		calm := a.Name != "" && !a.Syncing && a.Error == nil
		if !calm || ref != c.Ref() || c.Detail() != nil || !c.previewShown() {
			return
		}
		read(c.loop, bind2(c.be.Load, ref, model.NeedParticipants|model.NeedContacts|model.NeedMessages), func(d model.Detail, err error) {
			if err == nil && (ref != c.Ref() || c.Detail() == nil) {
				c.loadArrived(ref, d, nil)
			}
		})
	})
}

// pageArrived brings the conversation up to date with a new page of the list.
func (c *conversation) pageArrived(page arrival) {
	ref := c.Ref()
	row, listed := c.list.Row(ref)
	if listed {
		c.showRow(row)
	}
	if !page.again {
		if !listed && c.stale == ref && !ref.IsZero() {
			c.readRow(ref)
		}
		c.stale = model.Ref{}
	}
	if c.openWhenRead && c.inDetail {
		c.openSelected()
	}
	switch {
	case c.inDetail:
	case c.list.Total() == 0:
		c.Clear() // no rest: the previewed conversation is not in the result
	case page.moved:
		// No rest: these rows came from a read, not from a held key.
		c.restGen++
		c.moving = false
		c.updatePreview()
	case c.Ref() != c.list.Ref():
		c.previewAfterRest()
	}
}

func (c *conversation) turnDetail(by int) {
	if !c.inDetail && !c.previewShown() {
		c.say(theme.Dim, "no preview is shown: "+c.keyFor(keymap.List, keymap.CyclePreview)+" shows it, enter opens the conversation")
		return
	}
	c.SetTab(c.Tab() + detail.Tab(by))
}

func (c *conversation) fillScreen(row model.Row) {
	c.openRow(row)
	c.inDetail = true
	c.list.EndRange()
}

// news reads the conversation again if an announcement of the engine names it.
func (c *conversation) news(e model.Event) {
	ref := c.Ref()
	if _, listed := c.list.Row(ref); e.Edits && !listed && !ref.IsZero() {
		c.readRow(ref) // no announcement names a conversation that is gone
		c.readActivity(ref)
	}
	if ref.IsZero() || !e.All && !slices.Contains(e.Refs, ref) {
		return
	}
	c.stale = ref
	c.readActivity(ref)
}
