package cli

import (
	"slices"
	"strings"

	"confab/model"
)

func roleWords() []string {
	return []string{model.RoleEditor, model.RoleViewer, model.RoleComplete}
}

// parsePerson reads the value of a flag about a person: who it is, and the role or status.
func parsePerson(flag, text string) (c model.Change, err error) {
	var w model.PersonQuery
	var p model.Participant
	c = model.Change{Kind: model.EditParticipants, Op: model.OpAlter}
	switch flag {
	case "add":
		c.Op = model.OpAdd
		w, p.Role, err = parseWhoRole(text)
	case "remove":
		c.Op = model.OpRemove
		w, err = model.ParsePersonQuery(text)
	case "participant-status":
		w, p.Status, err = splitWho(flag, text)
	default:
		if w, p.Role, err = splitWho(flag, text); err == nil {
			err = oneOf("--"+flag, p.Role, roleWords())
		}
	}
	c.Queries, c.People = []model.PersonQuery{w}, []model.Participant{p}
	return c, err
}

// parseWhoRole reads WHO[=ROLE]. The text after the last = is a role only if it is a role word, since an identifier has a
// = too.
func parseWhoRole(text string) (w model.PersonQuery, role string, err error) {
	i := strings.LastIndexByte(text, '=')
	tail := text[i+1:]
	if i >= 0 && slices.Contains(roleWords(), tail) {
		w, err = model.ParsePersonQuery(text[:i])
		return w, tail, err
	}
	if w, err = model.ParsePersonQuery(text); i >= 0 && err == nil && !w.Identifier {
		err = oneOf("the role", tail, roleWords())
	}
	return w, "", err
}

// splitWho reads WHO=WORD, split at the last =.
func splitWho(flag, text string) (w model.PersonQuery, word string, err error) {
	i := strings.LastIndexByte(text, '=')
	if i < 0 || i == len(text)-1 {
		return w, "", usage("--%s wants WHO=%s, not %q", flag, strings.ToUpper(strings.TrimPrefix(flag, "participant-")), cell(text))
	}
	w, err = model.ParsePersonQuery(text[:i])
	return w, text[i+1:], err
}
