package dialog

import (
	"hash/maphash"
	"slices"

	"confab/model"
	"confab/ui/theme"
)

// linesAtMost is how many lines of one class a plan has; what is beyond shares the last.
const linesAtMost = 30

// class is what a line of a plan says of its items, in the order of the lines.
type class int

const (
	alike     class = iota // their changes are identical
	risky                  // why to ask
	outsiders              // they have people from outside
	already                // they need no change
	blocked                // why they can't be changed
	hidden                 // the filter hides them
	each                   // they change one by one
	classes
)

type line struct {
	fold
	class
	says  string
	items []int32
	left  int // those that were not left out
	// own says that each row says its own reason.
	own bool
	// Of a risk: it asks twice, AudienceChange says it in full, it is one of several
	// conversations together and none of one that is left.
	twice, exposes, several bool
}

// tally is a plan counted once: its items by what is said of them.
type tally struct {
	items []model.PlanItem
	out   []bool // the items that the person left out
	lines [classes][]*line
	known map[[2]any]*line // by class and what tells them apart
	notes []string
	// changes and leftOut count the items that change.
	changes, leftOut int
	accounts         int
	titles           map[string]int32 // how many conversations have a title
	// sentence says what the plan does, with a place for how many.
	sentence [2]string
}

func count(items []model.PlanItem) *tally {
	t := &tally{items: items, out: make([]bool, len(items)), known: map[[2]any]*line{}, titles: make(map[string]int32, len(items))}
	seed, likeness, times := maphash.MakeSeed(), make([]uint64, len(items)), make(map[uint64]int32, len(items))
	accounts, notes := map[string]bool{}, map[string]bool{}
	for i := range items {
		t.titles[items[i].Title]++
		accounts[items[i].Ref.Account] = true
		if items[i].State == model.PlanChange {
			likeness[i] = likenessOf(seed, items[i].Edits)
			times[likeness[i]]++
		}
	}
	t.accounts = len(accounts)
	for i := range items {
		it := &items[i]
		switch it.State {
		case model.PlanAlready:
			t.add(i, already, nil, "")
			continue
		case model.PlanBlocked:
			t.add(i, blocked, it.Reason, it.Reason)
			continue
		}
		full := len(t.lines[alike]) == linesAtMost && t.known[[2]any{alike, likeness[i]}] == nil
		if times[likeness[i]] < 2 || full {
			t.add(i, each, nil, "").own = true
		} else {
			t.add(i, alike, likeness[i], "")
		}
		if it.Hidden {
			t.add(i, hidden, nil, "")
		}
		if it.Outsiders {
			t.add(i, outsiders, nil, "")
		}
		for _, r := range it.Risks {
			l := t.add(i, risky, r, r.Text)
			l.twice, l.exposes, l.several = l.twice || r.Twice, l.exposes || r.Exposes(), r == model.SameTitles
		}
		for _, note := range it.Notes {
			if !notes[note] {
				notes[note] = true
				t.notes = append(t.notes, note)
			}
		}
	}
	t.recount()
	t.sentence = t.order()
	return t
}

// likenessOf tells identical edits by a number.
func likenessOf(seed maphash.Seed, edits []model.Edit) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	for _, e := range edits {
		maphash.WriteComparable(&h, [2]string{string(e.Kind), e.Key})
		if e.Base.People == nil || e.Target.People == nil {
			maphash.WriteComparable(&h, [2]string{e.Base.String(), e.Target.String()})
			continue
		}
		d := model.DiffPeople(e.Base.Set(), e.Target.Set())
		for i, some := range [][]model.Participant{d.Added, d.Removed, d.Was, d.Altered} {
			maphash.WriteComparable(&h, i)
			for _, p := range some {
				maphash.WriteComparable(&h, [4]string{p.Display(), p.Email, p.Role, p.Status})
			}
		}
	}
	return h.Sum64()
}

// add puts an item on the line of a key, which says something where it is new.
func (t *tally) add(item int, c class, of any, says string) *line {
	key, lines := [2]any{c, of}, t.lines[c]
	l := t.known[key]
	if l == nil && len(lines) == linesAtMost {
		l = lines[linesAtMost-1]
		l.own = true
	} else if l == nil {
		l = &line{class: c, says: says}
		t.lines[c] = append(lines, l)
	}
	t.known[key] = l
	if n := len(l.items); n == 0 || l.items[n-1] != int32(item) {
		l.items = append(l.items, int32(item))
	}
	return l
}

// one returns the one line of a class, an empty one where there is none.
func (t *tally) one(c class) *line {
	if len(t.lines[c]) == 0 {
		return &line{}
	}
	return t.lines[c][0]
}

func (l *line) first() []int32 { return l.items[:min(len(l.items), linesAtMost)] }

func (t *tally) recount() {
	t.changes, t.leftOut = 0, 0
	for _, l := range slices.Concat(t.lines[:]...) {
		l.left = 0
		for _, i := range l.items {
			l.left += b(!t.out[i])
		}
		if l.class == alike || l.class == each {
			t.changes += l.left
			t.leftOut += len(l.items) - l.left
		}
		if l.several && l.left < 2 {
			l.left = 0
		}
	}
}

// leaveOut leaves items out, or takes them in again where all of them are out.
func (t *tally) leaveOut(items []int32) {
	out := t.anyIn(items)
	for _, i := range items {
		t.out[i] = out
	}
	t.recount()
}

func (t *tally) anyIn(items []int32) bool {
	return slices.ContainsFunc(items, func(i int32) bool { return !t.out[i] })
}

// asks reports whether something that is left has a risk, of those that ask twice.
func (t *tally) asks(twice bool) bool {
	return slices.ContainsFunc(t.lines[risky], func(l *line) bool { return l.left > 0 && (l.twice || !twice) })
}

// order words the whole plan from some of its edits, around the number of conversations.
func (t *tally) order() [2]string {
	var some []int32
	for _, l := range t.lines[alike] {
		some = append(some, l.items[0])
	}
	some = append(some, t.one(each).first()...)
	var edits []model.Titled
	for _, i := range some {
		for _, e := range t.items[i].Edits {
			edits = append(edits, model.Titled{Edit: e, Title: t.items[i].Title})
		}
	}
	if len(edits) == 0 {
		return [2]string{}
	}
	return model.Imperative(edits)
}

// name is the title of a plan of several as it is now, "" where it changes nothing.
func (t *tally) name() string {
	if t.sentence == [2]string{} || t.changes == 0 || len(t.items) == 1 {
		return ""
	}
	return capital(t.sentence[0] + theme.Number(t.changes) + t.sentence[1])
}
