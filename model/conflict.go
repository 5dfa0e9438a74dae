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

// Compare says what a fresh read means for an edit. It compares the edited field alone, by value, never by an update time
// or an entity tag.
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

// Merged returns the set of people that somebody else changed, with the additions, removals and changes of an edit
// applied; nil for an edit of anything else.
func Merged(e Edit, theirs Value) *Value {
	if e.Base.People == nil || e.Target.People == nil || theirs.People == nil {
		return nil
	}
	return new(PeopleValue(MergePeople(*e.Base.People, *e.Target.People, *theirs.People)))
}

// MergePeople applies to theirs what changed from base to mine: added people are added, removed ones removed, changed
// roles and statuses set. Order is theirs, then mine.
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

// IsPartlyApplied reports whether a set lies between base and target: everybody in it is as in one of the two, and whoever
// is in both is there. An edit that is sent in several requests leaves such a set when it is cut.
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

func find(in []Participant, p Participant) (Participant, bool) {
	if i := slices.IndexFunc(in, func(q Participant) bool { return SamePerson(p, q) }); i >= 0 {
		return in[i], true
	}
	return Participant{}, false
}

func has(in []Participant, p Participant) bool {
	_, ok := find(in, p)
	return ok
}

func (p Participant) sameTerms(q Participant) bool { return p.Role == q.Role && p.Status == q.Status }

// Diff tells how one set becomes another.
type Diff struct {
	Added, Removed, Kept []Participant
	// Altered are those whose role or status will differ, Was the same as they are.
	Altered, Was []Participant
}

// DiffPeople compares two sets of participants.
func DiffPeople(base, target []Participant) Diff {
	var d Diff
	for _, p := range dedupe(target) {
		was, had := find(base, p)
		switch {
		case !had:
			d.Added = append(d.Added, p)
		case !was.sameTerms(p):
			d.Altered = append(d.Altered, p)
			d.Was = append(d.Was, was)
		default:
			d.Kept = append(d.Kept, p)
		}
	}
	for _, p := range dedupe(base) {
		if !has(target, p) {
			d.Removed = append(d.Removed, p)
		}
	}
	return d
}
