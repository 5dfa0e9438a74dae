package model

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ChangeOp says how a change makes the new value from the present one.
type ChangeOp string

// The operations of a change.
const (
	OpSet    ChangeOp = "set"    // the new value is Target
	OpAdd    ChangeOp = "add"    // add People to the set
	OpRemove ChangeOp = "remove" // remove People from the set
	OpAlter  ChangeOp = "alter"  // change the role or status of People in the set
	OpRename ChangeOp = "rename" // make the title by Renaming
)

// Change is what a person asks for, for one conversation or many.
type Change struct {
	Kind   EditKind
	Op     ChangeOp
	Key    string
	Target Value // for OpSet
	// People are the operands of the set operations. An entry stands for the same person of the set, see SamePerson. With
	// OpAlter, an empty Role or Status means no change.
	People   []Participant
	Queries  []PersonQuery // if set, the people are to be found in each conversation anew; People then holds their roles and statuses
	Renaming Renaming      // for OpRename
	// Base, if set, is the value that the person saw when making the change. Otherwise the present value is the base.
	Base *Value
	// BaseByRef, if set, holds a Base for each of several conversations. A conversation without an entry is left alone.
	BaseByRef map[Ref]Value
	Earlier   []Edit // the pending edits that Base includes, see Edit.Earlier
}

// PlanState says what a plan will do with one conversation.
type PlanState string

// The states of a plan item.
const (
	PlanChange  PlanState = "change"  // edits will be submitted
	PlanAlready PlanState = "already" // the conversation is already as wanted
	PlanBlocked PlanState = "blocked" // it can't be done; Reason says why
)

// Risk is a reason to ask before submitting.
type Risk struct {
	Kind  EditKind
	Text  string // what happens, and to whom
	Twice bool   // ask a second time: for clearing a set, for deleting
}

// PlanItem is what a plan does with one conversation.
type PlanItem struct {
	Ref       Ref
	Title     string
	Provider  string
	People    string    // set by Identify, to tell apart conversations with the same title
	Updated   time.Time // likewise
	State     PlanState
	Reason    string
	Err       error // the failure that prevented planning; nil if the edit itself is impossible
	Edits     []Edit
	Risks     []Risk
	Audience  *AudienceChange // set if an edit widens who can see the conversation
	Outsiders bool            // an outsider is in the conversation, and an edit changes who can see it
	Notes     []string        // what to mention without asking: assumed calls, edits that can't be undone
	Hidden    bool            // the row is not in the list that the person sees
	Requests  []Request       // what would be sent; filled on demand
	Stops     []string        // why some of the edits would not be sent as things are now; filled with Requests
	Waiting   []OutboxEntry   // edits in the outbox that already do what was asked for
}

// Plan holds the edits about to be submitted together, and what can't be done or needn't be.
type Plan struct {
	ID    string // the id of the future submission
	Title string
	Items []PlanItem
}

// Count returns how many items are in a state.
func (p Plan) Count(s PlanState) int {
	n := 0
	for _, it := range p.Items {
		if it.State == s {
			n++
		}
	}
	return n
}

// Edits returns the edits of all changing items.
func (p Plan) Edits() []Edit {
	var out []Edit
	for _, it := range p.Items {
		if it.State == PlanChange {
			out = append(out, it.Edits...)
		}
	}
	return out
}

// Risks returns the risks of all changing items in order, each once.
func (p Plan) Risks() []Risk {
	var out []Risk
	seen := map[Risk]bool{}
	for _, it := range p.Items {
		for _, r := range it.Risks {
			if it.State == PlanChange && !seen[r] {
				seen[r] = true
				out = append(out, r)
			}
		}
	}
	return out
}

// Risky reports whether the plan needs confirmation because of what it does.
func (p Plan) Risky() bool { return len(p.Risks()) > 0 }

// Bulk reports whether the plan touches two conversations or more.
func (p Plan) Bulk() bool { return len(p.Items) > 1 }

