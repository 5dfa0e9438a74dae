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
	reader
}

// news reads the edit that is shown again, which may have been sent or decided about elsewhere.
func (d *decisions) news(e model.Event) {
	c := findOverlay[*dialog.Conflict](d.overlays)
	if c == nil || !e.All && !e.Edits || !d.begin() {
		return
	}
	read(d.loop, bind(d.be.OutboxOf, c.Entry.Ref), func(all []model.OutboxEntry, err error) {
		switch i := slices.IndexFunc(all, func(e model.OutboxEntry) bool { return e.ID == c.Entry.ID }); {
		case err != nil || d.layerOf(c) < 0:
		case i >= 0:
			c.Entry = all[i]
		default: // a dialog stays, or a key meant for it would reach the list
			d.closeOverlay(c)
			d.openWhenFree(layer{overlay: &dialog.Text{Keys: d.keys.Keys(keymap.Pager), Title: "Settled meanwhile",
				Lines: []string{model.CleanLine(c.Entry.Title, 200), "There is nothing left to decide."}}})
		}
		d.ended(&d.reader, func() { d.news(e) })
	})
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
	now := func() []model.OutboxEntry { return []model.OutboxEntry{c.Entry} }
	send := func(choice model.Decision) {
		d.send(choice, now(), c, func(int) { d.followed.follow(e.Submission, false, false) })
	}
	d.openWhenFree(layer{overlay: c, handle: func(asks any) {
		switch asks {
		case keymap.Discard:
			d.closeOverlay(c)
			d.askDiscard(now())
		case keymap.Retry:
			send(model.DecideRetry)
		case keymap.Accept:
			ref, _ := c.Existing()
			d.layers, d.inDetail = nil, false
			d.list.setFilter("is:any id:"+ref.ID, ref)
		case keymap.Mine:
			send(model.DecideMine)
		case keymap.Theirs:
			d.closeOverlay(c)
			d.decide(model.DecideTheirs, now(), func(int) { d.say(theme.Good, "theirs is kept: nothing is sent") })
		case keymap.Merged:
			if c.CanMerge() {
				send(model.DecideMerged)
			} else {
				d.say(theme.Dim, "only lists of people can be merged")
			}
		}
	}})
}

// send plans a decision that sends edits, and carries it out once a person has agreed to what is risky. Then it closes the
// overlay from, if that is not nil.
func (d *decisions) send(choice model.Decision, all []model.OutboxEntry, from overlay, done func(n int)) {
	all = slices.DeleteFunc(all, func(e model.OutboxEntry) bool {
		about, _ := d.be.Describe(e.Ref.Account)
		return about.ReadOnly
	})
	if len(all) == 0 {
		d.say(theme.Warning, "read-only: nothing is sent")
		return
	}
	operate(d.overlays, inDialog("Send again"), func(ctx context.Context, _ func(int, int)) (*dialog.Plan, error) {
		plan, err := d.be.PlanDecision(ctx, choice, all)
		plan.Title = "Send again: " + theme.Pick(len(all) == 1, model.CleanLine(all[0].Title, 120), theme.Count(len(all), "edit"))
		return dialog.NewPlan(plan), err
	}, func(plan *dialog.Plan, err error) {
		send := func() {
			d.closeOverlay(from)
			d.decide(choice, all, done)
		}
		switch plan.Whole = true; {
		case err != nil:
			d.fail(changeOutbox, err)
		case from != nil && d.layerOf(from) < 0 || findOverlay[*dialog.Plan](d.overlays) != nil: // the key was pressed twice
		case plan.Risky():
			d.askPlan(plan, from, send)
		default:
			send()
		}
	})
}

const changeOutbox = "change the outbox"

// decide carries out a decision about edits, and passes to done for how many it did.
func (d *decisions) decide(choice model.Decision, all []model.OutboxEntry, done func(n int)) {
	fetch(d.loop, changeOutbox, func(ctx context.Context) (int, error) { return d.be.Decide(ctx, choice, all...) }, done)
}

// count returns a function that shows to how many edits something was done.
func (d *decisions) count(done string) func(n int) {
	return func(n int) { d.say(theme.Good, theme.Count(n, "edit")+" "+done) }
}

// ofEdits calls do with those edits of a submission, or of the whole outbox for "", that which selects, or says nothing if
// there are none.
func (d *decisions) ofEdits(submission, nothing string, which func(model.OutboxEntry) bool, do func([]model.OutboxEntry)) {
	fetch(d.loop, "read what was submitted", func(ctx context.Context) ([]model.OutboxEntry, error) {
		if submission == "" {
			return d.be.Outbox(ctx)
		}
		edits, err := d.be.SubmissionEdits(ctx, submission, 0)
		return edits.Outbox, err
	}, func(edits []model.OutboxEntry) {
		if edits = slices.DeleteFunc(edits, func(e model.OutboxEntry) bool { return !which(e) }); len(edits) == 0 {
			d.say(theme.Dim, nothing)
		} else {
			do(edits)
		}
	})
}

func (d *decisions) askDiscard(all []model.OutboxEntry) {
	one := len(all) == 1
	menu := &dialog.Menu{Title: "Discard " + theme.Pick(one, "this edit", theme.Count(len(all), "edit")) + "?", At: 1,
		Items: []dialog.Item{{Key: "y", Label: "yes, discard"}, {Key: "n", Label: "no"}}}
	if one {
		menu.Text = []string{d.th.Phrase(all[0].Edit), model.CleanLine(all[0].Title, 120)}
	}
	if left := theme.LeftAlready(all); left != "" {
		menu.Text = append(menu.Text, left)
	}
	d.openMenu(menu, func(i int) {
		if i == 0 {
			d.decide(model.DecideDiscard, all, d.count("discarded"))
		}
	})
}

const nothingToSend = "there is nothing to send again"

func (d *decisions) retry(all []model.OutboxEntry) {
	d.send(model.DecideRetry, all, nil, d.count("queued again"))
}

func (d *decisions) retryFailed() { d.ofEdits("", nothingToSend, model.OutboxEntry.Retriable, d.retry) }

func (d *decisions) withdraw(all []model.OutboxEntry) {
	d.decide(model.DecideWithdraw, all, d.count("withdrawn"))
}
