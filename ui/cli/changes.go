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

func (q request) fields() (out []model.Edit) {
	for _, w := range q {
		if !slices.ContainsFunc(out, func(e model.Edit) bool { return e.Kind == w.Kind && e.Key == w.Key }) {
			out = append(out, model.Edit{Kind: w.Kind, Key: w.Key})
		}
	}
	return out
}

// changeFlags are the flags of `edit` that ask for a change, in the order in which these are made.
var changeFlags = strings.Fields(`private public title description status access default-role replace title-template
	label remove-label attribute remove-attribute archive add role participant-status remove
	contacts add-contact remove-contact delete`)

// parseChanges reads the flags of `edit`. One that was given an empty text counts: that is a value of its own.
func parseChanges(f flags, access []string) (q request, err error) {
	for _, flag := range changeFlags {
		for _, text := range f.texts(flag) {
			w, err := parseChange(flag, text, access)
			if err != nil {
				return nil, err
			}
			set := func(o wanted) bool { return o.Kind == w.Kind && o.Key == w.Key && o.Target.Text != nil }
			if w.Key != "" && w.Target.Text == nil && slices.ContainsFunc(q, set) {
				return nil, usage("%q is both to be set and to be removed", cell(w.Key))
			}
			q = append(q, w)
		}
	}
	switch {
	case f.on("delete") && len(q) > 1:
		return nil, usage("--delete stands alone: what is deleted can't be changed too")
	case len(q) == 0:
		return nil, usage("say what to change, with --private, --title and the like: see `confab edit --help`")
	}
	return q, nil
}

// parseChange reads one use of a flag. access are the words for who gets in, nil for any.
func parseChange(flag, text string, access []string) (w wanted, err error) {
	w.Op, w.Target = model.OpSet, model.TextValue(text)
	switch flag {
	case "private", "public":
		w.Kind, w.Target = model.EditPrivacy, model.TextValue(flag)
	case "title", "description", "status", "access", "default-role":
		w.Kind = model.EditKind(strings.ReplaceAll(flag, "-", "_"))
		known := map[string][]string{"status": model.EditStatus.Choices(model.Description{}), "access": access,
			"default-role": roleWords()}[flag]
		switch {
		case flag == "title" && text != "" && strings.TrimSpace(text) == "":
			err = usage("--title must not be blank")
		case known != nil:
			err = oneOf("--"+flag, text, known)
		}
	case "replace":
		before, after, ok := strings.Cut(text, "=")
		if !ok || before == "" {
			err = usage("--replace wants OLD=NEW, with something to look for, not %q", cell(text))
		}
		w.Change = model.Renaming{Old: before, New: after}.Change()
	case "title-template":
		r, wrong := model.ParseTemplate(text, time.Local)
		if title, literal := r.Literal(); wrong == nil && literal && strings.TrimSpace(title) == "" {
			wrong = errors.New("a title must not be blank")
		}
		if wrong != nil {
			err = usage("--title-template: %s", wrong)
		}
		w.Change = r.Change()
	case "label", "attribute":
		key, value, ok := strings.Cut(text, "=")
		if !ok || strings.TrimSpace(key) == "" {
			err = usage("--%s wants KEY=VALUE, not %q", flag, cell(text))
		}
		w.Kind, w.Key, w.Target = model.EditKind(flag+"s"), key, model.TextValue(value)
	case "remove-label", "remove-attribute":
		pair := strings.TrimPrefix(flag, "remove-")
		if strings.TrimSpace(text) == "" {
			err = usage("--%s wants the name of the %s", flag, pair)
		}
		w.Kind, w.Key, w.Target = model.EditKind(pair+"s"), text, model.Value{}
	case "archive", "delete":
		w.Change = model.Change{Kind: model.EditKind(flag)}
	case "contacts", "add-contact", "remove-contact":
		w.Change, err = parseContacts(flag, text)
	default:
		w.Change = model.Change{Kind: model.EditParticipants, People: make([]model.Participant, 1)}
		w.Op, w.who, err = parsePerson(flag, text, &w.People[0])
	}
	return w, err
}

func parseContacts(flag, text string) (model.Change, error) {
	c := model.Change{Kind: model.EditContacts, Op: model.OpSet}
	ids, complaint := []string{text}, usage("--%s wants an id", flag)
	switch {
	case flag == "add-contact":
		c.Op = model.OpAdd
	case flag == "remove-contact":
		c.Op = model.OpRemove
	case text == "none":
		ids = nil
	default:
		ids = strings.Split(text, ",")
		complaint = usage(`--contacts wants ids with commas between, or "none" for no contact at all`)
	}
	for _, id := range ids {
		if id = strings.TrimPrefix(strings.TrimSpace(id), model.KindContact+":"); id == "" {
			return c, complaint
		}
		c.People = append(c.People, model.Participant{Kind: model.KindContact, ID: id})
	}
	return c, nil
}

func oneOf(flag, value string, known []string) error {
	if slices.Contains(known, value) {
		return nil
	}
	return usage("%s: unknown word %q%s", flag, cell(value), suggest(value, known, "it is one of"))
}