// Blocked returns the item as one that can't be done, without edits and risks.
func (it PlanItem) Blocked(reason string) PlanItem {
	it.State, it.Reason, it.Edits, it.Risks = PlanBlocked, reason, nil, nil
	return it
}

// PlanOne plans changes of one conversation, given as it is projected now. look finds the people whom the changes name; it may be
// nil if they name nobody.
func PlanOne(c Conversation, d Description, caps Capabilities, changes []Change, look Directory) PlanItem {
	it := PlanItem{Ref: c.Ref, Title: c.Title, Provider: c.Provider, State: PlanAlready}
	now := c.Clone()
	for _, ch := range changes {
		e, cp := Edit{Ref: c.Ref, Kind: ch.Kind, Key: ch.Key, Earlier: ch.Earlier}, caps.Of(ch.Kind)
		if len(ch.Queries) > 0 {
			if ch.Kind == EditParticipants && !cp.Can() {
				return it.Blocked(cp.Reason) // it need not be known who is meant
			}
			if ch, it.Err = ch.named(&c, d, look); it.Err != nil {
				return it.Blocked(Words(it.Err))
			}
		}
		base, known := e.Read(now)
		edited := slices.ContainsFunc(it.Edits, func(o Edit) bool { return o.Field() == e.Field() })
		own, included := ch.BaseByRef[c.Ref]
		if included {
			ch.Base = &own
		}
		if ch.Base != nil && !edited { // a later change of the same field starts from the result of the earlier one
			base, known = *ch.Base, true
		}
		target, err := ch.target(&now, base, d)
		leftOut := ch.BaseByRef != nil && !included
		already := known && err == nil && target.Equal(base) && ch.Kind != EditDelete
		switch {
		case leftOut && cp.Can(), already && !leftOut: // already so, even if the field can't be edited
			continue
		case !cp.Can():
			return it.Blocked(cp.Reason)
		case !known:
			return it.Blocked("the current " + FieldName(ch.Kind) + " could not be read, so it is left alone")
		case err != nil:
			return it.Blocked(err.Error())
		case ch.Kind == EditTitle && !d.EmptyTitle && strings.TrimSpace(target.String()) == "":
			return it.Blocked("a conversation in " + cmp.Or(d.Name, "this service") + " needs a title")
		}
		if lacks := d.lacksTerms(ch.People); len(ch.Queries) > 0 && ch.Kind == EditParticipants && lacks != "" {
			return it.Blocked(lacks)
		}
		e.Base, e.Target = base, target
		it.Edits = append(it.Edits, e)
		apply(&now, e)
	}
	it.Edits = Fold(it.Edits)
	it.Edits = slices.DeleteFunc(it.Edits, func(e Edit) bool { return e.Kind != EditDelete && e.Base.Equal(e.Target) })
	it.weigh(c, d, caps)
	if len(it.Edits) > 0 {
		it.State = PlanChange
	}
	return it
}

// WeighAgain sets what to ask and to say before edits that were planned earlier, and that c may show already.
func (it *PlanItem) WeighAgain(c Conversation, d Description, caps Capabilities) {
	c = c.Clone()
	for _, e := range slices.Backward(it.Edits) {
		e.Target = e.Base
		apply(&c, e)
	}
	it.weigh(c, d, caps)
}

// weigh sets what to ask and to say before the edits of an item, for a conversation as it is without them.
func (it *PlanItem) weigh(c Conversation, d Description, caps Capabilities) {
	for _, e := range it.Edits {
		it.Risks = append(it.Risks, Risks(e, c, d)...)
		if e.Kind.Exposes() {
			it.Outsiders = it.Outsiders || HasOutsiders(&c, d.Domains)
			if e.Widens() && it.Audience == nil && d.willBeSeenBy(e, c) != "" {
				will := Project(c, it.Edits)
				it.Audience = &AudienceChange{Now: d.AudienceOf(&c), Will: d.AudienceOf(&will)}
			}
		}
		if cp := caps.Of(e.Kind); cp.State == CapabilityAssumed && !slices.Contains(it.Notes, cp.Reason) {
			it.Notes = append(it.Notes, cp.Reason)
		}
	}
}

