package model

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Who names a person, group or flow as it was typed: [user:|group:|contact:|flow:]ID, an e-mail address, a name, or an
// identifier KEY=VALUE.
type Who struct {
	Text       string
	Kind, ID   string // set if the text begins with a known kind
	Identifier bool   // the text can be read as KEY=VALUE
}

// identifierKey matches what stands before the = of a Bird identifier, such as emailaddress or phonenumber.
var identifierKey = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)

// ParseWho reads a text that names somebody. Its error is a *WhoError.
func ParseWho(text string) (Who, error) {
	w := Who{Text: strings.TrimSpace(text)}
	if w.Text == "" {
		return w, &WhoError{Message: "a person is named by an id, an e-mail, an exact name, or KEY=VALUE"}
	}
	kind, id, ok := strings.Cut(w.Text, ":")
	if ok && slices.Contains([]string{KindUser, KindGroup, KindContact, KindFlow}, kind) {
		if w.Kind, w.ID = kind, id; id == "" {
			return w, &WhoError{Message: fmt.Sprintf("%q names no id", w.clean())}
		}
		return w, nil
	}
	key, value, _ := strings.Cut(w.Text, "=")
	w.Identifier = identifierKey.MatchString(key) && value != ""
	return w, nil
}

func (w Who) clean() string { return CleanLine(w.Text, 500) }

// isUnique reports whether the text is of a form that only one person can have: an id, an e-mail address or an identifier.
// A text with blanks, or without digits, is taken for a name.
func (w Who) isUnique() bool {
	return w.Kind != "" || w.Identifier || !strings.ContainsFunc(w.Text, unicode.IsSpace) && strings.ContainsAny(w.Text, "@0123456789")
}

// participant returns a participant with nothing but what was typed.
func (w Who) participant() Participant {
	switch {
	case w.Kind != "":
		return Participant{Kind: w.Kind, ID: w.ID}
	case w.Identifier:
		return Participant{Kind: KindContact, Identifier: w.Text}
	case strings.Contains(w.Text, "@"):
		return Participant{Email: w.Text}
	case w.isUnique():
		return Participant{ID: w.Text}
	}
	return Participant{Name: w.Text}
}

func (w Who) matches(p Participant) bool {
	if w.Kind != "" {
		return p.Kind == w.Kind && p.ID == w.ID
	}
	key, value, _ := strings.Cut(w.Text, "=")
	return p.ID == w.Text || p.Email != "" && strings.EqualFold(p.Email, w.Text) ||
		p.Name != "" && FoldText(p.Name) == FoldText(w.Text) ||
		w.Identifier && (p.Identifier != "" && strings.EqualFold(p.Identifier, w.Text) ||
			strings.EqualFold(key, "emailaddress") && strings.EqualFold(value, p.Email))
}

// WhoError is the error about a text that is no name, names nobody, or names several people.
type WhoError struct {
	Message string
	Nobody  bool
}

func (e *WhoError) Error() string { return e.Message }

// choose returns the person whom the text names. Of several who match when accents and case are ignored, the only exact
// match is taken.
func (w Who) choose(people []Participant) (p Participant, found bool, err error) {
	var matching, exact []Participant
	for _, p := range people {
		if !w.matches(p) || has(matching, p) {
			continue
		}
		matching = append(matching, p)
		if p.ID == w.Text || p.Email == w.Text || p.Name == w.Text {
			exact = append(exact, p)
		}
	}
	switch {
	case len(matching) == 0:
		return p, false, nil
	case len(matching) == 1:
		return matching[0], true, nil
	case len(exact) == 1:
		return exact[0], true, nil
	}
	const most = 20
	message := fmt.Sprintf("%q is ambiguous; name one of these by its id:", w.clean())
	for _, p := range matching[:min(most, len(matching))] {
		message += "\n  " + p.Distinct()
	}
	if more := len(matching) - most; more > 0 {
		message += fmt.Sprintf("\n  and %d more", more)
	}
	return p, false, &WhoError{Message: message}
}

// Directory searches the directories of an account.
type Directory func(LookupRequest) (LookupPage, error)

const maxLookupPages = 10

func (look Directory) all(req LookupRequest) (people []Participant, err error) {
	for range maxLookupPages {
		page, err := look(req)
		if err != nil {
			return people, err
		}
		people = append(people, page.Items...)
		if req.Cursor = page.Cursor; req.Cursor == "" {
			break
		}
	}
	return people, nil
}

