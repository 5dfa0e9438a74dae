package cli

import (
	"regexp"
	"strings"

	"confab/model"
)

// jsonObject is a sample of an object that --json prints, by the name that the topic json has for it.
type jsonObject struct {
	name  string
	value any
	// beyond is the object whose keys come before its own, which keys are.
	beyond, keys string
}

// jsonObjects lists the objects that --json prints. Each stands for its like: what it holds is told with its keys,
// what it leaves out (people) by name alone.
func jsonObjects() []jsonObject {
	row := model.RowJSON{Team: &model.NamedJSON{}, Space: &model.NamedJSON{}, Channel: &model.NamedJSON{},
		Pending: []model.Pending{{}}, Capabilities: model.Capabilities{"KIND": {}}}
	edit := model.EditJSON{Error: &model.ErrorJSON{}}
	all := []jsonObject{
		{name: "conversation", value: row},
		{name: "person", value: model.Participant{}},
		{name: "afresh", beyond: "conversation",
			value: model.DetailJSON{RowJSON: row, Facts: []model.Fact{{}}, Messages: model.SetOf(model.Message{})}},
		{name: "edit", value: edit},
		{name: "delivered", beyond: "edit", value: model.HistoryJSON{EditJSON: edit}},
		{name: "new", value: model.NewConversation{}},
		{name: "account", value: accountJSON{Error: &model.ErrorJSON{}}},
		{name: "request", value: requestJSON{}},
		{name: "check", value: findingJSON{}},
		{name: "config", value: checkJSON{Problems: []problemJSON{{}}}},
		{name: "paths", value: pathsJSON{}},
		{name: "init", value: initJSON{}},
		{name: "forgotten", value: forgottenJSON{}},
		{name: "sandbox", value: sandboxJSON{}},
	}
	keys := map[string]string{}
	for i, o := range all {
		keys[o.name] = jsonKeys(o.value)
		all[i].keys = strings.TrimPrefix(keys[o.name], keys[o.beyond]+" ")
	}
	return all
}

// jsonValues are what stands for the values of a sample, apart from its objects.
var jsonValues = regexp.MustCompile(`:(null|true|false|[\d.]+|"[^"]*"|\[\])`)

// jsonKeys returns the keys that a value is printed with, those of an object within it in braces.
func jsonKeys(v any) string {
	var text strings.Builder
	if err := writeJSON(&text, v); err != nil {
		panic(err) // a sample is fixed
	}
	keys := jsonValues.ReplaceAllString(strings.TrimSpace(text.String()), "")
	keys = strings.NewReplacer(`"`, "", ":", "", ",", " ").Replace(keys)
	return strings.TrimSuffix(strings.TrimPrefix(keys, "{"), "}")
}
