package config

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// object is a JSON object; encoding/json writes its keys sorted, so the schema is the same every time.
type object = map[string]any

const durationPattern = `^(0|([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h|d|w))+)?$`

// Schema is the settings file's JSON Schema (draft 2020-12), for editors that complete and check TOML.
func Schema(v Validators) ([]byte, error) {
	keys := object{"type": "object", "additionalProperties": bindings(nil), "description": "Key bindings by context and action."}
	if v.Actions != nil {
		contexts := object{}
		for _, c := range names(v.Actions) {
			contexts[c] = bindings(v.Actions[c])
		}
		keys["properties"], keys["additionalProperties"] = contexts, false
	}
	text := object{"type": "string"}
	colors := object{"type": "object", "additionalProperties": text}
	if v.ThemeColorNames != nil {
		properties := object{}
		for _, name := range v.ThemeColorNames {
			properties[name] = text
		}
		colors["properties"], colors["additionalProperties"] = properties, false
	}
	root := strictObject(object{
		"refresh": duration(`Time between polls, at least "1s"; "0" turns polling off.`, FormatDuration(DefaultRefresh)),
		"ui": strictObject(object{
			"theme": object{"type": "string", "default": DefaultTheme, "description": "auto, dark, light, mono, or a name from [themes]."},
			"layout": object{"enum": Layouts(), "default": DefaultLayout,
				"description": "Where the preview stands."},
		}),
		"themes": object{"type": "object", "additionalProperties": colors, "description": "Colours by theme."},
		"keys":   keys,
		"view": object{"type": "array", "description": "Tabs; any replaces the default ones.",
			"items": strictObject(object{
				"name":  object{"type": "string", "minLength": 1, "maxLength": 64},
				"query": object{"type": "string", "default": ""},
			}, "name")},
		"account": object{"type": "array", "items": accountSchema(v)},
	})
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "confab settings"
	root["$defs"] = object{"credential": credentialSchema()}
	data, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("config schema: %w", err)
	}
	return append(data, '\n'), nil
}

func strictObject(properties object, required ...string) object {
	o := object{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		o["required"] = required
	}
	return o
}

func bindings(actions []string) object {
	list := object{"type": "array", "items": object{"type": "string"}}
	if actions == nil {
		return object{"type": "object", "additionalProperties": list}
	}
	properties := object{}
	for _, a := range actions {
		properties[a] = list
	}
	return strictObject(properties)
}

func duration(description, byDefault string) object {
	o := object{"description": description, "anyOf": []any{
		object{"type": "string", "pattern": durationPattern}, object{"const": 0}}}
	if byDefault != "" {
		o["default"] = byDefault
	}
	return o
}

func credentialSchema() object {
	one := func(key string, value object) object { return strictObject(object{key: value}, key) }
	return object{"description": "Where a secret comes from; exactly one of env, command, file, keyring.", "oneOf": []any{
		one("env", object{"type": "string", "pattern": envName.String(), "description": "Name of an environment variable."}),
		one("command", object{"type": "array", "minItems": 1, "items": object{"type": "string"},
			"description": "Program and arguments, run without a shell; prints the secret."}),
		one("file", object{"type": "string", "minLength": 1, "description": "File that only its owner can read."}),
		one("keyring", object{"type": "string", "minLength": 1, "description": "NAME or SERVICE/NAME."}),
	}}
}

