package cli

import (
	"regexp"
	"strings"

	"confab/model"
)

// jsonObject is a sample of an object that --json prints, by the name that the topic json has for it, with its keys:
// those that come after the keys of the object that it is more than.
type jsonObject struct {
	name, beyond string
	value        any
	keys         string
}

// jsonObjects lists the objects that --json prints. Each stands for its like: what it holds is told with its keys,
// what it leaves out (people) by name alone.
func jsonObjects() []jsonObject {
	row := model.RowJSON{Team: &model.NamedJSON{}, Space: &model.NamedJSON{}, Channel: &model.NamedJSON{},
		Pending: []model.Pending{{}}, Capabilities: model.Capabilities{"KIND": {}}}
	edit := model.EditJSON{Error: &model.ErrorJSON{}}
	afresh := model.DetailJSON{RowJSON: row, Facts: []model.Fact{{}}, Messages: model.SetOf(model.Message{})}
	all := []jsonObject{
		{"conversation", "", row, ""},
		{"person", "", model.Participant{}, ""},
		{"afresh", "conversation", afresh, ""},
		{"edit", "", edit, ""},
		{"delivered", "edit", model.HistoryJSON{EditJSON: edit}, ""},
		{"new", "", model.NewConversation{}, ""},
		{"account", "", accountJSON{Error: &model.ErrorJSON{}}, ""},
		{"request", "", requestJSON{}, ""},
		{"check", "", findingJSON{}, ""},
		{"config", "", checkJSON{Problems: []problemJSON{{}}}, ""},
		{"paths", "", pathsJSON{}, ""},
		{"init", "", initJSON{}, ""},
		{"forgotten", "", forgottenJSON{}, ""},
		{"sandbox", "", sandboxJSON{}, ""},
	}
	keys := map[string]string{}
	for i, o := range all {
		keys[o.name] = jsonKeys(o.value)
		all[i].keys = strings.TrimPrefix(keys[o.name], keys[o.beyond]+" ")
	}
	return all
}

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
