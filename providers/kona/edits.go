package kona

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"confab/model"
	"confab/providers"
)

// direction says whether an edit lets fewer or more people see or change.
type direction int

const (
	narrower direction = iota - 1
	neutral
	wider
)

var (
	accessWidth = map[string]int{accessJustMe: 1, accessGroup: 2, accessEveryone: 3}
	// What collaboration complete may do is not documented; it is taken to be more than viewing.
	roleWidth = map[string]int{model.RoleViewer: 1, model.RoleComplete: 2, model.RoleEditor: 3}
)

// work is what the edits of one conversation come to: one PUT, or two where some narrow and some widen, the narrowing
// one first.
type work struct {
	id      string
	fresh   model.Conversation
	edits   []model.Edit
	dir     []direction
	first   []int
	last    []int
	deletes []int
	creates []int
	// refused holds an error for each edit that cannot be sent; same says that it needs no sending.
	refused []*model.Error
	same    []bool
}

// prepare sorts the edits of one conversation into requests. It does no I/O; can says whether a kind may be sent.
func prepare(fresh model.Conversation, edits []model.Edit, can model.Capabilities) *work {
	w := &work{id: fresh.Ref.ID, fresh: fresh, edits: edits, dir: make([]direction, len(edits)),
		refused: make([]*model.Error, len(edits)), same: make([]bool, len(edits))}
	var narrow, plain, widen []int
	for i, e := range edits {
		if c := can.Of(e.Kind); !c.Can() {
			w.refused[i] = &model.Error{Kind: model.Unsupported, Op: op(e.Kind), Message: c.Reason}
			continue
		}
		if w.refused[i] = check(fresh, e); w.refused[i] != nil {
			continue
		}
		switch e.Kind {
		case model.EditCreate:
			w.creates = append(w.creates, i)
			continue
		case model.EditDelete:
			w.deletes = append(w.deletes, i)
			continue
		}
		if now, known := e.Read(fresh); known && now.Equal(e.Target) {
			w.same[i] = true
			continue
		}
		w.dir[i] = directionOf(fresh, e)
		switch w.dir[i] {
		case narrower:
			narrow = append(narrow, i)
		case wider:
			widen = append(widen, i)
		default:
			plain = append(plain, i)
		}
	}
	w.first, w.last = narrow, widen
	if len(narrow) > 0 || len(widen) == 0 {
		w.first = append(w.first, plain...)
	} else {
		w.last = append(w.last, plain...)
	}
	slices.Sort(w.first)
	slices.Sort(w.last)
	return w
}

// directionOf tells where an edit leads. A word that is not known counts as narrow to come from and wide to go to.
func directionOf(fresh model.Conversation, e model.Edit) direction {
	target := e.Target.String()
	switch e.Kind {
	case model.EditAccess:
		return step(accessWidth[fresh.Access], accessWidth[target])
	case model.EditDefaultRole:
		return step(roleWidth[fresh.DefaultRole], roleWidth[target])
	case model.EditParticipants:
		d := model.DiffPeople(fresh.Participants.Items, e.Target.Set())
		if len(d.Added) > 0 {
			return wider
		}
		for i, p := range d.Altered {
			if step(roleWidth[d.Was[i].Role], roleWidth[p.Role]) == wider {
				return wider
			}
		}
		return narrower
	}
	return neutral
}

func step(from, to int) direction {
	if to != 0 && to < from {
		return narrower
	}
	return wider
}

