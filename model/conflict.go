package model

import "slices"

// Verdict is the result of comparing an edit with a fresh read, right before sending.
type Verdict int

// The verdicts.
const (
	Already   Verdict = iota // the fresh value equals the target; nothing needs to be sent
	Untouched                // the fresh value equals the base; the edit may be sent
	Changed                  // somebody else changed the field; a person decides
	NotLoaded                // the fresh read does not hold the field; never send
)

// Compare compares the edited field of a fresh read with an edit, and returns the value it found there. It compares by
// value, never by an update time or an entity tag; other fields don't matter.
func Compare(e Edit, fresh Conversation) (Verdict, Value) {
	theirs, known := e.Read(fresh)
	switch {
	case e.Kind == EditCreate || e.Kind == EditDelete:
		return Untouched, theirs
	case !known:
		return NotLoaded, theirs
	case theirs.Equal(e.Target):
		return Already, theirs
	case theirs.Equal(e.Base):
		return Untouched, theirs
	}
	return Changed, theirs
}

// Merged applies the additions, removals and alterations of an edit to a set that somebody else changed meanwhile. It
// returns nil for an edit of anything but a set.
func Merged(e Edit, theirs Value) *Value {
	if e.Base.People == nil || e.Target.People == nil || theirs.People == nil {
		return nil
	}
	return new(PeopleValue(MergePeople(*e.Base.People, *e.Target.People, *theirs.People)))
}

// Decided returns the edit as a decision would send it: mine and merged are sent over what the service showed, if that is known.
func (e OutboxEntry) Decided(d Decision) (Edit, error) {
	switch {
	case e.Theirs == nil || d == DecideRetry:
		return e.Edit, nil
	case d != DecideMerged:
		e.Base = *e.Theirs
		return e.Edit, nil
	case Merged(e.Edit, *e.Theirs) == nil:
		return e.Edit, &Error{Kind: Invalid, Message: "only sets of people can be merged"}
	}
	return e.OnBase(*e.Theirs), nil
}

// OnBase returns the edit made on another base. For a set of people the edit's changes are applied to that base.
func (e Edit) OnBase(base Value) Edit {
	if merged := Merged(e, base); merged != nil {
		e.Target = *merged
	}
	e.Or, e.Base = new(e.Base), base
	return e
}

// MergePeople applies to theirs what changed between base and mine: it adds and removes people and sets changed roles and
// statuses. The result has theirs first, in their order, then the additions.
func MergePeople(base, mine, theirs []Participant) []Participant {
	var out []Participant
	for _, p := range theirs {
		was, had := find(base, p)
		now, has := find(mine, p)
		if had && !has {
			continue
		}
		fill(has && (!had || was.Role != now.Role), &p.Role, now.Role)
		fill(has && (!had || was.Status != now.Status), &p.Status, now.Status)
		out = append(out, p)
	}
	for _, p := range mine {
		if !has(base, p) && !has(theirs, p) {
			out = append(out, p)
		}
	}
	return out
}

// IsPartlyApplied reports whether a set lies between base and target: every entry of it is as in one of the two, and nobody
// who is in both is missing. An edit that needs several requests leaves such a set when it is interrupted.
func IsPartlyApplied(base, target, theirs Value) bool {
	if base.People == nil || target.People == nil || theirs.People == nil {
		return false
	}
	for _, p := range *theirs.People {
		was, had := find(*base.People, p)
		now, has := find(*target.People, p)
		if !(had && was.sameTerms(p) || has && now.sameTerms(p)) {
			return false
		}
	}
	return !slices.ContainsFunc(*base.People, func(p Participant) bool {
		return has(*target.People, p) && !has(*theirs.People, p)
	})
}