// Identify sets People and Updated, by which a person tells apart conversations with the same title.
func (it *PlanItem) Identify(c *Conversation) {
	const most = 2
	var names []string
	people := c.People()
	for _, p := range people[:min(most, len(people))] {
		names = append(names, CleanLine(p.Display(), 40))
	}
	it.People, it.Updated = strings.Clone(strings.Join(names, ", ")), c.Updated
	if n := len(people) - most; n > 0 {
		it.People += " +" + Number(n)
	}
}

// PlanCreate plans the creation of a conversation.
func PlanCreate(d Description, caps Capabilities, n NewConversation) PlanItem {
	it := PlanItem{Ref: Ref{Account: d.Account}, Title: n.Title, Provider: d.Provider, State: PlanChange}
	cp := caps.Of(EditCreate)
	switch {
	case !cp.Can():
		return it.Blocked(cp.Reason)
	case strings.TrimSpace(n.Title) == "":
		return it.Blocked("a conversation needs a title")
	case d.NewNeedsSpace && n.Space == "":
		return it.Blocked("a conversation in " + d.Name + " needs a space")
	case d.lacksTerms(n.People) != "":
		return it.Blocked(d.lacksTerms(n.People))
	}
	n.People = slices.Clone(n.People)
	for i := range n.People {
		n.People[i] = withDefaults(n.People[i], EditParticipants, d)
	}
	it.Edits = []Edit{{Ref: it.Ref, Kind: EditCreate, Target: Value{New: &n}}}
	it.weigh(Conversation{}, d, caps)
	return it
}

// target returns the new value of a field of a conversation that holds base.
func (ch Change) target(now *Conversation, base Value, d Description) (Value, error) {
	if only := ch.Kind.row().target; only != "" {
		return TextValue(only), nil
	}
	if ch.Op == OpRename {
		c := *now
		c.Title = base.String()
		title, err := ch.Renaming.Title(&c)
		return TextValue(title), err
	}
	if ch.Op == OpSet || ch.Op == "" {
		if ch.Target.People == nil {
			return ch.Target, nil
		}
		people := dedupe(*ch.Target.People)
		for i, p := range people {
			if !has(base.Set(), p) {
				people[i] = withDefaults(p, ch.Kind, d)
			}
		}
		return PeopleValue(people), nil
	}
	people := dedupe(base.Set()) // a service may list somebody twice
	for _, p := range ch.People {
		at := slices.IndexFunc(people, func(q Participant) bool { return SamePerson(q, p) })
		switch {
		case ch.Op == OpAdd && at < 0:
			people = append(people, withDefaults(p, ch.Kind, d))
		case ch.Op == OpRemove && at >= 0:
			people = slices.Delete(people, at, at+1)
		case ch.Op == OpAlter && at < 0:
			return Value{}, fmt.Errorf("%s is not in this conversation", p.Display())
		case ch.Op == OpAdd || ch.Op == OpAlter:
			people[at].Role = cmp.Or(p.Role, people[at].Role)
			if ch.Op == OpAlter {
				people[at].Status = cmp.Or(p.Status, people[at].Status)
			}
		}
	}
	return PeopleValue(people), nil
}

func withDefaults(p Participant, k EditKind, d Description) Participant {
	if k == EditParticipants {
		p.Role, p.Status = cmp.Or(p.Role, d.DefaultRole), cmp.Or(p.Status, d.DefaultStatus)
	}
	return p
}

// Risks returns the reasons to ask before an edit of a conversation.
func Risks(e Edit, c Conversation, d Description) []Risk {
	var out []Risk
	add := func(twice bool, texts ...string) {
		out = append(out, Risk{Kind: e.Kind, Text: strings.Join(texts, " "), Twice: twice})
	}
	t := e.Kind.row()
	if t.risk != nil && (t.widens == nil || t.widens(e)) {
		why := d.effect(e.Kind, e.Target.String())
		if e.Kind.Exposes() {
			why = d.willBeSeenBy(e, c)
		}
		add(t.twice, cmp.Or(why, t.risk(e)))
	}
	if t.risks != nil {
		t.risks(e, c, d, add)
	}
	return out
}

