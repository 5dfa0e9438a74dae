package cli

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"

	"confab/model"
)

const maxLookupPages = 10

// identifierKey is what stands before the = of a Bird identifier (emailaddress, phonenumber).
var identifierKey = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)

// who is a person, group or flow as it was typed.
type who struct {
	// text is what was typed, without the role or status.
	text string
	// kind and id are set where the text began with a known kind.
	kind, id string
	// identifier says that the text can be read as KEY=VALUE.
	identifier bool
}

func roleWords() []string {
	return []string{model.RoleEditor, model.RoleViewer, model.RoleComplete}
}

// parsePerson reads what a flag says of a person: whom it means, and their role or status.
func parsePerson(flag, text string, p *model.Participant) (op model.ChangeOp, w who, err error) {
	switch flag {
	case "add":
		w, p.Role, err = parseWhoRole(text)
		return model.OpAdd, w, err
	case "remove":
		w, err = parseWho(text)
		return model.OpRemove, w, err
	case "participant-status":
		w, p.Status, err = splitWho(flag, text)
	default:
		if w, p.Role, err = splitWho(flag, text); err == nil {
			err = checkRole(p.Role)
		}
	}
	return model.OpAlter, w, err
}

// parseWho reads [user:|group:|contact:|flow:]ID, an e-mail, a name, or KEY=VALUE.
func parseWho(text string) (who, error) {
	w := who{text: strings.TrimSpace(text)}
	if w.text == "" {
		return w, usage("a person is named by an id, an e-mail, an exact name, or KEY=VALUE")
	}
	kind, id, ok := strings.Cut(w.text, ":")
	if ok && slices.Contains([]string{model.KindUser, model.KindGroup, model.KindContact, model.KindFlow}, kind) {
		if id == "" {
			return w, usage("%q names no id", cell(w.text))
		}
		w.kind, w.id = kind, id
		return w, nil
	}
	key, value, _ := strings.Cut(w.text, "=")
	w.identifier = identifierKey.MatchString(key) && value != ""
	return w, nil
}

// exact reports whether a text names one person or thing by what only one has: an id, an e-mail, an identifier. A
// name has no digit, or has blanks in it.
func (w who) exact() bool {
	return w.kind != "" || w.identifier || !strings.ContainsFunc(w.text, unicode.IsSpace) && strings.ContainsAny(w.text, "@0123456789")
}

func (w who) named() model.Participant {
	switch {
	case w.kind != "":
		return model.Participant{Kind: w.kind, ID: w.id}
	case w.identifier:
		return model.Participant{Kind: model.KindContact, Identifier: w.text}
	case strings.Contains(w.text, "@"):
		return model.Participant{Email: w.text}
	case w.exact():
		return model.Participant{ID: w.text}
	}
	return model.Participant{Name: w.text}
}

func checkRole(s string) error {
	if slices.Contains(roleWords(), s) {
		return nil
	}
	return usage("unknown role %q%s", cell(s), suggest(s, roleWords(), "the roles are"))
}

// parseWhoRole reads WHO[=ROLE]. What follows the last = is a role only if it is a role word, since an identifier has
// a = too.
func parseWhoRole(text string) (w who, role string, err error) {
	i := strings.LastIndexByte(text, '=')
	tail := text[i+1:]
	if i >= 0 && slices.Contains(roleWords(), tail) {
		w, err = parseWho(text[:i])
		return w, tail, err
	}
	if w, err = parseWho(text); i >= 0 && err == nil && !w.identifier {
		err = checkRole(tail)
	}
	return w, "", err
}

// splitWho reads WHO=WORD, split at the last =.
func splitWho(flag, text string) (w who, word string, err error) {
	i := strings.LastIndexByte(text, '=')
	if i < 0 || i == len(text)-1 {
		return w, "", usage("--%s wants WHO=%s, not %q", flag, strings.ToUpper(strings.TrimPrefix(flag, "participant-")), cell(text))
	}
	w, err = parseWho(text[:i])
	return w, text[i+1:], err
}

