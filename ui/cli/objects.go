package cli

import (
	"bytes"
	"encoding/json"
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
	Keys string
	Note string
}

// JSONRules says what goes for all of them.
func JSONRules() []string {
	return []string{
		"Keys are snake_case, times RFC 3339 in UTC with three digits of a second. What is unknown is null and never left out. " +
			"A list is one object a line.",
		"Edit kinds: " + spaced(model.EditKinds()) + ".",
		"Edit states: " + spaced(model.EditStates()) + ".",
	}
}

func spaced[T ~string](words []T) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = string(w)
	}
	return strings.Join(out, " ")
}

// jsonSample is an object that stands for its like. What it holds is printed
// with its keys, what it leaves out (people) by name alone.
type jsonSample struct {
	name, by string
	value    any
	note     string
	// beyond is the object that value has more keys than.
	beyond *jsonSample
}

func jsonSamples() []jsonSample {
	row := model.RowJSON{Team: &model.NamedJSON{}, Space: &model.NamedJSON{}, Channel: &model.NamedJSON{},
		Pending: []model.Pending{{}}, Capabilities: model.Capabilities{"KIND": {}}}
	listed := jsonSample{name: "conversation", by: "list", value: row,
		note: "participants, contacts and owner are people, companies are names, duration is in seconds, KIND is an edit kind"}
	edit := jsonSample{name: "edit", by: "outbox, edit, new, undo, sync", value: model.EditJSON{Error: &model.ErrorJSON{}},
		note: "base, target and theirs are a text, a list of people, a new conversation, or null. " +
			"What was asked for and needs no edit (already) or can't be one (blocked, with the reason, not_found among them) " +
			"has null for its id; base is then what the conversation holds"}
	return []jsonSample{
		listed,
		{name: "person", value: model.Participant{}},
		{name: "conversation read afresh", by: "show", beyond: &listed,
			value: model.DetailJSON{RowJSON: row, Facts: []model.Fact{{}}, Messages: model.SetOf(model.Message{})},
			note:  "raw is the service's own object"},
		edit,
		{name: "edit that was delivered", by: "history, edit, new, undo, sync", beyond: &edit,
			value: model.HistoryJSON{EditJSON: model.EditJSON{Error: &model.ErrorJSON{}}},
			note:  "before and after are as base, undone is the id of the edit that took it back; --limit counts edits"},
		{name: "new conversation", value: model.NewConversation{}},
		{name: "account", by: "sync", value: accountJSON{Error: &model.ErrorJSON{}}},
		{name: "request", by: "--dry-run", value: requestJSON{}, note: "query is escaped; body is what would be sent, null where there is none"},
		{name: "check", by: "doctor", value: findingJSON{}},
		{name: "config", by: "config check", value: checkJSON{Problems: []problemJSON{{}}}},
		{name: "paths", by: "config path", value: pathsJSON{}},
		{name: "new config", by: "init", value: initJSON{}},
		{name: "what was kept", by: "forget", value: forgottenJSON{}},
		{name: "stand-in account", by: "sandbox", value: sandboxJSON{}},
	}
}

// JSONObjects lists the objects that --json prints.
func JSONObjects() []JSONObject {
	var out []JSONObject
	for _, s := range jsonSamples() {
		o := JSONObject{Name: s.name, By: s.by, Keys: jsonKeys(s.value), Note: s.note}
		if s.beyond != nil {
			o.Beyond = s.beyond.name
			o.Keys = strings.TrimPrefix(o.Keys, jsonKeys(s.beyond.value)+" ")
		}
		out = append(out, o)
	}
	return out
}

// jsonKeys gives the keys that a value is printed with.
func jsonKeys(v any) string {
	var text bytes.Buffer
	if err := writeJSON(&text, v); err != nil {
		panic(err) // a sample is fixed
	}
	keys := keysWithin(json.NewDecoder(&text))
	return strings.TrimSuffix(strings.TrimPrefix(keys, "{"), "}")
}

// keysWithin reads one value: "{key key{key}}" of an object, "[{key}]" of a list
// of objects, "" of all else.
func keysWithin(d *json.Decoder) string {
	start, err := d.Token()
	if err != nil {
		panic(err)
	}
	within := ""
	switch start {
	case json.Delim('{'):
		var keys []string
		for d.More() {
			key, _ := d.Token()
			keys = append(keys, key.(string)+keysWithin(d))
		}
		within = "{" + strings.Join(keys, " ") + "}"
	case json.Delim('['):
		for d.More() {
			within = "[" + keysWithin(d) + "]"
		}
	default:
		return ""
	}
	if _, err := d.Token(); err != nil { // what closes it
		panic(err)
	}
	return within
}
