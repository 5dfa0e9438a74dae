package cli

import (
	"fmt"
	"regexp"
	"strings"

	"confab/model"
)

// JSONObject is an object that --json prints.
type JSONObject struct {
	Name string
	// By are the commands that print it.
	By string
	// Beyond is the object whose keys come before Keys, "" for none.
	Beyond string
	// Keys are its keys in their order: those of an object within it are in
	// braces, where there may be several in brackets too.
	Keys  string
	Note  string
	value any
}

// JSONRules says what goes for all of them.
func JSONRules() []string {
	return []string{
		"Keys are snake_case, times RFC 3339 in UTC with three digits of a second. What is unknown is null and never left out. " +
			"A list is one object a line.",
		"Edit kinds: " + strings.Trim(fmt.Sprint(model.EditKinds()), "[]") + ".",
		"Edit states: " + strings.Trim(fmt.Sprint(model.EditStates()), "[]") + ".",
	}
}

// JSONObjects lists the objects that --json prints. Each stands for its like: what
// it holds is told with its keys, what it leaves out (people) by name alone.
func JSONObjects() []JSONObject {
	row := model.RowJSON{Team: &model.NamedJSON{}, Space: &model.NamedJSON{}, Channel: &model.NamedJSON{},
		Pending: []model.Pending{{}}, Capabilities: model.Capabilities{"KIND": {}}}
	detail := model.DetailJSON{RowJSON: row, Facts: []model.Fact{{}}, Messages: model.SetOf(model.Message{})}
	edit := model.EditJSON{Error: &model.ErrorJSON{}}
	all := []JSONObject{
		{Name: "conversation", By: "list", value: row,
			Note: "participants, contacts and owner are people, companies are names, duration is in seconds, KIND is an edit kind"},
		{Name: "person", value: model.Participant{}},
		{Name: "conversation read afresh", By: "show", Beyond: "conversation", value: detail,
			Note: "raw is the service's own object"},
		{Name: "edit", By: "outbox, edit, new, undo, sync", value: edit,
			Note: "base, target and theirs are a text, a list of people, a new conversation, or null. " +
				"What was asked for and needs no edit (already) or can't be one (blocked, with the reason, not_found among them) " +
				"has null for its id; base is then what the conversation holds"},
		{Name: "edit that was delivered", By: "history, edit, new, undo, sync", Beyond: "edit", value: model.HistoryJSON{EditJSON: edit},
			Note: "before and after are as base, undone is the id of the edit that took it back; --limit counts edits"},
		{Name: "new conversation", value: model.NewConversation{}},
		{Name: "account", By: "sync", value: accountJSON{Error: &model.ErrorJSON{}}},
		{Name: "request", By: "--dry-run", value: requestJSON{},
			Note: "query is escaped; body is what would be sent, null where there is none"},
		{Name: "check", By: "doctor", value: findingJSON{}},
		{Name: "config", By: "config check", value: checkJSON{Problems: []problemJSON{{}}}},
		{Name: "paths", By: "config path", value: pathsJSON{}},
		{Name: "new config", By: "init", value: initJSON{}},
		{Name: "what was kept", By: "forget", value: forgottenJSON{}},
		{Name: "stand-in account", By: "sandbox", value: sandboxJSON{}},
	}
	keys := map[string]string{}
	for i, o := range all {
		keys[o.Name] = jsonKeys(o.value)
		all[i].Keys = strings.TrimPrefix(keys[o.Name], keys[o.Beyond]+" ")
	}
	return all
}

// jsonValues are what stands for the values of a sample, apart from its objects.
var jsonValues = regexp.MustCompile(`:(null|true|false|[\d.]+|"[^"]*"|\[\])`)

// jsonKeys returns the keys that a value is printed with, those of an object
// within it in braces.
func jsonKeys(v any) string {
	var text strings.Builder
	if err := writeJSON(&text, v); err != nil {
		panic(err) // a sample is fixed
	}
	keys := jsonValues.ReplaceAllString(strings.TrimSpace(text.String()), "")
	keys = strings.NewReplacer(`"`, "", ":", "", ",", " ").Replace(keys)
	return strings.TrimSuffix(strings.TrimPrefix(keys, "{"), "}")
}
