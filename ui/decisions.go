package ui

import (
	"context"
	"math"
	"slices"

	"confab/model"
	"confab/ui/dialog"
	"confab/ui/keymap"
	"confab/ui/theme"
)

// decisions has a person decide about edits that wait, and carries the decisions out.
type decisions struct {
	*overlays
	list     *listing
	detail   *conversation
	followed *followed
}

// settle opens an edit of this row that needs a person, else the next such edit of any row.
func (d *decisions) settle(in intent) {
	if row := &in.here.row; row.Worst().NeedsPerson() {
		d.next(row.Conversation.Ref)
	} else {
		d.next(model.Ref{})
	}
}

// decision is an edit that needs a person, and its index in the list, -1 if the cursor is to stay.
type decision struct {
	entry *model.OutboxEntry
	at    int
}

// next opens an edit that needs a person: of the conversation ref, if that is set, else the
// nearest below the cursor, else the first in the list, else any.
func (d *decisions) next(ref model.Ref) {
	at := d.list.Cursor()
	q := d.list.query()
	inList := !d.inDetail && len(d.layers) == 0
	distance := func(i int) int {
		switch {
		case i < 0:
			return math.MaxInt
		case i <= at:
			return i + 1<<40
		}
		return i
	}
	fetch(d.loop, "read the outbox", func(ctx context.Context) (best decision, err error) {
		if !ref.IsZero() {
			all, err := d.be.OutboxOf(ctx, ref)
			if i := slices.IndexFunc(all, func(e model.OutboxEntry) bool { return e.State.NeedsPerson() }); i >= 0 {
				best = decision{&all[i], -1}
			}
			return best, err
		}
		all, _, err := d.be.Changed(ctx, 0, 0)
		for _, sub := range slices.Backward(all) {
			if sub.NeedPerson == 0 || sub.Problem == nil {
				continue
			}
			i := -1
			if ref := sub.Problem.Ref; inList && ref.ID != "" { // one without an id is still to be created
				page, err := d.be.List(ctx, model.ListRequest{Query: q, Inbox: true, Limit: 1, Anchor: ref})
				if i = page.Index; err != nil {
					return best, err
				}
			}
			if best.entry == nil || distance(i) < distance(best.at) {
				best = decision{sub.Problem, i}
			}
		}
		return best, err
	}, d.show)
}

func (d *decisions) show(found decision) {
	if found.entry == nil {
		d.say(theme.Dim, "nothing needs you")
		return
	}
	d.openConflict(*found.entry)
	if found.at >= 0 && !d.list.MoveToRef(found.entry.Ref) {
		d.list.Seek(found.entry.Ref)
		d.list.reload(true)
		return
	}
	d.detail.previewAfterRest()
}

func (d *decisions) openConflict(e model.OutboxEntry) {
	c := &dialog.Conflict{Entry: e, Keys: d.keys.Keys(keymap.Dialog), OutboxKeys: d.keys.Keys(keymap.Outbox), Now: d.now}
	d.openWhenFree(layer{overlay: c, handle: func(asks any) {
		switch asks {
		case keymap.Discard:
			d.closeOverlay(c)
			d.askDiscard([]model.OutboxEntry{e})
		case keymap.Retry:
			d.decide(c, model.DecideRetry, "")
		case keymap.Accept:
			ref, _ := c.Existing()
			d.layers, d.inDetail = nil, false
			d.list.setFilter("is:any id:"+ref.ID, ref)
		case keymap.Mine:
			d.decide(c, model.DecideMine, "")
		case keymap.Theirs:
			d.decide(c, model.DecideTheirs, "theirs is kept: nothing is sent")
		case keymap.Merged:
			if c.CanMerge() {
				d.decide(c, model.DecideMerged, "")
			} else {
				d.say(theme.Dim, "only lists of people can be merged")
			}
		}
	}})
}

const nothingSent = "read-only: nothing is sent"

// decide carries out a decision. Without said, something is sent and followed.
func (d *decisions) decide(c *dialog.Conflict, choice model.Decision, said string) {
	refused, again := d.opts.ReadOnly && said == "", choice == model.DecideRetry
	if !refused || again {
		d.closeOverlay(c)
	}
	if refused {
		d.say(theme.Warning, nothingSent)
		return
	}
	d.try(theme.Pick(again, keymap.Retry, keymap.Resolve).Words(), func(ctx context.Context) error {
		_, err := d.be.Decide(ctx, choice, c.Entry)
		return err
	}, func() {
		if said != "" {
			d.say(theme.Good, said)
		} else {
			d.followed.follow(c.Entry.Submission, false, false)
		}
	})
}

// ofEdits calls do with those edits of a submission, or of the whole outbox for "", that which selects.
func (d *decisions) ofEdits(submission string, which func(model.OutboxEntry) bool, do func([]model.OutboxEntry)) {
	fetch(d.loop, "read what was submitted", func(ctx context.Context) ([]model.OutboxEntry, error) {
		if submission == "" {
			return d.be.Outbox(ctx)
		}
		edits, err := d.be.SubmissionEdits(ctx, submission, 0)
		return edits.Outbox, err
	}, func(edits []model.OutboxEntry) {
		do(slices.DeleteFunc(edits, func(e model.OutboxEntry) bool { return !which(e) }))
	})
}

// toEdits carries out a decision about edits, and shows to how many it was done; nothing is shown for no edits.
func (d *decisions) toEdits(a keymap.Action, choice model.Decision, all []model.OutboxEntry, nothing, done string) {
	if len(all) == 0 {
		d.say(theme.Dim, nothing)
		return
	}
	fetch(d.loop, a.Words(), func(ctx context.Context) (string, error) {
		n, err := d.be.Decide(ctx, choice, all...)
		return theme.Count(n, "edit") + " " + done, err
	}, func(said string) { d.say(theme.Good, said) })
}

func (d *decisions) askDiscard(all []model.OutboxEntry) {
	if len(all) == 0 {
		d.say(theme.Dim, "there is nothing to discard that is not being sent")
		return
	}
	menu := &dialog.Menu{Title: "Discard " + theme.Count(len(all), "edit") + "?", At: 1,
		Items: []dialog.Item{{Key: "y", Label: "yes, discard"}, {Key: "n", Label: "no"}}}
	left := 0
	for _, e := range all {
		left += theme.Pick(e.Sent, 1, 0)
	}
	if left > 0 {
		menu.Text = []string{"Requests for " + theme.Number(left) + " of them have left already: discarding does not take those back."}
	}
	if len(all) == 1 {
		menu.Title, menu.Text = "Discard this edit?", []string{d.th.Phrase(all[0].Edit), model.CleanLine(all[0].Title, 120)}
		if left > 0 {
			menu.Text = append(menu.Text, "A request for it has left already: discarding does not take that back.")
		}
	}
	d.openMenu(menu, func(i int) {
		if i == 0 {
			d.toEdits(keymap.Discard, model.DecideDiscard, all, "", "discarded")
		}
	})
}

func (d *decisions) retry(all []model.OutboxEntry) {
	if d.opts.ReadOnly && len(all) > 0 {
		d.say(theme.Warning, nothingSent)
		return
	}
	d.toEdits(keymap.Retry, model.DecideRetry, all, "there is nothing to send again", "queued again")
}

func (d *decisions) withdraw(all []model.OutboxEntry) {
	d.toEdits(keymap.Stop, model.DecideWithdraw, all, "there is nothing left to withdraw", "withdrawn")
}

func (d *decisions) retryFailed() { d.ofEdits("", model.OutboxEntry.Retriable, d.retry) }
