package store

import (
	"slices"

	"confab/model"
)

// An edit is planned on what is shown: what the service has, with the edits on
// their way laid over it. Where one of these will not be sent after all, what was
// planned upon it gets what was there before as its base. Its base would else be
// something that no service ever had, and look like somebody else's change.

// rebase returns the edits of the outbox a new base that were planned upon one that was
// never sent. Several may have been planned upon it at the same moment.
func (t *tx) rebase(e model.OutboxEntry) {
	type change struct{ was, now model.Value }
	lost := []change{{e.Target, e.Base}}
	for _, l := range t.later(e) {
		i := slices.IndexFunc(lost, func(c change) bool { return l.Base.Equal(c.was) })
		if i >= 0 && unsent(l) && l.Kind == e.Kind && l.Undoes == "" {
			target, widened := l.Target, l.Widens()
			l.Edit = onBase(l.Edit, lost[i].now)
			if t.saveEntry(l); l.Widens() && !widened { // nobody has agreed to that
				t.move(l, putOnHold, widenedByBase)
			}
			if !l.Target.Equal(target) {
				lost = append(lost, change{target, l.Target})
			}
		}
		// What this one leaves is there from here on.
		lost = slices.DeleteFunc(lost, func(c change) bool { return c.was.Equal(l.Target) })
	}
}

// later returns the edits of the outbox that came after one of the same field.
func (t *tx) later(e model.OutboxEntry) []model.OutboxEntry {
	return t.outbox("account = ? AND conv = ? AND field = ? AND id > ?", e.Ref.Account, e.Ref.ID, field(e.Edit), e.ID)
}

// rebaseNew does so for an edit that enters the outbox: what it was planned upon may
// have left since, or may have another target by now.
func (t *tx) rebaseNew(e model.Edit) model.Edit {
	for _, under := range slices.Backward(e.Upon) {
		if !e.Base.Equal(under.Target) {
			continue
		}
		if result, ok := t.resultOf(under.ID); ok {
			return onBase(e, result)
		}
		e = onBase(e, under.Base)
	}
	return e
}

// resultOf returns what an edit sets its field to, or has set it to; ok is false
// where it was not delivered and will not be.
func (t *tx) resultOf(id string) (v model.Value, ok bool) {
	if e, ok := t.entry(id); ok {
		return e.Target, e.Sent || e.State.Shown()
	}
	ok = t.row("SELECT after FROM journal WHERE id = ?", id).scan(fromJSON{&v})
	return v, ok
}

// onBase returns an edit made on another base. Of a set of people what the edit
// changes is kept, and all that it leaves alone is as in the new base.
func onBase(e model.Edit, base model.Value) model.Edit {
	if e.Base.People != nil && e.Target.People != nil && base.People != nil {
		e.Target = model.PeopleValue(model.MergePeople(*e.Base.People, *e.Target.People, *base.People))
	}
	e.Base = base
	return e
}
