package cli

import (
	"errors"
	"slices"
	"strings"
	"time"

	"confab/model"
)

// change is one change that was asked for. The person it is about is looked up for each conversation anew: the same text
// may name different people in two conversations.
type change struct {
	model.Change
	who whoArg
}

type changes []change

// fields returns an empty edit for each field that the changes are about.
func (ch changes) fields() (out []model.Edit) {
	for _, c := range ch {
		if !slices.ContainsFunc(out, func(e model.Edit) bool { return e.Kind == c.Kind && e.Key == c.Key }) {
			out = append(out, model.Edit{Kind: c.Kind, Key: c.Key})
		}
	}
	return out
}

// changeFlags are the flags of `edit` that ask for a change, in the order in which the changes are planned.
var changeFlags = strings.Fields(`private public title description status access default-role replace title-template
	label remove-label attribute remove-attribute archive add role participant-status remove
	contacts add-contact remove-contact delete`)

// parseChanges reads the flags of `edit`. An empty text is a value: it clears a field.
func parseChanges(f flags, access []string) (ch changes, err error) {
	for _, flag := range changeFlags {
		for _, text := range f.texts(flag) {
			c, err := parseChange(flag, text, access)
			if err != nil {
				return nil, err
			}
			set := func(o change) bool { return o.Kind == c.Kind && o.Key == c.Key && o.Target.Text != nil }
			if c.Key != "" && c.Target.Text == nil && slices.ContainsFunc(ch, set) {
				return nil, usage("%q is both to be set and to be removed", cell(c.Key))
			}
			ch = append(ch, c)
		}
	}
	switch {
	case f.on("delete") && len(ch) > 1:
		return nil, usage("--delete stands alone: what is deleted can't be changed too")
	case len(ch) == 0:
		return nil, usage("say what to change, with --private, --title and the like: see `confab edit --help`")
	}
	return ch, nil
}

// parseChange reads one use of a flag. access lists the access settings of all services; nil allows any.
func parseChange(flag, text string, access []string) (c change, err error) {
	c.Op, c.Target = model.OpSet, model.TextValue(text)
	switch flag {
	case "private", "public":
		c.Kind, c.Target = model.EditPrivacy, model.TextValue(flag)
	case "title", "description", "status", "access", "default-role":
		c.Kind = model.EditKind(strings.ReplaceAll(flag, "-", "_"))
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
		c.Change = model.Renaming{Old: before, New: after}.Change()
	case "title-template":
		r, wrong := model.ParseTemplate(text, time.Local)
		if title, literal := r.Literal(); wrong == nil && literal && strings.TrimSpace(title) == "" {
			wrong = errors.New("a title must not be blank")
		}
		if wrong != nil {
			err = usage("--title-template: %s", wrong)
		}
		c.Change = r.Change()
	case "label", "attribute":
		key, value, ok := strings.Cut(text, "=")
		if !ok || strings.TrimSpace(key) == "" {
			err = usage("--%s wants KEY=VALUE, not %q", flag, cell(text))
		}
		c.Kind, c.Key, c.Target = model.EditKind(flag+"s"), key, model.TextValue(value)
	case "remove-label", "remove-attribute":
		pair := strings.TrimPrefix(flag, "remove-")
		if strings.TrimSpace(text) == "" {
			err = usage("--%s wants the name of the %s", flag, pair)
		}
		c.Kind, c.Key, c.Target = model.EditKind(pair+"s"), text, model.Value{}
	case "archive", "delete":
		c.Change = model.Change{Kind: model.EditKind(flag)}
	case "contacts", "add-contact", "remove-contact":
		c.Change, err = parseContacts(flag, text)
	default:
		c.Change = model.Change{Kind: model.EditParticipants, People: make([]model.Participant, 1)}
		c.Op, c.who, err = parsePerson(flag, text, &c.People[0])
	}
	return c, err
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
