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

// readers is how many conversations are read at once to find people in them.
const readers = 4

// target is a conversation that is to be edited: its item of the plan where it can't be, else the people it is
// about.
type target struct {
	model.PlanItem
	people map[int][]model.Participant // of the changes of a request
	*directory
	account model.Description
	now     model.Conversation
	need    model.Need
	fresh   bool
}

func (r *run) findPeople(ctx context.Context, refs []model.Ref, q request, dryRun bool) []*target {
	found := make([]*target, len(refs))
	dir := &directory{engine: r.engine}
	var need model.Need
	for _, w := range q {
		need |= map[model.EditKind]model.Need{model.EditParticipants: model.NeedParticipants,
			model.EditContacts: model.NeedContacts}[w.Kind]
	}
	report := r.progress("read")
	var wait sync.WaitGroup
	var mu sync.Mutex
	done := 0
	places := make(chan struct{}, readers)
	for i, ref := range refs {
		t := &target{directory: dir, need: need, PlanItem: model.PlanItem{Ref: ref, State: model.PlanBlocked}}
		if found[i] = t; need == 0 {
			continue
		}
		places <- struct{}{}
		wait.Go(func() {
			defer func() { <-places }()
			if t.Err = t.find(ctx, q, dryRun); t.Err != nil {
				t.Reason = t.Err.Error()
			}
			t.Title, t.Provider = t.now.Title, t.account.Provider
			mu.Lock()
			defer mu.Unlock()
			done++
			report(done, len(refs))
		})
	}
	wait.Wait()
	return found
}

// find reads who is in the conversation where that is not known, and finds the people of a request.
func (t *target) find(ctx context.Context, q request, dryRun bool) error {
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
	if !cached || slices.ContainsFunc(q.fields(), unread) {
		if err := t.read(ctx); err != nil {
			return err
		}
		caps = t.engine.Capabilities(t.now)
	}
	can := func(k model.EditKind) bool { return caps.Of(k).Can() || dryRun && t.account.ReadOnly } // a dry run shows what would be sent
	for i, w := range q {
		switch w.Kind {
		case model.EditParticipants:
			if !can(w.Kind) {
				t.Reason = caps.Of(w.Kind).Reason // whom was meant doesn't matter
				return nil
			}
			p, err := t.person(ctx, w)
			if err != nil {
				return of(t.Ref.Account, err)
			}
			t.people[i] = []model.Participant{p}
		case model.EditContacts:
			t.people[i] = t.contacts(ctx, w.People, can(w.Kind))
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

// of names the account that a service's error is about.
func of(account string, err error) error {
	if errors.As(err, new(*model.Error)) {
		return fmt.Errorf("%s: %w", account, err)
	}
	return err
}

// person finds the person of one change among the participants, read again where a cached list doesn't have them,
// then in the directory. Whom somebody wants removed need not be found anywhere, save for a name that nobody has:
// that is a slip.
func (t *target) person(ctx context.Context, w wanted) (model.Participant, error) {
	p, found, err := w.who.choose(t.now.Participants.Items)
	if (err != nil || !found) && w.Op != model.OpAdd {
		if err = t.read(ctx); err == nil {
			p, found, err = w.who.choose(t.now.Participants.Items)
		}
	}
	switch {
	case err != nil || found:
	case w.Op == model.OpRemove && w.who.exact():
		p = w.who.named()
	default:
		p, err = t.directory.find(ctx, t.account, t.now.Space.ID, w.who)
		if w.Op == model.OpRemove && errors.Is(err, errSeveral) {
			p, err = w.who.named(), nil // none of them is here
		}
	}
	p.Role, p.Status = w.People[0].Role, w.People[0].Status
	return p, err
}

// contacts names contacts as far as they are known: an id alone is enough for the service, a name is for the person.
// Only with lookUp is the directory asked.
func (t *target) contacts(ctx context.Context, wanted []model.Participant, lookUp bool) []model.Participant {
	out := slices.Clone(wanted)
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
