package cli

import (
	"errors"
	"slices"
	"strings"
	"time"

	"confab/model"
)

// wanted is one change that is asked for. Whom it means is found for each conversation by itself, since the same
// words may mean others there: who names the one person of People, and contacts have no more than their ids.
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

// parseChanges reads the flags of `edit`. One that was given an empty text counts: that is a value of its own. access
// are the words for who gets in, nil for any.
func parseChanges(f flags, access []string) (q request, err error) {
	for _, to := range []model.Privacy{model.PrivacyPrivate, model.PrivacyPublic} {
		if f.on(string(to)) {
			q.set(model.EditPrivacy, "", string(to))
		}
	}
	for _, t := range []struct {
		kind  model.EditKind
		words []string // all that may be typed; nil means any text
	}{{model.EditTitle, nil}, {model.EditDescription, nil}, {model.EditStatus, model.EditStatus.Choices(model.Description{})},
		{model.EditAccess, access}, {model.EditDefaultRole, roleWords()}} {
		name := strings.ReplaceAll(string(t.kind), "_", "-")
		text := f.text(name)
		switch {
		case !f.Changed(name):
			continue
		case t.kind == model.EditTitle && text != "" && strings.TrimSpace(text) == "":
			return nil, usage("--title must not be blank")
		}
		if err := oneOf("--"+name, text, t.words); err != nil && t.words != nil {
			return nil, err
		}
		q.set(t.kind, "", text)
	}
	if err := q.parseRenames(f); err != nil {
		return nil, err
	}
	people, err := parseSets(f)
	if err != nil {
		return nil, err
	}
	for _, kind := range []model.EditKind{model.EditLabels, model.EditAttributes} {
		if err := q.parsePairs(f, kind); err != nil {
			return nil, err
		}
	}
	if f.on("archive") {
		q.add(model.EditArchive, "", "", model.Value{})
	}
	q = append(q, people...)
	switch {
	case f.on("delete") && len(q) > 0:
		return nil, usage("--delete stands alone: what is deleted can't be changed too")
	case f.on("delete"):
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

// parseRenames reads what makes a title for each conversation.
func (q *request) parseRenames(f flags) error {
	rename := func(r model.Renaming) { *q = append(*q, wanted{Change: r.Change()}) }
	for _, text := range f.list("replace") {
		before, after, ok := strings.Cut(text, "=")
		if !ok || before == "" {
			return usage("--replace wants OLD=NEW, with something to look for, not %q", cell(text))
		}
		rename(model.Renaming{Old: before, New: after})
	}
	if !f.Changed("title-template") {
		return nil
	}
	r, err := model.ParseTemplate(f.text("title-template"), time.Local)
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
func (q *request) parsePairs(f flags, kind model.EditKind) error {
	set := map[string]bool{}
	for _, pair := range f.list(kind.Pair()) {
		key, value, ok := strings.Cut(pair, "=")
		if !ok || strings.TrimSpace(key) == "" {
			return usage("--%s wants KEY=VALUE, not %q", kind.Pair(), cell(pair))
		}
		set[key] = true
		q.set(kind, key, value)
	}
	for _, key := range f.list("remove-" + kind.Pair()) {
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
	name string
	op   model.ChangeOp
}

// parseSets reads the changes of participants and contacts.
func parseSets(f flags) (q request, err error) {
	for _, flag := range []flagOp{{"add", model.OpAdd}, {"role", model.OpAlter}, {"participant-status", model.OpAlter}, {"remove", model.OpRemove}} {
		people, err := parsePeople(flag.name, flag.op, f.list(flag.name))
		if err != nil {
			return nil, err
		}
		q = append(q, people...)
	}
	for _, flag := range []flagOp{{"contacts", model.OpSet}, {"add-contact", model.OpAdd}, {"remove-contact", model.OpRemove}} {
		if !f.Changed(flag.name) {
			continue
		}
		var ids []string
		complaint := usage("--%s wants an id", flag.name)
		switch {
		case flag.op != model.OpSet:
			ids = f.list(flag.name)
		case f.text(flag.name) != "none":
			ids = strings.Split(f.text(flag.name), ",")
			complaint = usage(`--contacts wants ids with commas between, or "none" for no contact at all`)
		}
		c := model.Change{Kind: model.EditContacts, Op: flag.op}
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
