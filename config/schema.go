package config

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// The reference, the starter file and the JSON Schema. The functions below add what Validators holds.
var (
	//go:embed text/reference.txt
	reference string
	//go:embed text/starter.toml
	starter string
	//go:embed text/schema.json
	schema []byte
)

// Reference explains the settings file as plain text: its keys, the settings of the providers, the colours of themes, and
// the actions of each key context. Lines that list these may be long.
func Reference(v Validators) string {
	var b strings.Builder
	b.WriteString(fill(reference, " ", v))
	for _, name := range names(v.Providers) {
		rules := v.Providers[name]
		fmt.Fprintf(&b, "\nPROVIDER %s\n", name)
		if rules.DefaultBaseURL != "" {
			fmt.Fprintf(&b, "  base_url            %s\n", rules.DefaultBaseURL)
		}
		if rules.CredentialOptional {
			b.WriteString("  credential          not needed\n")
		}
		for _, key := range names(rules.Settings) {
			fmt.Fprintf(&b, "  %-18s  %s\n", key, rules.Settings[key].describe())
		}
	}
	if len(v.ThemeColorNames) > 0 {
		fmt.Fprintf(&b, "\nTHEME COLOURS\n  %s\n", strings.Join(v.ThemeColorNames, " "))
	}
	for _, context := range names(v.Actions) {
		fmt.Fprintf(&b, "\nACTIONS [keys.%s]\n  %s\n", context, strings.Join(v.Actions[context], " "))
	}
	return b.String()
}

// template returns the starter settings file. All of it is commented out: a line that begins with "# " explains, and a line
// that begins with "#" alone is a setting to uncomment.
func template(v Validators) string {
	var b strings.Builder
	b.WriteString(fill(starter, ", ", v))
	for _, name := range names(v.Providers) {
		rules := v.Providers[name].Settings
		a := Account{Name: name, Provider: name, Credential: Credential{Env: EnvFor(name, "api_key")}, Settings: map[string]any{}}
		for key, rule := range rules {
			if a.Settings[key] = rule.Default; rule.Secret {
				a.Settings[key] = Credential{Env: EnvFor(name, key)}
			}
		}
		b.WriteString("\n")
		for line := range strings.Lines(a.Block()) {
			key, _, _ := strings.Cut(line, " ")
			if about := rules[key].describe(); about != "" {
				fmt.Fprintf(&b, "# %s\n", about)
			}
			b.WriteString("#" + line)
		}
	}
	return b.String()
}

// fill puts the values that the code knows into a text. It does not use text/template, which calls methods by name, so
// that the linker keeps every exported method: 3 MB more.
func fill(text, between string, v Validators) string {
	themes := slices.Concat(builtinThemes, v.Themes)
	return strings.NewReplacer("{refresh}", FormatDuration(defaultRefresh), "{themes}", strings.Join(themes, between), "{theme}", themes[0],
		"{layouts}", strings.Join(layouts, between), "{layout}", layouts[0]).Replace(text)
}

// describe returns the help of a setting and its other rules in one line.
func (r SettingRule) describe() string {
	parts := []string{r.Help}
	if len(r.Values) > 0 {
		parts = append(parts, "one of "+strings.Join(r.Values, ", "))
	}
	if r.Secret {
		parts = append(parts, "a credential table")
	}
	if r.Default != "" {
		parts = append(parts, fmt.Sprintf("default %q", r.Default))
	}
	if r.Required {
		parts = append(parts, "needed")
	}
	return strings.TrimPrefix(strings.Join(parts, "; "), "; ")
}

type object = map[string]any

// Schema returns the JSON Schema (draft 2020-12) of the settings file, for editors that complete and check TOML.
func Schema(v Validators) ([]byte, error) {
	var root object
	if err := json.Unmarshal(schema, &root); err != nil {
		return nil, fmt.Errorf("the schema can't be printed: %w", err)
	}
	properties := within(root, "properties")
	within(properties, "ui", "properties", "theme")["examples"] = slices.Concat(builtinThemes, v.Themes)
	if v.Actions != nil {
		keys, contexts := within(properties, "keys"), object{}
		for name, actions := range v.Actions {
			contexts[name] = strictObject(repeat(actions, within(keys, "additionalProperties", "additionalProperties")))
		}
		keys["properties"], keys["additionalProperties"] = contexts, false
	}
	if v.ThemeColorNames != nil {
		colors := within(properties, "themes", "additionalProperties")
		colors["properties"], colors["additionalProperties"] = repeat(v.ThemeColorNames, colors["additionalProperties"]), false
	}
	if v.Providers != nil {
		account := within(properties, "account", "items")
		within(account, "properties")["provider"] = object{"enum": names(v.Providers)}
		var branches []any
		for _, name := range names(v.Providers) {
			branches = append(branches, object{
				"if":   object{"properties": object{"provider": object{"const": name}}, "required": []string{"provider"}},
				"then": v.Providers[name].schema(),
			})
		}
		account["allOf"] = branches
	}
	data, err := json.MarshalIndent(root, "", "  ")
	return append(data, '\n'), err
}

// schema returns the part of the JSON Schema that applies only to accounts of the provider.
func (r ProviderRules) schema() object {
	properties := object{}
	var required, needed []string
	if !r.CredentialOptional {
		needed = append(needed, "credential")
	}
	for _, key := range names(r.Settings) {
		rule := r.Settings[key]
		property := object{"type": "string"}
		switch {
		case rule.Secret:
			property = object{"$ref": "#/$defs/credential"}
		case rule.Values != nil:
			property = object{"enum": append(slices.Clone(rule.Values), "")}
		}
		if rule.Help != "" {
			property["description"] = rule.Help
		}
		if rule.Default != "" {
			property["default"] = rule.Default
		}
		properties[key] = property
		if rule.Required {
			required = append(required, key)
		}
	}
	if required != nil {
		needed = append(needed, "settings")
	}
	then := object{"properties": object{"settings": strictObject(properties, required...)}}
	if needed != nil {
		then["required"] = needed
	}
	return then
}

func within(o object, path ...string) object {
	for _, key := range path {
		o = o[key].(object)
	}
	return o
}

func strictObject(properties object, required ...string) object {
	o := object{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		o["required"] = required
	}
	return o
}

func repeat(keys []string, value any) object {
	o := object{}
	for _, key := range keys {
		o[key] = value
	}
	return o
}
