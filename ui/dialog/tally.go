package dialog

import (
	"hash/maphash"
	"slices"

	"confab/model"
	"confab/ui/theme"
)

// linesAtMost is how many lines of one kind a plan has; what is beyond shares the last.
const linesAtMost = 30

// tally is a plan counted once: its items by what is said of them.
type tally struct {
	items []model.PlanItem
	// out are the items that the person left out.
	out []bool
	// same are identical changes, each those that differ. Risks and blocked say why to
	// ask and why not to send; hidden is what of the changes is out of sight.
	same, risks, blocked  []*line
	each, already, hidden line
	outsiders             line
	notes                 []string
	changes               int // those that were not left out
	accounts              int
	titles                map[string]int32 // how many conversations have a title
	// sentence says what the plan does, with a place for how many.
	sentence [2]string
}

// line is a fold about items of a plan.
type line struct {
	fold
	says  string
	twice bool
	// exposes says that it is a risk that AudienceChange says in full.
	exposes bool
	// several says that it is a risk of several together, and none of one that is left.
	several bool
	items   []int32
	left    int // those that change and were not left out
	// own says that each row says its own reason.
	own bool
}

func count(items []model.PlanItem) *tally {
	t := &tally{items: items, out: make([]bool, len(items)), titles: make(map[string]int32, len(items))}
	alike, seed := make(map[uint64]int32), maphash.MakeSeed()
	likeness := make([]uint64, len(items))
	accounts := map[string]bool{}
	for i := range items {
		t.titles[items[i].Title]++
		accounts[items[i].Ref.Account] = true
		if items[i].State == model.PlanChange {
			likeness[i] = likenessOf(seed, items[i].Edits)
			alike[likeness[i]]++
		}
	}
	t.accounts = len(accounts)
	same, risks, blocked, notes := map[uint64]*line{}, map[model.Risk]*line{}, map[string]*line{}, map[string]bool{}
	for i := range items {
		it, n := &items[i], int32(i)
		switch it.State {
		case model.PlanAlready:
			t.already.items = append(t.already.items, n)
			continue
		case model.PlanBlocked:
			lineOf(blocked, it.Reason, &t.blocked, it.Reason).add(n)
			continue
		}
		if l := &t.each; alike[likeness[i]] < 2 || same[likeness[i]] == nil && len(same) == linesAtMost {
			l.add(n)
		} else {
			lineOf(same, likeness[i], &t.same, "").add(n)
		}
		if it.Hidden {
			t.hidden.add(n)
		}
		if it.Outsiders {
			t.outsiders.add(n)
		}
		for _, r := range it.Risks {
			l := lineOf(risks, r, &t.risks, r.Text)
			l.twice, l.exposes, l.several = l.twice || r.Twice, l.exposes || r.Exposes(), r == model.SameTitles
			l.add(n)
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
	add := func(s string) {
		h.WriteString(s)
		h.WriteByte(0)
	}
	for _, e := range edits {
		add(string(e.Kind))
		add(e.Key)
		if e.Base.People == nil || e.Target.People == nil {
			add(e.Base.String())
			add(e.Target.String())
			continue
		}
		d := model.DiffPeople(e.Base.Set(), e.Target.Set())
		for _, some := range [][]model.Participant{d.Added, d.Removed, d.Was, d.Altered} {
			for _, p := range some {
				add(p.Display())
				add(p.Email)
				add(p.Role)
				add(p.Status)
			}
			add("")
		}
	}
	return h.Sum64()
}

// lineOf returns the line of a key. Beyond so many, keys share the last one.
func lineOf[K comparable](lines map[K]*line, key K, all *[]*line, says string) *line {
	l := lines[key]
	if l == nil && len(*all) == linesAtMost {
		l = (*all)[linesAtMost-1]
		l.own = true
	} else if l == nil {
		l = &line{says: says}
		*all = append(*all, l)
	}
	lines[key] = l
	return l
}

func (l *line) add(item int32) {
	if n := len(l.items); n == 0 || l.items[n-1] != item {
		l.items = append(l.items, item)
	}
}

// recount counts what is left after some was left out or taken in again.
func (t *tally) recount() {
	t.changes = 0
	for _, l := range t.about() {
		l.left = 0
		for _, i := range l.items {
			if !t.out[i] {
				l.left++
			}
		}
		if l.several && l.left < 2 {
			l.left = 0
		}
	}
	for _, l := range append(t.same, &t.each) {
		t.changes += l.left
	}
}

// about returns the lines about what changes: these can be left out.
func (t *tally) about() []*line {
	return slices.Concat(t.same, t.risks, []*line{&t.each, &t.hidden, &t.outsiders})
}

// leaveOut leaves items out, or takes them in again where all of them are out.
func (t *tally) leaveOut(items []int32) {
	out := slices.ContainsFunc(items, func(i int32) bool { return !t.out[i] })
	for _, i := range items {
		t.out[i] = out
	}
	t.recount()
}

// asks reports whether something that is left has a risk, of those that ask twice.
func (t *tally) asks(twice bool) bool {
	return slices.ContainsFunc(t.risks, func(l *line) bool { return l.left > 0 && (l.twice || !twice) })
}

// perAccount counts the items of a line by account, nothing where there is one.
func (t *tally) perAccount(l *line) (out []accountCount) {
	if t.accounts < 2 {
		return nil
	}
	at := map[string]int{}
	for _, i := range l.items {
		name := t.items[i].Ref.Account
		if t.out[i] {
			continue
		}
		if _, ok := at[name]; !ok {
			at[name] = len(out)
			out = append(out, accountCount{name: name})
		}
		out[at[name]].n++
	}
	return out
}

type accountCount struct {
	name string
	n    int
}

// order words the whole plan from some of its edits, around the number of conversations.
func (t *tally) order() [2]string {
	var some []model.Titled
	add := func(items []int32) {
		for _, i := range items {
			for _, e := range t.items[i].Edits {
				some = append(some, model.Titled{Edit: e, Title: t.items[i].Title})
			}
		}
	}
	for _, l := range t.same {
		add(l.items[:1])
	}
	add(t.each.items[:min(len(t.each.items), linesAtMost)])
	if len(some) == 0 {
		return [2]string{}
	}
	return model.Order(some)
}

// name is the title of the plan as it is now, "" where it changes nothing.
func (t *tally) name() string {
	if t.sentence == [2]string{} || t.changes == 0 {
		return ""
	}
	return capital(t.sentence[0] + theme.Number(t.changes) + t.sentence[1])
}
