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

// identifierKey matches what stands before the = of a Bird identifier, such as emailaddress or phonenumber.
var identifierKey = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)

// whoArg is a person, group or flow as it was typed: WHO in the help.
type whoArg struct {
	text       string // without the role or status
	kind, id   string // set if the text begins with a known kind
	identifier bool   // the text can be read as KEY=VALUE
}

func roleWords() []string {
	return []string{model.RoleEditor, model.RoleViewer, model.RoleComplete}
}

// parsePerson reads the value of a flag about a person: who it is, and the role or status, which it sets in p.
func parsePerson(flag, text string, p *model.Participant) (op model.ChangeOp, w whoArg, err error) {
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

// parseWho reads [user:|group:|contact:|flow:]ID, an e-mail address, a name, or KEY=VALUE.
func parseWho(text string) (whoArg, error) {
	w := whoArg{text: strings.TrimSpace(text)}
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

// isUnique reports whether the text is of a form that only one person can have: an id, an e-mail address or an identifier.
// A text with blanks, or without digits, is taken for a name.
func (w whoArg) isUnique() bool {
	return w.kind != "" || w.identifier || !strings.ContainsFunc(w.text, unicode.IsSpace) && strings.ContainsAny(w.text, "@0123456789")
}

// participant returns a participant with nothing but what was typed.
func (w whoArg) participant() model.Participant {
	switch {
	case w.kind != "":
		return model.Participant{Kind: w.kind, ID: w.id}
	case w.identifier:
		return model.Participant{Kind: model.KindContact, Identifier: w.text}
	case strings.Contains(w.text, "@"):
		return model.Participant{Email: w.text}
	case w.isUnique():
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

// parseWhoRole reads WHO[=ROLE]. The text after the last = is a role only if it is a role word, since an identifier has a
// = too.
func parseWhoRole(text string) (w whoArg, role string, err error) {
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
func splitWho(flag, text string) (w whoArg, word string, err error) {
	i := strings.LastIndexByte(text, '=')
	if i < 0 || i == len(text)-1 {
		return w, "", usage("--%s wants WHO=%s, not %q", flag, strings.ToUpper(strings.TrimPrefix(flag, "participant-")), cell(text))
	}
	w, err = parseWho(text[:i])
	return w, text[i+1:], err
}

// errSeveral and errNobody mark the errors about a text that several people match, or nobody. They add nothing to the
// message.
var errSeveral, errNobody = errors.New(""), errors.New("")

func (w whoArg) matches(p model.Participant) bool {
	if w.kind != "" {
		return p.Kind == w.kind && p.ID == w.id
	}
	key, value, _ := strings.Cut(w.text, "=")
	return p.ID == w.text || p.Email != "" && strings.EqualFold(p.Email, w.text) ||
		p.Name != "" && model.FoldText(p.Name) == model.FoldText(w.text) ||
		w.identifier && (p.Identifier != "" && strings.EqualFold(p.Identifier, w.text) ||
			strings.EqualFold(key, "emailaddress") && strings.EqualFold(value, p.Email))
}

// choose returns the person whom the text names. Of several who match when accents and case are ignored, the only exact
// match is taken.
func (w whoArg) choose(people []model.Participant) (p model.Participant, found bool, err error) {
	var matching, exact []model.Participant
	for _, p := range people {
		if !w.matches(p) || slices.ContainsFunc(matching, func(q model.Participant) bool { return model.SamePerson(p, q) }) {
			continue
		}
		matching = append(matching, p)
		if p.ID == w.text || p.Email == w.text || p.Name == w.text {
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
	message := fmt.Sprintf("%q is ambiguous; name one of these by its id:", cell(w.text))
	for _, p := range matching[:min(most, len(matching))] {
		message += "\n  " + person(p)
	}
	if more := len(matching) - most; more > 0 {
		message += fmt.Sprintf("\n  and %d more", more)
	}
	return p, false, usage("%s%w", message, errSeveral)
}

// directory looks people up in the accounts and keeps the answers. It is safe for concurrent use.
type directory struct {
	engine  Engine
	answers sync.Map // from lookup to []model.Participant
}

// find looks a person up in the directories of an account. An id with its kind, and an identifier, are passed on as they
// are where no directory has them: the service decides.
func (dir *directory) find(ctx context.Context, d model.Description, scope string, w whoArg) (model.Participant, error) {
	kinds, text, passOn := d.People, w.text, w.identifier && slices.Contains(d.People, model.LookupContacts)
	switch {
	case w.kind != "":
		kinds, text, passOn = []model.LookupKind{model.LookupKind(w.kind)}, w.id, true
	case passOn:
		kinds = []model.LookupKind{model.LookupContacts}
	}
	var all []model.Participant
	var forbidden error
	for _, kind := range kinds {
		people, err := dir.lookup(ctx, d.Account, model.LookupRequest{Kind: kind, Text: text, Scope: scope})
		switch model.KindOf(err) {
		case "", model.Unsupported, model.NotFound:
		case model.Forbidden:
			forbidden = err // another directory may have the answer
		default:
			return model.Participant{}, err
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
	return p, usage("%q is nobody in %s: give an id, an e-mail or an exact name%s%w", cell(w.text), d.Account,
		suggest(w.text, names, ""), errNobody)
}

const maxLookupPages = 10

type lookup struct {
	account string
	model.LookupRequest
}

func (dir *directory) lookup(ctx context.Context, account string, req model.LookupRequest) (people []model.Participant, err error) {
	asked := lookup{account, req}
	if kept, ok := dir.answers.Load(asked); ok {
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
	dir.answers.Store(asked, people)
	return people, nil
}

// target is a conversation to edit, and the people whom the changes mean in it. Its plan item is used only if it has a
// Reason: the conversation can't be edited then.
type target struct {
	model.PlanItem
	people map[int][]model.Participant // by the index of the change
	*directory
	account model.Description
	now     model.Conversation
	need    model.Need
	fresh   bool // now was read from the service
}

// readers is how many conversations are read at once to find people in them.
const readers = 4

func (r *run) findPeople(ctx context.Context, refs []model.Ref, ch changes, dryRun bool) []*target {
	targets := make([]*target, len(refs))
	dir := &directory{engine: r.engine}
	var need model.Need
	for _, c := range ch {
		need |= map[model.EditKind]model.Need{model.EditParticipants: model.NeedParticipants,
			model.EditContacts: model.NeedContacts}[c.Kind]
	}
	for i, ref := range refs {
		targets[i] = &target{directory: dir, need: need, PlanItem: model.PlanItem{Ref: ref, State: model.PlanBlocked}}
	}
	if need == 0 {
		return targets
	}
	done := make(chan struct{})
	go func() {
		places := make(chan struct{}, readers)
		for _, t := range targets {
			places <- struct{}{}
			go func() {
				if t.Err = t.find(ctx, ch, dryRun); t.Err != nil {
					t.Reason = t.Err.Error()
				}
				t.Title, t.Provider = t.now.Title, t.account.Provider
				<-places
				done <- struct{}{}
			}()
		}
	}()
	report := r.progress()
	for i := range targets {
		<-done
		report(i+1, len(targets))
	}
	return targets
}

// find finds the people of the changes, and reads the conversation first where the cache does not hold its people.
func (t *target) find(ctx context.Context, ch changes, dryRun bool) error {
	row, cached, err := t.engine.Row(ctx, t.Ref)
	if err != nil || ctx.Err() != nil {
		return err
	}
	t.account, _ = t.engine.Describe(t.Ref.Account)
	t.now, t.people = row.Conversation, map[int][]model.Participant{}
	caps := t.engine.Capabilities(t.now)
	unread := func(e model.Edit) bool {
		_, known := e.Read(t.now)
		return !known && caps.Of(e.Kind).Can()
	}
	if !cached || slices.ContainsFunc(ch.fields(), unread) {
		if err := t.read(ctx); err != nil {
			return err
		}
		caps = t.engine.Capabilities(t.now)
	}
	for i, c := range ch {
		can := caps.Of(c.Kind).Can() || dryRun && t.account.ReadOnly // a dry run shows what would be sent
		switch {
		case c.Kind == model.EditContacts:
			t.people[i] = t.contacts(ctx, c.People, can)
		case c.Kind != model.EditParticipants:
		case !can:
			t.Reason = caps.Of(c.Kind).Reason // no need to find out who is meant
			return nil
		default:
			p, err := t.person(ctx, c)
			if err != nil {
				return withAccount(t.Ref.Account, err)
			}
			t.people[i] = []model.Participant{p}
		}
	}
	return nil
}

func (t *target) read(ctx context.Context) error {
	if t.fresh {
		return nil
	}
	detail, err := t.engine.Load(ctx, t.Ref, t.need)
	if err != nil {
		return fmt.Errorf("%s: %w", t.Ref, err)
	}
	t.now, t.fresh = detail.Conversation, true
	return nil
}

// withAccount puts the name of the account before the error of a service.
func withAccount(account string, err error) error {
	if errors.As(err, new(*model.Error)) {
		return fmt.Errorf("%s: %w", account, err)
	}
	return err
}

// person finds the person of a change: among the participants, among those read afresh if the cached ones lack the person,
// then in the directory. Somebody to be removed need not be found anywhere, but a name that is nobody's is an error: it is
// probably misspelt.
func (t *target) person(ctx context.Context, c change) (model.Participant, error) {
	p, found, err := c.who.choose(t.now.Participants.Items)
	if (err != nil || !found) && c.Op != model.OpAdd {
		if err = t.read(ctx); err == nil {
			p, found, err = c.who.choose(t.now.Participants.Items)
		}
	}
	switch {
	case err != nil || found:
	case c.Op == model.OpRemove && c.who.isUnique():
		p = c.who.participant()
	default:
		p, err = t.directory.find(ctx, t.account, t.now.Space.ID, c.who)
		if c.Op == model.OpRemove && errors.Is(err, errSeveral) {
			p, err = c.who.participant(), nil // none of them takes part here
		}
	}
	p.Role, p.Status = c.People[0].Role, c.People[0].Status
	return p, err
}

// contacts adds names to contacts, from the conversation and, if lookUp is set, from the directory. A service needs the
// ids only; the names are for the person who reads the plan.
func (t *target) contacts(ctx context.Context, ids []model.Participant, lookUp bool) []model.Participant {
	out := slices.Clone(ids)
	for i, contact := range out {
		same := func(p model.Participant) bool { return p.ID == contact.ID }
		if known := slices.IndexFunc(t.now.Contacts.Items, same); known >= 0 {
			out[i] = t.now.Contacts.Items[known]
		} else if lookUp {
			people, _ := t.lookup(ctx, t.Ref.Account, model.LookupRequest{Kind: model.LookupContacts, Text: contact.ID})
			if known := slices.IndexFunc(people, same); known >= 0 {
				out[i].Name, out[i].Email = people[known].Name, people[known].Email
			}
		}
	}
	return out
}
