package kona

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"confab/model"
	"confab/providers"
)

// envelope is what every body is, in both directions: one key, the plural name of the resource, with an array, even
// for one (responses.md). One conversation a request is sent.
type envelope struct {
	Conversations [1]fields `json:"conversations"`
}

// fields are those of a conversation that are sent. What is nil is left out, and so keeps its value: siblings say
// that only the attributes sent are changed, for conversations it is [assumed].
type fields struct {
	Name         *string         `json:"name,omitempty"`
	Details      *string         `json:"details,omitempty"`
	SpaceID      json.RawMessage `json:"space_id,omitempty"`
	Stakeholder  json.RawMessage `json:"stakeholder,omitempty"`
	DefaultRole  json.RawMessage `json:"default_role,omitempty"`
	Participants *[]userRole     `json:"participants,omitempty"`
	Groups       *[]groupRole    `json:"groups,omitempty"`
	Comment      *string         `json:"initial_comment,omitempty"`
}

func wrap(f fields) envelope { return envelope{Conversations: [1]fields{f}} }

type userRole struct {
	UserID json.RawMessage `json:"user_id"`
	Role   json.RawMessage `json:"role,omitempty"`
}

type groupRole struct {
	GroupID json.RawMessage `json:"group_id"`
	Role    json.RawMessage `json:"role,omitempty"`
}

// Words for the numbers of stakeholder (conversations.md).
const (
	accessJustMe   = "just_me"
	accessGroup    = "group"
	accessEveryone = "everyone"
)

var (
	accesses    = []string{accessJustMe, accessGroup, accessEveryone}
	roles       = []string{model.RoleEditor, model.RoleViewer, model.RoleComplete} // nothing explains the last
	accessWords = map[string]string{"0": accessJustMe, "1": accessGroup, "2": accessEveryone}
	// 1 and 2 are explained for participants, all three for default_role; that 3 means the same in both is [assumed].
	roleWords = map[string]string{"1": model.RoleEditor, "2": model.RoleViewer, "3": model.RoleComplete}
)

// rolePrefix marks a role whose number confab does not know: "role 7".
const rolePrefix = "role "

// accessText is the word for a stakeholder; a number without a word stays a number.
func accessText(number string) string { return cmp.Or(accessWords[number], number) }

// accessNumber is the inverse of accessText; ok is false for what is neither a word nor a number.
func accessNumber(text string) (json.RawMessage, bool) {
	if n := numberOf(accessWords, text); n != nil {
		return n, true
	}
	return number(text)
}

func roleText(number string) string {
	if number == "" {
		return ""
	}
	return cmp.Or(roleWords[number], rolePrefix+number)
}

// roleNumber is the inverse of roleText: a role that is not known goes back as it came. "" sends no role.
func roleNumber(text string) (json.RawMessage, bool) {
	if n := numberOf(roleWords, text); n != nil || text == "" {
		return n, true
	}
	n, ok := strings.CutPrefix(text, rolePrefix)
	if !ok || n == "" {
		return nil, false
	}
	raw, ok := number(n)
	if !ok {
		raw, _ = json.Marshal(n)
	}
	return raw, true
}

func numberOf(words map[string]string, word string) json.RawMessage {
	for n, w := range words {
		if w == word {
			return json.RawMessage(n)
		}
	}
	return nil
}

func number(text string) (json.RawMessage, bool) {
	if text == "" || strings.ContainsAny(text, "\"[{tfn \t\r\n") || !json.Valid([]byte(text)) {
		return nil, false
	}
	return json.RawMessage(text), true
}

// isID reports whether a text is an id as the API has them: a whole number.
func isID(text string) bool {
	n, err := strconv.ParseInt(text, 10, 64)
	return err == nil && n >= 0 && strconv.FormatInt(n, 10) == text
}

// checkID refuses what can be the id of nothing, before anything is sent.
func checkID(op, what, id string) *model.Error {
	if isID(id) {
		return nil
	}
	return providers.Invalid(op, fmt.Sprintf("%q is no %s: a Kona id is a whole number", id, what))
}

// idValue writes an id as the API does, as a number. checkID has passed it.
func idValue(id string) json.RawMessage { return json.RawMessage(id) }

// items returns the array under the plural name of a resource, nil for null. An object stands for a list of one; an
// answer without the key is no answer.
func items(a *providers.Answer, key string) ([]json.RawMessage, error) {
	list, top, err := a.Rows(key)
	if raw := top.Peek(key); bytes.HasPrefix(raw, []byte("{")) {
		return []json.RawMessage{raw}, nil
	}
	return list, err
}

func first(a *providers.Answer, key string) (json.RawMessage, error) {
	list, err := items(a, key)
	if err == nil && len(list) == 0 {
		err = a.Malformed("the answer is empty")
	}
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

func idOf(raw json.RawMessage) string {
	o, _ := providers.ObjectOf(raw)
	return o.Text("id")
}