// check refuses what cannot be sent, before anything is.
func check(fresh model.Conversation, e model.Edit) *model.Error {
	target := e.Target.String()
	switch e.Kind {
	case model.EditTitle:
		if strings.TrimSpace(target) == "" {
			return invalid(op(e.Kind), "the service wants a name")
		}
	case model.EditAccess:
		if _, ok := accessNumber(target); !ok {
			return invalid(op(e.Kind), fmt.Sprintf("%q is none of just_me, group, everyone", target))
		}
	case model.EditDefaultRole:
		if _, ok := roleNumber(target); !ok || target == "" {
			return invalid(op(e.Kind), fmt.Sprintf("%q is none of editor, viewer, collaboration_complete", target))
		}
	case model.EditParticipants:
		if e.Target.People == nil {
			return invalid(op(e.Kind), "the edit holds no participants")
		}
		if !fresh.Participants.Known {
			return &model.Error{Kind: model.Malformed, Op: op(e.Kind), Message: "the service did not give the list of participants, so it cannot be replaced"}
		}
		return sendable(op(e.Kind), e.Target.Set())
	case model.EditCreate:
		if e.Target.New == nil {
			return invalid(op(e.Kind), "the edit holds no conversation")
		}
		_, err := newConversation(*e.Target.New)
		return err
	}
	return nil
}

// sendable refuses people that the two lists cannot hold.
func sendable(op string, people []model.Participant) *model.Error {
	for _, p := range people {
		if p.Kind != model.KindUser && p.Kind != model.KindGroup {
			return &model.Error{Kind: model.Unsupported, Op: op, Message: fmt.Sprintf("a conversation holds users and groups, not a participant of kind %q", p.Kind)}
		}
		if p.ID == "" {
			return invalid(op, p.Display()+" has no id: look the person up first")
		}
		if err := checkID(op, p.Kind, p.ID); err != nil {
			return err
		}
		if _, ok := roleNumber(p.Role); !ok {
			return invalid(op, fmt.Sprintf("%q is none of editor, viewer, collaboration_complete", p.Role))
		}
	}
	return nil
}

// update is the body of a PUT for some of the edits: only the keys they change.
func (w *work) update(of []int) envelope {
	var f fields
	for _, i := range of {
		e := w.edits[i]
		text := e.Target.String()
		switch e.Kind {
		case model.EditTitle:
			f.Name = &text
		case model.EditDescription:
			f.Details = &text
		case model.EditAccess:
			f.Stakeholder, _ = accessNumber(text)
		case model.EditDefaultRole:
			f.DefaultRole, _ = roleNumber(text)
		case model.EditParticipants:
			f.Participants, f.Groups = w.lists(e.Target.Set())
		}
	}
	return wrap(f)
}

// lists gives each list that changes, whole: what is not in it is taken to be removed [assumed]. The order of fresh is
// kept, and an empty list is sent as []; whether the service takes that is checked against its answer.
func (w *work) lists(target []model.Participant) (*[]userRole, *[]groupRole) {
	var users *[]userRole
	var groups *[]groupRole
	if want, changed := listOf(model.KindUser, w.fresh.Participants.Items, target); changed {
		list := userRoles(want)
		users = &list
	}
	if want, changed := listOf(model.KindGroup, w.fresh.Participants.Items, target); changed {
		list := groupRoles(want)
		groups = &list
	}
	return users, groups
}

// listOf gives the people of one kind as they are to be, and whether that differs from how they are.
func listOf(kind string, fresh, target []model.Participant) (want []model.Participant, changed bool) {
	was, will := only(kind, fresh), only(kind, target)
	at := func(in []model.Participant, p model.Participant) int {
		return slices.IndexFunc(in, func(q model.Participant) bool { return model.SamePerson(p, q) })
	}
	for _, p := range was {
		if i := at(will, p); i >= 0 {
			want = append(want, will[i])
		}
	}
	for _, p := range will {
		if at(was, p) < 0 && at(want, p) < 0 {
			want = append(want, p)
		}
	}
	return want, !model.SamePeople(was, will)
}

func only(kind string, in []model.Participant) []model.Participant {
	var out []model.Participant
	for _, p := range in {
		if p.Kind == kind {
			out = append(out, p)
		}
	}
	return out
}

func userRoles(in []model.Participant) []userRole {
	out := make([]userRole, 0, len(in))
	for _, p := range in {
		role, _ := roleNumber(p.Role)
		out = append(out, userRole{UserID: idValue(p.ID), Role: role})
	}
	return out
}

