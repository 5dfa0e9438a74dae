package cli

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"confab/model"
)

// textFlag is a flag of `edit` that gives a field a text.
type textFlag struct {
	kind       model.EditKind
	name, help string
	words      []string // all that may be typed; nil means any text
}

// textFlags are in the order of display. access are the words for who gets in, nil for any.
func textFlags(access []string) []textFlag {
	return []textFlag{
		{model.EditTitle, "title", "rename to this text", nil},
		{model.EditDescription, "description", "set the description to this text", nil},
		{model.EditStatus, "status", "open or closed", model.EditStatus.Choices(model.Description{})},
		{model.EditAccess, "access", accessHelp(access), access},
		{model.EditDefaultRole, "default-role", "the role of those who come in without one", roleWords()},
	}
}

func accessHelp(access []string) string {
	return "who gets in, in the service's own word: " + strings.Join(access, " ")
}

// registerChanges adds the flags that say what is to be changed.
func registerChanges(s *pflag.FlagSet, access []string) {
	for _, t := range textFlags(access) {
		s.String(t.name, "", t.help)
	}
	s.String("title-template", "", "give each a title made of "+strings.Join(model.TitleFields(), " "))
	s.String("contacts", "", "replace the whole set of contacts by ID,ID|none")
	for name, help := range map[string]string{"private": "make private", "public": "make public", "archive": "archive",
		"delete": "delete for everybody"} {
		s.Bool(name, false, help)
	}
	for name, help := range map[string]string{
		"replace":            "replace a text wherever it stands in the titles, OLD=NEW",
		"role":               "give a participant a role, WHO=ROLE",
		"participant-status": "give a participant a status, WHO=STATUS",
		"add":                "add a participant, WHO[=ROLE]",
		"remove":             "remove a participant, WHO",
		"add-contact":        "add a contact by its ID",
		"remove-contact":     "remove a contact by its ID",
		"label":              "set a label, KEY=VALUE",
		"remove-label":       "remove a label, KEY",
		"attribute":          "set an attribute, KEY=VALUE",
		"remove-attribute":   "remove an attribute, KEY",
	} {
		s.StringArray(name, nil, help)
	}
}

// wanted is one change that is asked for. Whom it means is found for each conversation by itself, since the same words
// may mean others there: who names the one person of People, and contacts have no more than their ids.
type wanted struct {
	model.Change
	who who
}

type request []wanted

func (q *request) add(kind model.EditKind, op model.ChangeOp, key string, to model.Value) {
	*q = append(*q, wanted{Change: model.Change{Kind: kind, Op: op, Key: key, Target: to}})
}

func (q *request) set(kind model.EditKind, key, text string) {
	q.add(kind, model.OpSet, key, model.TextValue(text))
}

// fields lists what is changed, without a value.
func (q request) fields() (out []model.Edit) {
	for _, w := range q {
		if !slices.ContainsFunc(out, func(e model.Edit) bool { return e.Kind == w.Kind && e.Key == w.Key }) {
			out = append(out, model.Edit{Kind: w.Kind, Key: w.Key})
		}
	}
	return out
}

// changes are those that are the same for every conversation.
func (q request) changes() (out []model.Change) {
	for _, w := range q {
		out = append(out, w.Change)
	}
	return out
}

// parseChanges reads the flags. One that was given an empty text counts: that is a value of its own.
func parseChanges(s *pflag.FlagSet, access []string) (q request, err error) {
	on := func(name string) bool { v, err := s.GetBool(name); return err == nil && v }
	for _, to := range []model.Privacy{model.PrivacyPrivate, model.PrivacyPublic} {
		if on(string(to)) {
			q.set(model.EditPrivacy, "", string(to))
		}
	}
	for _, t := range textFlags(access) {
		text, _ := s.GetString(t.name)
		switch {
		case !s.Changed(t.name):
			continue
		case t.kind == model.EditTitle && text != "" && strings.TrimSpace(text) == "":
			return nil, usage("--title must not be blank")
		}
		if err := oneOf("--"+t.name, text, t.words); err != nil && t.words != nil {
			return nil, err
		}
		q.set(t.kind, "", text)
	}
	if err := q.parseRenames(s); err != nil {
		return nil, err
	}
	people, err := parseSets(s)
	if err != nil {
		return nil, err
	}
	for _, kind := range []model.EditKind{model.EditLabels, model.EditAttributes} {
		if err := q.parsePairs(s, kind); err != nil {
			return nil, err
		}
	}
	if on("archive") {
		q.add(model.EditArchive, "", "", model.Value{})
	}
	q = append(q, people...)
	switch {
	case on("delete") && len(q) > 0:
		return nil, usage("--delete stands alone: what is deleted can't be changed too")
	case on("delete"):
		q.add(model.EditDelete, "", "", model.Value{})
	case len(q) == 0:
		return nil, usage("say what to change, with --private, --title and the like: see `confab edit --help`")
	}
	return q, nil
}

