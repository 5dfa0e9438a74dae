package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"slices"

	"confab/model"
)

// An edit is planned on what is shown: what the service has, with the edits on
// their way laid over it. Where one of these will not be sent after all, what was
// planned upon it gets what was there before as its base. Its base would else be
// something that no service ever had, and look like somebody else's change.

// rebase does this for the edits of the outbox that were planned upon one that
// was never sent. Several may have been planned upon it at the same moment.
func (t *tx) rebase(e model.OutboxEntry) error {
	rows, err := t.QueryContext(t.ctx, "SELECT "+entryColumns+" FROM outbox WHERE account = ? AND conv = ? AND field = ? AND id > ? ORDER BY id",
		e.Ref.Account, e.Ref.ID, field(e.Edit), e.ID)
	if err != nil {
		return err
	}
	later, err := scanEntries(rows)
	if err != nil {
		return err
	}
	type change struct{ was, now model.Value }
	lost := []change{{e.Target, e.Base}}
	for _, l := range later {
		i := slices.IndexFunc(lost, func(c change) bool { return l.Base.Equal(c.was) })
		if i >= 0 && !l.Sent && l.State != model.Sending && l.Kind == e.Kind && l.Undoes == "" {
			target, widened := l.Target, l.Widens()
			l.Edit = onto(l.Edit, lost[i].now)
			if err := t.rewrite(l.Edit); err != nil {
				return err
			}
			if l.Widens() && !widened && l.State.Waiting() {
				if err := t.holdWider(l.ID); err != nil {
					return err
				}
			}
			if !l.Target.Equal(target) {
				lost = append(lost, change{target, l.Target})
			}
		}
		// What this one leaves is there from here on.
		lost = slices.DeleteFunc(lost, func(c change) bool { return c.was.Equal(l.Target) })
	}
	return t.err
}

// ground does it for an edit that enters the outbox: what it was planned upon may
// have left since, or may leave something else by now.
func (t *tx) ground(e model.Edit) (model.Edit, error) {
	for _, under := range slices.Backward(e.Upon) {
		if !e.Base.Equal(under.Target) {
			continue
		}
		leaves, stands, err := t.leaves(under.ID)
		if err != nil {
			return e, err
		}
		if stands {
			return onto(e, leaves), nil
		}
		e = onto(e, under.Base)
	}
	return e, nil
}

// leaves returns what an edit sets its field to, or has set it to; ok is false
// where it was neither delivered nor may be yet.
func (t *tx) leaves(id string) (v model.Value, ok bool, err error) {
	entry, ok, err := t.entry(id)
	if err != nil || ok {
		return entry.Target, entry.Sent || entry.State.Shown(), err
	}
	var raw []byte
	err = t.QueryRowContext(t.ctx, "SELECT after FROM journal WHERE id = ?", id).Scan(&raw)
	if errors.Is(err, sql.ErrNoRows) {
		return v, false, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &v)
	}
	return v, err == nil, err
}

// onto returns an edit made on another base. Of a set of people what the edit
// changes is kept, and all that it leaves alone is as in the new base.
func onto(e model.Edit, base model.Value) model.Edit {
	if e.Base.People != nil && e.Target.People != nil && base.People != nil {
		e.Target = model.PeopleValue(model.MergePeople(*e.Base.People, *e.Target.People, *base.People))
	}
	e.Base = base
	return e
}

// holdWider holds an edit that widened nothing when it was planned, and does on
// its new base: nobody has agreed to that.
func (t *tx) holdWider(id string) error {
	cause, err := json.Marshal(model.EntryError{Kind: model.ConflictKind,
		Message: "what it was made upon was given up, and now more people would see or change the conversation"})
	if err != nil {
		return err
	}
	return t.exec("UPDATE outbox SET state = 'held', next_try = 0, error = ? WHERE id = ?", cause, id)
}