// lookUp looks a person up in the directories of an account. An id with its kind, and an identifier, are passed on as they are
// where no directory has them: the service decides.
func (w Who) lookUp(d Description, scope string, look Directory) (Participant, error) {
	kinds, text, passOn := d.People, w.Text, w.Identifier && slices.Contains(d.People, LookupContacts)
	switch {
	case w.Kind != "":
		kinds, text, passOn = []LookupKind{LookupKind(w.Kind)}, w.ID, true
	case passOn:
		kinds = []LookupKind{LookupContacts}
	}
	var all []Participant
	var forbidden error
	for _, kind := range kinds {
		people, err := look.all(LookupRequest{Kind: kind, Text: text, Scope: scope})
		switch KindOf(err) {
		case "", Unsupported, NotFound:
		case Forbidden:
			forbidden = err // another directory may have the answer
		default:
			return Participant{}, err
		}
		all = append(all, people...)
	}
	p, found, err := w.choose(all)
	switch {
	case err != nil || found:
		return p, err
	case passOn:
		return w.participant(), nil
	case forbidden != nil:
		return p, forbidden
	}
	var names []string
	for _, p := range all {
		names = append(names, p.Name, p.Email)
	}
	message := fmt.Sprintf("%q is nobody in %s: give an id, an e-mail or an exact name", w.clean(), d.Account)
	if near := Nearest(w.Text, names); near != "" {
		message += fmt.Sprintf("; did you mean %q?", near)
	}
	return p, &WhoError{Message: message, Nobody: true}
}

// find finds somebody among the people of a conversation, then in the directory. Somebody to be removed need not be found
// anywhere, but a name that is nobody's is an error: it is probably misspelt.
func (w Who) find(people []Participant, op ChangeOp, d Description, scope string, look Directory) (Participant, error) {
	p, found, err := w.choose(people)
	if err != nil || found {
		return p, err
	}
	if look == nil || op == OpRemove && w.isUnique() {
		return w.participant(), nil
	}
	p, err = w.lookUp(d, scope, look)
	if several, ok := errors.AsType[*WhoError](err); op == OpRemove && ok && !several.Nobody {
		return w.participant(), nil // none of them takes part here
	}
	return p, err
}

// named returns the change with the people whom Who names in a conversation. can says that the change can be made; nobody is
// looked up for one that can't.
func (ch Change) named(c *Conversation, d Description, can bool, look Directory) (Change, error) {
	people, set := make([]Participant, len(ch.Who)), &c.Participants
	if ch.Kind == EditContacts {
		set = &c.Contacts
	}
	if !can {
		look = nil
	}
	for i, w := range ch.Who {
		p, err := w.find(set.Items, ch.Op, d, c.Space.ID, look)
		switch {
		case ch.Kind == EditContacts && !has(set.Items, p):
			// A service needs the id only; the name is for the person who reads the plan.
			p = Participant{Kind: w.Kind, ID: w.ID, Name: p.Name, Email: p.Email}
		case err != nil:
			return ch, err
		case ch.Kind == EditParticipants:
			p.Role, p.Status = ch.People[i].Role, ch.People[i].Status
		}
		people[i] = p
	}
	ch.People, ch.Target = people, PeopleValue(people)
	return ch, nil
}

// WithPeople returns a new conversation of an account with the people whom changes add.
func (n NewConversation) WithPeople(changes []Change, d Description, look Directory) (NewConversation, error) {
	for _, ch := range changes {
		found, err := ch.named(&Conversation{Space: Named{ID: n.Space}}, d, true, look)
		if err != nil {
			return n, err
		}
		n.People = append(n.People, found.People...)
	}
	return n, nil
}

// lacksTerms says what the service lacks of the roles and statuses of people, or "". Whether it knows a word is left to its
// adapter.
func (d Description) lacksTerms(people []Participant) string {
	for _, p := range people {
		switch {
		case p.Role != "" && len(d.Roles) == 0:
			return d.Name + " has no roles"
		case p.Status != "" && len(d.ParticipantStatuses) == 0:
			return d.Name + " has no statuses of participants"
		}
	}
	return ""
}

// Distinct names a participant with everything that tells people of the same name apart.
func (p Participant) Distinct() string {
	if p.Name == "" && p.Email == "" && p.Identifier == "" {
		return CleanLine(p.Kind+":"+p.ID, 120)
	}
	s := CleanLine(p.Display(), 80)
	if p.Email != "" && p.Email != p.Display() {
		s += " <" + CleanLine(p.Email, 120) + ">"
	}
	switch {
	case p.ID != "" && p.Kind != "":
		s += " " + CleanLine(p.Kind+":"+p.ID, 120)
	case p.Identifier != "":
		s += " " + CleanLine(p.Identifier, 120)
	}
	return s
}