func oneOf(flag, value string, known []string) error {
	if slices.Contains(known, value) {
		return nil
	}
	return usage("%s: unknown word %q%s", flag, cell(value), suggest(value, known, "it is one of"))
}

func listOf(s *pflag.FlagSet, name string) []string {
	return s.Lookup(name).Value.(pflag.SliceValue).GetSlice() // GetStringArray loses an empty text
}

// parseRenames reads what makes a title for each conversation.
func (q *request) parseRenames(s *pflag.FlagSet) error {
	rename := func(r model.Renaming) { *q = append(*q, wanted{Change: r.Change()}) }
	for _, text := range listOf(s, "replace") {
		before, after, ok := strings.Cut(text, "=")
		if !ok || before == "" {
			return usage("--replace wants OLD=NEW, with something to look for, not %q", cell(text))
		}
		rename(model.Renaming{Old: before, New: after})
	}
	if !s.Changed("title-template") {
		return nil
	}
	template, _ := s.GetString("title-template")
	r, err := model.ParseTemplate(template, time.Local)
	if text, literal := r.Literal(); err == nil && literal && strings.TrimSpace(text) == "" {
		err = errors.New("a title must not be blank")
	}
	if err != nil {
		return usage("--title-template: %s", err)
	}
	rename(r)
	return nil
}

// parsePairs reads the labels or attributes to set, KEY=VALUE, and to remove, KEY.
func (q *request) parsePairs(s *pflag.FlagSet, kind model.EditKind) error {
	set := map[string]bool{}
	for _, pair := range listOf(s, kind.Pair()) {
		key, value, ok := strings.Cut(pair, "=")
		if !ok || strings.TrimSpace(key) == "" {
			return usage("--%s wants KEY=VALUE, not %q", kind.Pair(), cell(pair))
		}
		set[key] = true
		q.set(kind, key, value)
	}
	for _, key := range listOf(s, "remove-"+kind.Pair()) {
		switch {
		case strings.TrimSpace(key) == "":
			return usage("--remove-%s wants the name of the %s", kind.Pair(), kind.Pair())
		case set[key]:
			return usage("%q is both to be set and to be removed", cell(key))
		}
		q.add(kind, model.OpSet, key, model.Value{})
	}
	return nil
}

type flagOp struct {
	flag string
	op   model.ChangeOp
}

// parseSets reads the changes of participants and contacts.
func parseSets(s *pflag.FlagSet) (q request, err error) {
	for _, f := range []flagOp{{"add", model.OpAdd}, {"role", model.OpAlter}, {"participant-status", model.OpAlter}, {"remove", model.OpRemove}} {
		people, err := parsePeople(f.flag, f.op, listOf(s, f.flag))
		if err != nil {
			return nil, err
		}
		q = append(q, people...)
	}
	for _, f := range []flagOp{{"contacts", model.OpSet}, {"add-contact", model.OpAdd}, {"remove-contact", model.OpRemove}} {
		if !s.Changed(f.flag) {
			continue
		}
		var ids []string
		complaint := usage("--%s wants an id", f.flag)
		if whole, err := s.GetString(f.flag); err != nil {
			ids = listOf(s, f.flag)
		} else if complaint = usage(`--contacts wants ids with commas between, or "none" for no contact at all`); whole != "none" {
			ids = strings.Split(whole, ",")
		}
		c := model.Change{Kind: model.EditContacts, Op: f.op}
		for _, id := range ids {
			if id = strings.TrimPrefix(strings.TrimSpace(id), model.KindContact+":"); id == "" {
				return nil, complaint
			}
			c.People = append(c.People, model.Participant{Kind: model.KindContact, ID: id})
		}
		q = append(q, wanted{Change: c})
	}
	return q, nil
}