// errSeveral and errNobody mark what a text that names no one person is: they add nothing to the words.
var errSeveral, errNobody = errors.New(""), errors.New("")

func (w who) matches(p model.Participant) bool {
	if w.kind != "" {
		return p.Kind == w.kind && p.ID == w.id
	}
	key, value, _ := strings.Cut(w.text, "=")
	return p.ID == w.text || p.Email != "" && strings.EqualFold(p.Email, w.text) ||
		p.Name != "" && model.FoldText(p.Name) == model.FoldText(w.text) ||
		w.identifier && (p.Identifier != "" && strings.EqualFold(p.Identifier, w.text) ||
			strings.EqualFold(key, "emailaddress") && strings.EqualFold(value, p.Email))
}

// choose returns the one among people whom the text names. Where a folded name fits several and the exact one fits
// one, it is that one.
func (w who) choose(people []model.Participant) (p model.Participant, found bool, err error) {
	var fit, exact []model.Participant
	for _, p := range people {
		if !w.matches(p) || slices.ContainsFunc(fit, func(q model.Participant) bool { return model.SamePerson(p, q) }) {
			continue
		}
		fit = append(fit, p)
		if p.ID == w.text || p.Email == w.text || p.Name == w.text {
			exact = append(exact, p)
		}
	}
	switch {
	case len(fit) == 0:
		return p, false, nil
	case len(fit) == 1:
		return fit[0], true, nil
	case len(exact) == 1:
		return exact[0], true, nil
	}
	const most = 20
	message := fmt.Sprintf("%q is ambiguous; name one of these by its id:", cell(w.text))
	for _, p := range fit[:min(most, len(fit))] {
		message += "\n  " + person(p)
	}
	if more := len(fit) - most; more > 0 {
		message += fmt.Sprintf("\n  and %d more", more)
	}
	return p, false, usage("%s%w", message, errSeveral)
}

// directory finds people of accounts, and remembers what it found. It is safe for concurrent use.
type directory struct {
	engine Engine
	kept   sync.Map // of lookups to people
}

// find looks for whom a text names in the directories of an account. An id with its kind, and an identifier, are
// taken at their word where a service has no directory for them: the service judges.
func (dir *directory) find(ctx context.Context, d model.Description, scope string, w who) (model.Participant, error) {
	kinds, text, known := d.People, w.text, w.identifier && slices.Contains(d.People, model.LookupContacts)
	switch {
	case w.kind != "":
		kinds, text, known = []model.LookupKind{model.LookupKind(w.kind)}, w.id, true
	case known:
		kinds = []model.LookupKind{model.LookupContacts}
	}
	var all []model.Participant
	var unread error
	for _, kind := range kinds {
		people, err := dir.lookup(ctx, d.Account, model.LookupRequest{Kind: kind, Text: text, Scope: scope})
		switch model.KindOf(err) {
		case "", model.Unsupported, model.NotFound:
		case model.Forbidden:
			unread = err // the others may have the answer
		default:
			return model.Participant{}, err
		}
		all = append(all, people...)
	}
	p, found, err := w.choose(all)
	switch {
	case err != nil || found:
		return p, err
	case known:
		return w.named(), nil
	case unread != nil:
		return p, unread
	}
	var names []string
	for _, p := range all {
		names = append(names, p.Name, p.Email)
	}
	return p, usage("%q is nobody in %s: give an id, an e-mail or an exact name%s%w", cell(w.text), d.Account,
		suggest(w.text, names, ""), errNobody)
}

func (dir *directory) lookup(ctx context.Context, account string, req model.LookupRequest) (people []model.Participant, err error) {
	asked := struct {
		account string
		model.LookupRequest
	}{account, req}
	if kept, ok := dir.kept.Load(asked); ok {
		return kept.([]model.Participant), nil
	}
	for range maxLookupPages {
		page, err := dir.engine.Lookup(ctx, account, req)
		if err != nil {
			return people, err
		}
		people = append(people, page.Items...)
		if req.Cursor = page.Cursor; req.Cursor == "" {
			break
		}
	}
	dir.kept.Store(asked, people)
	return people, nil
}
