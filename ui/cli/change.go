package cli

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"confab/model"
)

// changeFlags are what `edit` may be asked to change, as typed.
type changeFlags struct {
	private, public, archive, remove bool

	texts    []textFlag
	replaces []string
	template string

	roles, statuses, adds, removes []string
	contacts                       string
	addContacts, removeContacts    []string
	labels, attributes             []string
	removeLabels, removeAttributes []string
}

type textFlag struct {
	kind       model.EditKind
	name, help string
	words      []string // all that may be typed; nil means any text
	text       *string
}

func (f *changeFlags) register(c *cobra.Command, access []string) {
	s := c.Flags()
	s.BoolVar(&f.private, "private", false, "make private")
	s.BoolVar(&f.public, "public", false, "make public")
	f.texts = []textFlag{
		{kind: model.EditTitle, name: "title", help: "rename to this text"},
		{kind: model.EditDescription, name: "description", help: "set the description to this text"},
		{kind: model.EditStatus, name: "status", help: "open or closed", words: model.EditStatus.Choices(model.Description{})},
		{kind: model.EditAccess, name: "access", help: accessHelp(access), words: access},
		{kind: model.EditDefaultRole, name: "default-role", help: "the role of those who come in without one", words: roleWords()},
	}
	for i, t := range f.texts {
		f.texts[i].text = s.String(t.name, "", t.help)
	}
	s.StringVar(&f.template, "title-template", "", "give each a title made of "+model.TitleFields)
	s.StringVar(&f.contacts, "contacts", "", "replace the whole set of contacts by ID,ID|none")
	for _, l := range []struct {
		to         *[]string
		name, help string
	}{
		{&f.replaces, "replace", "replace a text wherever it stands in the titles, OLD=NEW"},
		{&f.roles, "role", "give a participant a role, WHO=ROLE"},
		{&f.statuses, "participant-status", "give a participant a status, WHO=STATUS"},
		{&f.adds, "add", "add a participant, WHO[=ROLE]"},
		{&f.removes, "remove", "remove a participant, WHO"},
		{&f.addContacts, "add-contact", "add a contact by its ID"},
		{&f.removeContacts, "remove-contact", "remove a contact by its ID"},
		{&f.labels, "label", "set a label, KEY=VALUE"},
		{&f.removeLabels, "remove-label", "remove a label, KEY"},
		{&f.attributes, "attribute", "set an attribute, KEY=VALUE"},
		{&f.removeAttributes, "remove-attribute", "remove an attribute, KEY"},
	} {
		s.StringArrayVar(l.to, l.name, nil, l.help)
	}
	s.BoolVar(&f.archive, "archive", false, "archive")
	s.BoolVar(&f.remove, "delete", false, "delete for everybody")
	c.MarkFlagsMutuallyExclusive("private", "public")
	c.MarkFlagsMutuallyExclusive("title", "replace", "title-template")
	c.MarkFlagsMutuallyExclusive("contacts", "add-contact")
	c.MarkFlagsMutuallyExclusive("contacts", "remove-contact")
	c.MarkFlagsMutuallyExclusive("archive", "delete")
}

func accessHelp(access []string) string {
	return "who gets in, in the service's own word: " + strings.Join(access, " ")
}

// personChange is a change of one participant, not yet looked up.
type personChange struct {
	who          who
	op           model.ChangeOp
	role, status string
}

type contactChange struct {
	op  model.ChangeOp
	ids []string
}

// request is what is to be changed. The people in it are found for each
// conversation by itself, since the same words may mean others there.
type request struct {
	changes  []model.Change
	people   []personChange
	contacts []contactChange
	dryRun   bool
}

// wants lists the fields that are changed, in the order of display.
func (q request) wants() []model.Edit {
	var out []model.Edit
	for _, c := range q.changes {
		if !slices.ContainsFunc(out, func(e model.Edit) bool { return e.Kind == c.Kind && e.Key == c.Key }) {
			out = append(out, model.Edit{Kind: c.Kind, Key: c.Key})
		}
	}
	if len(q.people) > 0 {
		out = append(out, model.Edit{Kind: model.EditParticipants})
	}
	if len(q.contacts) > 0 {
		out = append(out, model.Edit{Kind: model.EditContacts})
	}
	return out
}

func setText(kind model.EditKind, key, text string) model.Change {
	return model.Change{Kind: kind, Op: model.OpSet, Key: key, Target: model.TextValue(text)}
}