type addRisk func(twice bool, texts ...string)

func participantRisks(e Edit, c Conversation, d Description, add addRisk) {
	diff := DiffPeople(e.Base.Set(), e.Target.Set())
	for _, p := range diff.Added {
		add(false, "adds", describe(p)+roleNote(p))
	}
	for i, p := range diff.Altered {
		switch was := diff.Was[i]; {
		case p.Role == RoleEditor && was.Role != RoleEditor:
			add(false, "makes", describe(p), "an editor")
		case p.gainsRole(was):
			add(false, "makes", describe(p), CleanLine(cmp.Or(RoleName(p.Role), "a member without a role"), 40))
		case p.gainsStatus(was):
			add(false, "makes", describe(p), CleanLine(p.Status, 40))
		}
	}
	for _, p := range diff.Removed {
		created := p.ID != "" && p.ID == c.Owner.ID && p.Kind != KindGroup
		add(false, "removes", describe(p)+pick(created, ", who created the conversation", ""))
	}
	switch {
	case len(e.Target.Set()) == 0:
		add(true, "removes everybody from the conversation")
	case len(d.Roles) > 0 && (removesAll(e, KindGroup) || removesAll(e, KindUser)):
		add(false, "empties a whole list; the service may ignore an empty list (assumed)")
	}
}

func defaultRoleRisks(e Edit, _ Conversation, d Description, add addRisk) {
	switch to := e.Target.String(); {
	case to == RoleEditor:
		add(false, cmp.Or(d.effect(e.Kind, to), "everybody who comes in may edit"))
	case allowsMore(roleRanks, e.Base.String(), to):
		add(false, "everybody who comes in is", CleanLine(RoleName(to), 40))
	}
}

func contactRisks(e Edit, _ Conversation, _ Description, add addRisk) {
	for _, p := range DiffPeople(e.Base.Set(), e.Target.Set()).Removed {
		add(false, "removes the contact", describe(p))
	}
	if len(e.Target.Set()) == 0 {
		add(true, "clears every contact of the conversation")
	}
}

// removesAll reports whether an edit removes every participant of a kind. Services with roles (Kona) take each kind as a list
// of its own.
func removesAll(e Edit, kind string) bool {
	is := func(p Participant) bool { return p.Kind == kind }
	return slices.ContainsFunc(e.Base.Set(), is) && !slices.ContainsFunc(e.Target.Set(), is)
}

func createRisks(e Edit, _ Conversation, d Description, add addRisk) {
	n := *e.Target.New
	if n.Privacy == PrivacyPublic || n.Access != "" && allowsMore(accessRanks, "group", n.Access) {
		seen := d.AudienceOfNew(n)
		add(false, pick(seen.Class == ClassEveryone, "will be seen by "+seen.Words(), "is open to everybody from the start (assumed)"))
	}
	if n.DefaultRole == RoleEditor {
		add(false, cmp.Or(d.effect(EditDefaultRole, RoleEditor), "everybody who comes in may edit"))
	}
	for _, p := range n.People {
		if p.Role == RoleEditor || p.Kind == KindGroup {
			add(false, "adds "+describe(p)+roleNote(p))
		}
	}
}

func describe(p Participant) string {
	who := CleanLine(p.Display(), 80)
	if p.Kind == KindGroup {
		return "the " + pick(p.Name == "", "", "group ") + who
	}
	if p.Email != "" && p.Email != who {
		return who + " <" + CleanLine(p.Email, 80) + ">"
	}
	return who
}

func roleNote(p Participant) string {
	return pick(p.Role == "", "", " as "+CleanLine(RoleName(p.Role), 40))
}

// RoleName returns a role in words: "collaboration complete".
func RoleName(role string) string { return strings.ReplaceAll(role, "_", " ") }
