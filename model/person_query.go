package model

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// PersonQuery names a person, group or flow as it was typed: [user:|group:|contact:|flow:]ID, an e-mail address, a name, or an
// identifier KEY=VALUE.
type PersonQuery struct {
	Text       string
	Kind, ID   string // set if the text begins with a known kind
	Identifier bool   // the text can be read as KEY=VALUE
}

// identifierKey matches what stands before the = of a Bird identifier, such as emailaddress or phonenumber.
var identifierKey = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)

// ParsePersonQuery reads a text that names somebody. Its error is a *PersonQueryError.
func ParsePersonQuery(text string) (PersonQuery, error) {
	q := PersonQuery{Text: strings.TrimSpace(text)}
	if q.Text == "" {
		return q, &PersonQueryError{Message: "a person is named by an id, an e-mail, an exact name, or KEY=VALUE"}
	}
	kind, id, ok := strings.Cut(q.Text, ":")
	if ok && slices.Contains([]string{KindUser, KindGroup, KindContact, KindFlow}, kind) {
		if q.Kind, q.ID = kind, id; id == "" {
			return q, &PersonQueryError{Message: fmt.Sprintf("%q names no id", q.clean())}
		}
		return q, nil
	}
	key, value, _ := strings.Cut(q.Text, "=")
	q.Identifier = identifierKey.MatchString(key) && value != ""
	return q, nil
}

func (q PersonQuery) clean() string { return CleanLine(q.Text, 500) }

// isUnique reports whether the text is of a form that only one person can have: an id, an e-mail address or an identifier.
// A text with blanks, or without digits, is taken for a name.
func (q PersonQuery) isUnique() bool {
	return q.Kind != "" || q.Identifier || !strings.ContainsFunc(q.Text, unicode.IsSpace) && strings.ContainsAny(q.Text, "@0123456789")
}

// participant returns a participant with nothing but what was typed.
func (q PersonQuery) participant() Participant {
	switch {
	case q.Kind != "":
		return Participant{Kind: q.Kind, ID: q.ID}
	case q.Identifier:
		return Participant{Kind: KindContact, Identifier: q.Text}
	case strings.Contains(q.Text, "@"):
		return Participant{Email: q.Text}
	case q.isUnique():
		return Participant{ID: q.Text}
	}
	return Participant{Name: q.Text}
}

func (q PersonQuery) matches(p Participant) bool {
	if q.Kind != "" {
		return p.Kind == q.Kind && p.ID == q.ID
	}
	key, value, _ := strings.Cut(q.Text, "=")
	return p.ID == q.Text || p.Email != "" && strings.EqualFold(p.Email, q.Text) ||
		p.Name != "" && FoldText(p.Name) == FoldText(q.Text) ||
		q.Identifier && (p.Identifier != "" && strings.EqualFold(p.Identifier, q.Text) ||
			strings.EqualFold(key, "emailaddress") && strings.EqualFold(value, p.Email))
}

// PersonQueryError is the error about a text that is no name, names nobody, or names several people.
type PersonQueryError struct {
	Message string
	Nobody  bool
}

func (e *PersonQueryError) Error() string { return e.Message }

// choose returns the person whom the text names. Of several who match when accents and case are ignored, the only exact
// match is taken.
func (q PersonQuery) choose(people []Participant) (p Participant, found bool, err error) {
	var matching, exact []Participant
	for _, p := range people {
		if !q.matches(p) || has(matching, p) {
			continue
		}
		matching = append(matching, p)
		if p.ID == q.Text || p.Email == q.Text || p.Name == q.Text {
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
	return p, false, candidates(fmt.Sprintf("%q is ambiguous; name one of these by its id:", q.clean()), matching)
}

// candidates returns an error that lists what could be meant.
func candidates(message string, list []Participant) error {
	const most = 20
	for _, p := range list[:min(most, len(list))] {
		message += "\n  " + p.Distinct()
	}
	if more := len(list) - most; more > 0 {
		message += fmt.Sprintf("\n  and %d more", more)
	}
	return &PersonQueryError{Message: message}
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
func (q PersonQuery) lookUp(d Description, scope string, look Directory) (Participant, error) {
	kinds, text, passOn := d.People, q.Text, q.Identifier && slices.Contains(d.People, LookupContacts)
	switch {
	case q.Kind != "":
		kinds, text, passOn = []LookupKind{LookupKind(q.Kind)}, q.ID, true
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
	p, found, err := q.choose(all)
	switch {
	case err != nil || found:
		return p, err
	case passOn:
		return q.participant(), nil
	case forbidden != nil:
		return p, forbidden
	}
	var names []string
	for _, p := range all {
		names = append(names, p.Name, p.Email)
	}
	message := fmt.Sprintf("%q is nobody in %s: give an id, an e-mail or an exact name", q.clean(), d.Account)
	if near := Nearest(q.Text, names); near != "" {
		message += fmt.Sprintf("; did you mean %q?", near)
	}
	return p, &PersonQueryError{Message: message, Nobody: true}
}

// find finds somebody among the people of a conversation, then in the directory. Somebody to be removed need not be found
// anywhere, but a name that is nobody's is an error: it is probably misspelt.
func (q PersonQuery) find(people []Participant, op ChangeOp, d Description, scope string, look Directory) (Participant, error) {
	p, found, err := q.choose(people)
	if err != nil || found {
		return p, err
	}
	if look == nil || op == OpRemove && q.isUnique() {
		return q.participant(), nil
	}
	p, err = q.lookUp(d, scope, look)
	if several, ok := errors.AsType[*PersonQueryError](err); op == OpRemove && ok && !several.Nobody {
		return q.participant(), nil // none of them takes part here
	}
	return p, err
}

// named returns the change with the people whom its queries name in a conversation.
func (ch Change) named(c *Conversation, d Description, look Directory) (Change, error) {
	people, set := make([]Participant, len(ch.Queries)), &c.Participants
	if ch.Kind == EditContacts {
		set = &c.Contacts
	}
	for i, q := range ch.Queries {
		p, err := q.find(set.Items, ch.Op, d, c.Space.ID, look)
		switch {
		case ch.Kind == EditContacts && q.Kind != "" && !has(set.Items, p):
			// A service needs the id only; the name is for the person who reads the plan.
			p = Participant{Kind: q.Kind, ID: q.ID, Name: p.Name, Email: p.Email}
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

// findSpace replaces the name of a space by its id. Whether there is a space of an id is left to the service.
func (n *NewConversation) findSpace(d Description, look Directory) error {
	q := PersonQuery{Text: strings.TrimSpace(n.Space)}
	if !d.NewNeedsSpace || strings.Trim(q.Text, "0123456789") == "" {
		return nil
	}
	spaces, err := look.all(LookupRequest{Kind: LookupSpaces})
	if err != nil {
		return err
	}
	space, found, err := q.choose(spaces)
	if err != nil || found {
		n.Space = space.ID
		return err
	}
	return candidates(fmt.Sprintf("%q is no space of %s, which has:", q.clean(), d.Account), spaces)
}

// WithPeople returns a new conversation of an account with the people whom changes add, in the space that it names.
func (n NewConversation) WithPeople(changes []Change, d Description, look Directory) (NewConversation, error) {
	if err := n.findSpace(d, look); err != nil {
		return n, err
	}
	for _, ch := range changes {
		found, err := ch.named(&Conversation{Space: Named{ID: n.Space}}, d, look)
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