// parse reads the flags. given tells which were there, since an empty text is
// a value of its own.
func (f *changeFlags) parse(given func(flag string) bool) (q request, err error) {
	switch {
	case f.private:
		q.changes = append(q.changes, setText(model.EditPrivacy, "", string(model.PrivacyPrivate)))
	case f.public:
		q.changes = append(q.changes, setText(model.EditPrivacy, "", string(model.PrivacyPublic)))
	}
	for _, t := range f.texts {
		if !given(t.name) {
			continue
		}
		text := *t.text
		if t.kind == model.EditTitle && text != "" && strings.TrimSpace(text) == "" {
			return q, usage("--title must not be blank")
		}
		if t.words != nil {
			if err := oneOf("--"+t.name, text, t.words); err != nil {
				return q, err
			}
		}
		q.changes = append(q.changes, setText(t.kind, "", text))
	}
	renames, err := f.parseRenames(given("title-template"))
	if err != nil {
		return q, err
	}
	q.changes = append(q.changes, renames...)
	if q.people, err = f.parsePeople(); err != nil {
		return q, err
	}
	if q.contacts, err = f.parseContacts(given("contacts")); err != nil {
		return q, err
	}
	for _, p := range []pairFlags{{model.EditLabels, f.labels, f.removeLabels}, {model.EditAttributes, f.attributes, f.removeAttributes}} {
		changes, err := p.parse()
		if err != nil {
			return q, err
		}
		q.changes = append(q.changes, changes...)
	}
	if f.archive {
		q.changes = append(q.changes, model.Change{Kind: model.EditArchive})
	}
	switch n := len(q.wants()); {
	case f.remove && n > 0:
		return q, usage("--delete stands alone: what is deleted can't be changed too")
	case f.remove:
		q.changes = append(q.changes, model.Change{Kind: model.EditDelete})
	case n == 0:
		return q, usage("say what to change, with --private, --title and the like: see `confab edit --help`")
	}
	return q, nil
}

// parseRenames reads what makes a title for each conversation.
func (f *changeFlags) parseRenames(template bool) (out []model.Change, err error) {
	for _, text := range f.replaces {
		before, after, ok := strings.Cut(text, "=")
		if !ok || before == "" {
			return nil, usage("--replace wants OLD=NEW, with something to look for, not %q", cell(text))
		}
		out = append(out, model.Renaming{Old: before, New: after}.Change())
	}
	if !template {
		return out, nil
	}
	r, err := model.ParseTemplate(f.template, time.Local)
	if text, literal := r.Literal(); err == nil && literal && strings.TrimSpace(text) == "" {
		err = errors.New("a title must not be blank")
	}
	if err != nil {
		return nil, usage("--title-template: %s", err)
	}
	return append(out, r.Change()), nil
}

// pairFlags are the labels or attributes to set, KEY=VALUE, and to remove, KEY.
type pairFlags struct {
	kind         model.EditKind
	set, removed []string
}

func (p pairFlags) parse() (out []model.Change, err error) {
	for _, pair := range p.set {
		key, value, ok := strings.Cut(pair, "=")
		if !ok || strings.TrimSpace(key) == "" {
			return nil, usage("--%s wants KEY=VALUE, not %q", p.kind.Pair(), cell(pair))
		}
		out = append(out, setText(p.kind, key, value))
	}
	for _, key := range p.removed {
		switch set := func(c model.Change) bool { return c.Key == key && c.Target.Text != nil }; {
		case strings.TrimSpace(key) == "":
			return nil, usage("--remove-%s wants the name of the %s", p.kind.Pair(), p.kind.Pair())
		case slices.ContainsFunc(out, set):
			return nil, usage("%q is both to be set and to be removed", cell(key))
		}
		out = append(out, model.Change{Kind: p.kind, Op: model.OpSet, Key: key})
	}
	return out, nil
}

func oneOf(flag, value string, known []string) error {
	if slices.Contains(known, value) {
		return nil
	}
	return usage("%s: unknown word %q%s", flag, cell(value), suggest(value, known, "it is one of"))
}

func (f *changeFlags) parsePeople() (people []personChange, err error) {
	if people, err = parseAdds(f.adds); err != nil {
		return nil, err
	}
	for _, text := range f.roles {
		p := personChange{op: model.OpAlter}
		if p.who, p.role, err = splitWho("role", text); err == nil {
			err = checkRole(p.role)
		}
		if err != nil {
			return nil, err
		}
		people = append(people, p)
	}
	for _, text := range f.statuses {
		p := personChange{op: model.OpAlter}
		if p.who, p.status, err = splitWho("participant-status", text); err != nil {
			return nil, err
		}
		people = append(people, p)
	}
	for _, text := range f.removes {
		p := personChange{op: model.OpRemove}
		if p.who, err = parseWho(text); err != nil {
			return nil, err
		}
		people = append(people, p)
	}
	return people, nil
}

func parseAdds(texts []string) (people []personChange, err error) {
	for _, text := range texts {
		p := personChange{op: model.OpAdd}
		if p.who, p.role, err = parseWhoRole(text); err != nil {
			return nil, err
		}
		people = append(people, p)
	}
	return people, nil
}

func (f *changeFlags) parseContacts(set bool) (out []contactChange, err error) {
	if set {
		ids := []string{}
		if f.contacts != "none" {
			ids = strings.Split(f.contacts, ",")
		}
		for i, id := range ids {
			if ids[i] = strings.TrimSpace(id); ids[i] == "" {
				return nil, usage(`--contacts wants ids with commas between, or "none" for no contact at all`)
			}
		}
		out = append(out, contactChange{model.OpSet, ids})
	}
	for _, list := range []struct {
		flag string
		op   model.ChangeOp
		ids  []string
	}{{"add-contact", model.OpAdd, f.addContacts}, {"remove-contact", model.OpRemove, f.removeContacts}} {
		if len(list.ids) > 0 {
			out = append(out, contactChange{list.op, list.ids})
		}
		if slices.ContainsFunc(list.ids, func(id string) bool { return contactID(id) == "" }) {
			return nil, usage("--%s wants an id", list.flag)
		}
	}
	return out, nil
}

func contactID(text string) string {
	return strings.TrimPrefix(strings.TrimSpace(text), model.KindContact+":")
}