func groupRoles(in []model.Participant) []groupRole {
	out := make([]groupRole, 0, len(in))
	for _, p := range in {
		role, _ := roleNumber(p.Role)
		out = append(out, groupRole{GroupID: idValue(p.ID), Role: role})
	}
	return out
}

// newConversation is the body of a create. A stakeholder is sent only where one is asked for, since the samples leave
// it out where people are listed.
func newConversation(n model.NewConversation) (envelope, *model.Error) {
	const op = "create conversation"
	switch {
	case strings.TrimSpace(n.Title) == "":
		return envelope{}, invalid(op, "the service wants a name")
	case n.Space == "":
		return envelope{}, invalid(op, "a conversation is made in a space: name one")
	case n.Channel != "":
		return envelope{}, invalid(op, "the service has no channels")
	case n.Privacy == model.PrivacyPublic:
		return envelope{}, invalid(op, "the service's conversations are visible to their participants only")
	}
	if err := checkID(op, "space", n.Space); err != nil {
		return envelope{}, err
	}
	if err := sendable(op, n.People); err != nil {
		return envelope{}, err
	}
	f := fields{Name: &n.Title, SpaceID: idValue(n.Space)}
	if n.Description != "" {
		f.Details = &n.Description
	}
	if n.Access != "" {
		raw, ok := accessNumber(n.Access)
		if !ok {
			return envelope{}, invalid(op, fmt.Sprintf("%q is none of just_me, group, everyone", n.Access))
		}
		f.Stakeholder = raw
	}
	if n.DefaultRole != "" {
		raw, ok := roleNumber(n.DefaultRole)
		if !ok {
			return envelope{}, invalid(op, fmt.Sprintf("%q is none of editor, viewer, collaboration_complete", n.DefaultRole))
		}
		f.DefaultRole = raw
	}
	if users := userRoles(only(model.KindUser, n.People)); len(users) > 0 {
		f.Participants = &users
	}
	if groups := groupRoles(only(model.KindGroup, n.People)); len(groups) > 0 {
		f.Groups = &groups
	}
	if n.Message != "" {
		text := commentText(n.Message)
		f.Comment = &text
	}
	return wrap(f), nil
}

// calls gives every request of the work as it is sent when each one before it succeeds.
func (w *work) calls(c client) []providers.Call {
	var out []providers.Call
	for _, i := range w.creates {
		body, _ := newConversation(*w.edits[i].Target.New) // has been checked
		out = append(out, c.createConversation(body))
	}
	for _, of := range [][]int{w.first, w.last} {
		if len(of) > 0 {
			out = append(out, c.updateConversation(w.id, w.update(of)))
		}
	}
	if len(w.deletes) > 0 {
		out = append(out, c.deleteConversation(w.id))
	}
	return out
}

// op names an edit in errors.
func op(k model.EditKind) string {
	switch k {
	case model.EditTitle:
		return "rename"
	case model.EditDefaultRole:
		return "change default role"
	case model.EditDelete, model.EditCreate:
		return string(k) + " conversation"
	}
	return "change " + string(k)
}

func invalid(op, message string) *model.Error {
	return &model.Error{Kind: model.Invalid, Op: op, Message: message}
}

// shows reports whether an answer tells what an edit of a kind has changed.
func shows(raw json.RawMessage, k model.EditKind) bool {
	o, ok := providers.ParseObject(raw)
	if !ok {
		return false
	}
	switch k {
	case model.EditTitle:
		return !o.Null("name")
	case model.EditDescription:
		return o.Has("details") // null is how an empty text may come
	case model.EditAccess:
		return !o.Null("stakeholder")
	case model.EditDefaultRole:
		return !o.Null("default_role")
	case model.EditParticipants:
		return !o.Null("participants") && !o.Null("groups")
	}
	return false
}
