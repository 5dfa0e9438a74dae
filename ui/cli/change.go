package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"confab/model"
)

// changeFlags are what `edit` may be asked to change, as typed.
type changeFlags struct {
	private, public, archive, remove bool

	texts []textFlag

	roles, statuses, adds, removes []string
	contacts                       string
	addContacts, removeContacts    []string
	labels, attributes             []string
}

func (f *changeFlags) register(c *cobra.Command, access []string) {
	s := c.Flags()
	s.BoolVar(&f.private, "private", false, "make private")
	s.BoolVar(&f.public, "public", false, "make public")
	f.texts = []textFlag{
		{kind: model.EditTitle, name: "title", help: "rename to this text"},
		{kind: model.EditDescription, name: "description", help: "set the description to this text"},
		{kind: model.EditStatus, name: "status", help: "open or closed", words: model.EditStatus.Choices(model.Description{})},
		{kind: model.EditAccess, name: "access", words: access,
			help: "who gets in, in the service's own word: " + strings.Join(access, " ")},
		{kind: model.EditDefaultRole, name: "default-role", help: "the role of those who come in without one", words: roleWords()},
	}
	for i, t := range f.texts {
		f.texts[i].text = s.String(t.name, "", t.help)
	}
	s.StringArrayVar(&f.roles, "role", nil, "give a participant a role, WHO=ROLE")
	s.StringArrayVar(&f.statuses, "participant-status", nil, "give a participant a status, WHO=STATUS")
	s.StringArrayVar(&f.adds, "add", nil, "add a participant, WHO[=ROLE]")
	s.StringArrayVar(&f.removes, "remove", nil, "remove a participant, WHO")
	s.StringVar(&f.contacts, "contacts", "", "replace the whole set of contacts by ID,ID|none")
	s.StringArrayVar(&f.addContacts, "add-contact", nil, "add a contact by its ID")
	s.StringArrayVar(&f.removeContacts, "remove-contact", nil, "remove a contact by its ID")
	s.StringArrayVar(&f.labels, "label", nil, "set a label, KEY=VALUE")
	s.StringArrayVar(&f.attributes, "attribute", nil, "set an attribute, KEY=VALUE")
	s.BoolVar(&f.archive, "archive", false, "archive")
	s.BoolVar(&f.remove, "delete", false, "delete for everybody")
	for _, pair := range [][]string{{"private", "public"}, {"contacts", "add-contact"}, {"contacts", "remove-contact"}, {"archive", "delete"}} {
		c.MarkFlagsMutuallyExclusive(pair...)
	}
}

// textFlag is a flag for the new text of a field.
type textFlag struct {
	kind       model.EditKind
	name, help string
	words      []string // all that may be typed; nil means any text
	text       *string
}

// personChange is a change of one participant, not yet looked up.
type personChange struct {
	who          who
	op           model.ChangeOp
	role, status string
}

// request is what is to be changed. The people in it are found for each
// conversation by itself, since the same words may mean others there.
type request struct {
	changes []model.Change
	people  []personChange
	// contacts names the ids of a whole new set; nil leaves it alone.
	contacts       *[]string
	addContacts    []string
	removeContacts []string
	dryRun         bool
}

