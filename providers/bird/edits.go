package bird

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"confab/model"
	"confab/providers"
)

// direction says whether an edit lets fewer or more people see or join.
type direction int

const (
	narrower direction = iota - 1
	neutral
	wider
)

// accessWidth orders the words of accessibility by how many can join. A word that is not in here is taken to be
// narrower than all, so that leaving it counts as widening.
var accessWidth = map[string]int{accessInviteOnly: 1, accessRequest: 2, accessOpen: 3}

// work is what the edits of one conversation come to: the requests in the order in which they are safe. Narrowing
// comes first and widening last, so that no moment in between shows the conversation to more people than before and
// after.
type work struct {
	id string
	// first is one PATCH, of what narrows and, unless there is a last, of what does neither.
	first []int
	// people is what the participants edit takes, removals and demotions before the rest.
	people []peopleStep
	// last is one PATCH, of what widens and of what does neither.
	last    []int
	deletes []int
	creates []int
	// peopleEdits are the edits that people carries out.
	peopleEdits []int
	// refused holds an error for each edit that cannot be sent; same says that it needs no sending.
	refused []*model.Error
	same    []bool

	edits      []model.Edit
	dir        []direction
	attributes map[string]json.RawMessage
}

// prepare sorts the edits of one conversation into requests. It does no I/O. attributes are those of the
// conversation as the service sent them; can says whether a kind may be sent.
func prepare(fresh model.Conversation, edits []model.Edit, attributes map[string]json.RawMessage, can model.Capabilities) *work {
	w := &work{id: fresh.Ref.ID, edits: edits, attributes: attributes, refused: make([]*model.Error, len(edits)),
		same: make([]bool, len(edits)), dir: make([]direction, len(edits))}
	var narrow, plain, widen []int
	for i, e := range edits {
		if c := can.Of(e.Kind); !c.Can() {
			w.refused[i] = unsupported(e.Kind, c.Reason)
			continue
		}
		if w.refused[i] = check(e); w.refused[i] != nil {
			continue
		}
		switch e.Kind {
		case model.EditCreate:
			w.creates = append(w.creates, i)
			continue
		case model.EditDelete:
			w.deletes = append(w.deletes, i)
			continue
		case model.EditParticipants:
			w.peopleEdits = append(w.peopleEdits, i)
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
		w.first = inOrder(narrow, plain)
	} else {
		w.last = inOrder(plain, widen)
	}
	w.preparePeople(fresh)
	return w
}

func inOrder(a, b []int) []int {
	out := append(slices.Clone(a), b...)
	slices.Sort(out)
	return out
}

// preparePeople works out the participants edit; of several the last one counts, as if they had been folded.
func (w *work) preparePeople(fresh model.Conversation) {
	if len(w.peopleEdits) == 0 {
		return
	}
	target := w.edits[w.peopleEdits[len(w.peopleEdits)-1]].Target.Set()
	steps, err := peopleSteps(fresh, target)
	if err == nil {
		w.people = steps
		if len(steps) > 0 {
			return
		}
	}
	for _, i := range w.peopleEdits {
		w.refused[i], w.same[i] = err, err == nil
	}
	w.peopleEdits = nil
}

func directionOf(fresh model.Conversation, e model.Edit) direction {
	switch e.Kind {
	case model.EditPrivacy:
		if e.Target.String() == string(model.PrivacyPrivate) {
			return narrower
		}
		return wider
	case model.EditAccess:
		if accessWidth[e.Target.String()] < accessWidth[fresh.Access] {
			return narrower
		}
		return wider
	}
	return neutral
}

// check refuses targets that the service is known not to take, before anything is sent.
func check(e model.Edit) *model.Error {
	target := e.Target.String()
	switch e.Kind {
	case model.EditPrivacy:
		if target != string(model.PrivacyPrivate) && target != string(model.PrivacyPublic) {
			return invalid("change privacy", fmt.Sprintf("%q is neither private nor public", target))
		}
	case model.EditStatus:
		if target != model.StatusOpen && target != model.StatusClosed {
			return invalid("change status", fmt.Sprintf("%q is neither open nor closed", target))
		}
	case model.EditAccess:
		if accessWidth[target] == 0 {
			return invalid("change access", fmt.Sprintf("%q is none of open, request-to-join, invite-only", target))
		}
	case model.EditAttributes:
		if e.Key == "" {
			return invalid("change attribute", "the attribute has no name")
		}
	case model.EditParticipants:
		if e.Target.People == nil {
			return invalid("change participants", "the edit holds no participants")
		}
	case model.EditCreate:
		if e.Target.New == nil {
			return invalid("create conversation", "the edit holds no conversation")
		}
	}
	return nil
}

// patch builds the body for some of the edits: only what they change.
func (w *work) patch(of []int) patchBody {
	var body patchBody
	for _, i := range of {
		e := w.edits[i]
		text := e.Target.String()
		switch e.Kind {
		case model.EditTitle:
			body.Name = &text
		case model.EditDescription:
			body.Description = &text
		case model.EditStatus:
			status := statusActive
			if text == model.StatusClosed {
				status = statusClosed
			}
			body.Status = &status
		case model.EditPrivacy:
			body.Visibility = &text
		case model.EditAccess:
			body.Accessibility = &text
		case model.EditAttributes:
			// Whether PATCH merges or replaces the map is not documented, so the whole map is sent [assumed].
			if body.Attributes == nil {
				body.Attributes = make(map[string]json.RawMessage, len(w.attributes)+1)
				maps.Copy(body.Attributes, w.attributes)
			}
			if e.Target.Text == nil {
				delete(body.Attributes, e.Key)
			} else {
				body.Attributes[e.Key] = quote(text)
			}
		}
	}
	return body
}

// op names an edit in errors.
func op(k model.EditKind) string {
	switch k {
	case model.EditTitle:
		return "rename"
	case model.EditAttributes:
		return "change attribute"
	case model.EditDelete, model.EditCreate:
		return string(k) + " conversation"
	}
	return "change " + string(k)
}

func invalid(op, message string) *model.Error {
	return &model.Error{Kind: model.Invalid, Op: op, Message: message}
}

func unsupported(k model.EditKind, reason string) *model.Error {
	return &model.Error{Kind: model.Unsupported, Op: op(k), Message: reason}
}

// attributesOf gives the attributes as they are to be sent back. held is what the service sent when the conversation
// was last loaded; it counts only where it says the same as fresh, so that values that are no strings stay what they
// are. sure is false where fresh alone cannot tell a string from another value.
func attributesOf(fresh model.Conversation, held map[string]json.RawMessage) (out map[string]json.RawMessage, sure bool) {
	if held != nil && maps.Equal(attributeTexts(held), fresh.Attributes) {
		return held, true
	}
	out, sure = make(map[string]json.RawMessage, len(fresh.Attributes)), true
	for k, v := range fresh.Attributes {
		out[k] = quote(v)
		sure = sure && !json.Valid([]byte(v))
	}
	return out, sure
}

func changesAttributes(edits []model.Edit) bool {
	return slices.ContainsFunc(edits, func(e model.Edit) bool { return e.Kind == model.EditAttributes })
}

// calls gives every request of the work as it is sent when each one before it succeeds.
func (w *work) calls(c *client) ([]providers.Call, *model.Error) {
	var out []providers.Call
	for _, i := range w.creates {
		body, err := newConversation(*w.edits[i].Target.New, w.edits[i].ID)
		if err != nil {
			return nil, err
		}
		out = append(out, c.createConversation(body))
	}
	if len(w.first) > 0 {
		out = append(out, c.updateConversation(w.id, w.patch(w.first)))
	}
	for _, s := range w.people {
		out = append(out, s.call(c, w.id))
	}
	if len(w.last) > 0 {
		out = append(out, c.updateConversation(w.id, w.patch(w.last)))
	}
	if len(w.deletes) > 0 {
		out = append(out, c.deleteConversation(w.id))
	}
	return out, nil
}