func accountSchema(v Validators) object {
	provider := object{"type": "string"}
	if v.Providers != nil {
		provider = object{"enum": names(v.Providers)}
	}
	credential := object{"$ref": "#/$defs/credential"}
	account := strictObject(object{
		"name":       object{"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$", "description": "Unique."},
		"provider":   provider,
		"base_url":   object{"type": "string", "description": "Default: the provider's own; https only, except loopback."},
		"read_only":  object{"type": "boolean", "default": false},
		"since":      duration("How far back to list, where the service can; default everything.", ""),
		"pace":       object{"type": "string", "description": `"off" (loopback only), a rate such as "3/s", "90/m", "500/h", or the time between requests such as "250ms"; default per provider.`},
		"credential": credential,
		"settings":   object{"type": "object"},
	}, "name", "provider")
	var branches []any
	for _, name := range names(v.Providers) {
		rules := v.Providers[name]
		properties := object{}
		required := []string{}
		for _, key := range names(rules.Settings) {
			rule := rules.Settings[key]
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
		then := object{"properties": object{"settings": strictObject(properties, required...)}}
		needed := []string{}
		if !rules.CredentialOptional {
			needed = append(needed, "credential")
		}
		if len(required) > 0 {
			needed = append(needed, "settings")
		}
		if len(needed) > 0 {
			then["required"] = needed
		}
		branches = append(branches, object{
			"if":   object{"properties": object{"provider": object{"const": name}}, "required": []string{"provider"}},
			"then": then,
		})
	}
	if branches != nil {
		account["allOf"] = branches
	}
	return account
}

// Reference is the settings file explained as plain text: keys, providers with their settings, theme colours, and key
// contexts with their actions. Lists of words are wrapped to width.
func Reference(v Validators, width int) string {
	var b strings.Builder
	b.WriteString(`SETTINGS
  refresh             time between polls, at least "1s"; "0" turns polling off (default "` + FormatDuration(DefaultRefresh) + `")
  [ui]
    theme             ` + strings.Join(BuiltinThemes(), " ") + `, or a name from [themes] (default "` + DefaultTheme + `")
    layout            ` + strings.Join(Layouts(), " ") + ` (default "` + DefaultLayout + `")
  [themes.NAME]       colours of a theme of your own
  [keys.CONTEXT]      ACTION = ["KEY", ...]; an empty list unbinds
  [[view]]            a tab; any replaces the default ones: Inbox, one per account, All
    name              1 to 64 characters; unique
    query             default: everything that is not done, snoozed or archived
  [[account]]
    name              letters, digits, - and _; unique; needed
    provider          needed
    base_url          default: the provider's own; https only, except loopback
    read_only         true or false (default)
    since             how far back to list, where the service can; default everything
    pace              "off" (loopback only), "3/s", "90/m", "500/h", or the time between requests
                      such as "250ms"; default per provider
    credential        where the secret comes from, exactly one of:
                        { env = "VARIABLE" }
                        { command = ["PROGRAM", "ARGUMENT"] }   without a shell; prints the secret
                        { file = "PATH" }                       readable by its owner only
                        { keyring = "NAME" } or { keyring = "SERVICE/NAME" }
    [account.settings]  per provider, below; unknown keys are errors

  Durations: "90s", "2m", "36h", "180d", "26w". Relative files start beside this file, ~/ is home.
`)
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
		b.WriteString("\nTHEME COLOURS\n")
		wrapWords(&b, v.ThemeColorNames, width)
	}
	for _, c := range names(v.Actions) {
		fmt.Fprintf(&b, "\nACTIONS [keys.%s]\n", c)
		wrapWords(&b, v.Actions[c], width)
	}
	return b.String()
}

// describe gives a setting's help with what else there is to know, in one line.
func (r SettingRule) describe() string {
	var parts []string
	if r.Help != "" {
		parts = append(parts, r.Help)
	}
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
	return strings.Join(parts, "; ")
}

// wrapWords writes words in lines of at most limit columns, indented by two.
func wrapWords(b *strings.Builder, words []string, limit int) {
	width := 0
	for _, w := range words {
		switch {
		case width == 0:
			b.WriteString("  ")
			width = 2
		case width+1+len(w) > limit:
			b.WriteString("\n  ")
			width = 2
		default:
			b.WriteString(" ")
			width++
		}
		b.WriteString(w)
		width += len(w)
	}
	b.WriteString("\n")
}