// wants lists what is changed, in the order of display.
func (q request) wants() []want {
	var out []want
	for _, c := range q.changes {
		if w := (want{c.Kind, c.Key}); !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	if len(q.people) > 0 {
		out = append(out, want{kind: model.EditParticipants})
	}
	if q.hasContacts() {
		out = append(out, want{kind: model.EditContacts})
	}
	return out
}

func (q request) hasContacts() bool {
	return q.contacts != nil || len(q.addContacts)+len(q.removeContacts) > 0
}

// parse reads the flags. given tells which were there, since an empty text is
// a value of its own.
func (f *changeFlags) parse(given func(flag string) bool) (request, error) {
	var q request
	set := func(kind model.EditKind, text string) {
		q.changes = append(q.changes, model.Change{Kind: kind, Op: model.OpSet, Target: model.TextValue(text)})
	}
	switch {
	case f.private:
		set(model.EditPrivacy, string(model.PrivacyPrivate))
	case f.public:
		set(model.EditPrivacy, string(model.PrivacyPublic))
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
		set(t.kind, text)
	}
	if err := f.parsePeople(&q); err != nil {
		return q, err
	}
	if err := f.parseContacts(&q, given); err != nil {
		return q, err
	}
	for _, p := range []struct {
		flag string
		kind model.EditKind
		list []string
	}{{"label", model.EditLabels, f.labels}, {"attribute", model.EditAttributes, f.attributes}} {
		for _, pair := range p.list {
			key, value, ok := strings.Cut(pair, "=")
			if !ok || strings.TrimSpace(key) == "" {
				return q, usage("--%s wants KEY=VALUE, not %q", p.flag, cell(pair))
			}
			q.changes = append(q.changes, model.Change{Kind: p.kind, Op: model.OpSet, Key: key, Target: model.TextValue(value)})
		}
	}
	if f.archive {
		q.changes = append(q.changes, model.Change{Kind: model.EditArchive})
	}
	if f.remove {
		if len(q.wants()) > 0 {
			return q, usage("--delete stands alone: what is deleted can't be changed too")
		}
		q.changes = append(q.changes, model.Change{Kind: model.EditDelete})
	}
	if len(q.wants()) == 0 {
		return q, usage("say what to change, with --private, --title and the like: see `confab edit --help`")
	}
	return q, nil
}

func oneOf(flag, value string, known []string) error {
	if slices.Contains(known, value) {
		return nil
	}
	if near := model.Nearest(value, known); near != "" {
		return usage("%s: unknown word %q; did you mean %q?", flag, cell(value), near)
	}
	return usage("%s: unknown word %q; it is one of %s", flag, cell(value), strings.Join(known, ", "))
}

func (f *changeFlags) parsePeople(q *request) error {
	for _, text := range f.adds {
		w, role, err := parseWhoRole(text)
		if err != nil {
			return err
		}
		q.people = append(q.people, personChange{who: w, op: model.OpAdd, role: role})
	}
	for _, text := range f.roles {
		w, word, err := splitWho("role", text)
		if err != nil {
			return err
		}
		role, err := parseRole(word)
		if err != nil {
			return err
		}
		q.people = append(q.people, personChange{who: w, op: model.OpAlter, role: role})
	}
	for _, text := range f.statuses {
		w, status, err := splitWho("participant-status", text)
		if err != nil {
			return err
		}
		q.people = append(q.people, personChange{who: w, op: model.OpAlter, status: status})
	}
	for _, text := range f.removes {
		w, err := parseWho(text)
		if err != nil {
			return err
		}
		q.people = append(q.people, personChange{who: w, op: model.OpRemove})
	}
	return nil
}

func (f *changeFlags) parseContacts(q *request, given func(string) bool) error {
	if given("contacts") {
		ids := []string{}
		if f.contacts != "none" {
			for id := range strings.SplitSeq(f.contacts, ",") {
				if id = strings.TrimSpace(id); id == "" {
					return usage(`--contacts wants ids with commas between, or "none" for no contact at all`)
				}
				ids = append(ids, id)
			}
		}
		q.contacts = &ids
	}
	for _, list := range []struct {
		flag string
		from []string
		to   *[]string
	}{{"add-contact", f.addContacts, &q.addContacts}, {"remove-contact", f.removeContacts, &q.removeContacts}} {
		for _, id := range list.from {
			id = strings.TrimPrefix(strings.TrimSpace(id), "contact:")
			if id == "" {
				return usage("--%s wants an id", list.flag)
			}
			*list.to = append(*list.to, id)
		}
	}
	return nil
}
