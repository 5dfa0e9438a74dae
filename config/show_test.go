package config

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func genCredential(t *rapid.T, dir string) Credential {
	name := rapid.StringMatching(`[a-z]{1,8}`)
	switch rapid.IntRange(0, 3).Draw(t, "source") {
	case 0:
		return Credential{Env: rapid.StringMatching(`[A-Z_][A-Z0-9_]{0,10}`).Draw(t, "env")}
	case 1:
		// Arguments may hold anything that a string can, quotes and line ends included.
		words := rapid.SliceOfN(rapid.String().Filter(func(s string) bool { return !strings.Contains(s, "\x00") && !knownSecret.MatchString(s) }), 0, 3)
		return Credential{Command: append([]string{name.Draw(t, "program")}, words.Draw(t, "arguments")...)}
	case 2:
		return Credential{File: filepath.Join(dir, name.Draw(t, "file"))}
	}
	return Credential{Keyring: name.Draw(t, "service") + "/" + name.Draw(t, "user")}
}

func genConfig(t *rapid.T, dir string) *Config {
	c := &Config{
		Refresh: time.Duration(rapid.Int64Range(0, 1e6).Draw(t, "refresh")) * time.Second,
		UI: UI{Theme: rapid.SampledFrom(builtinThemes).Draw(t, "theme"), Layout: rapid.SampledFrom(layouts).Draw(t, "layout"),
			Domains: rapid.SampledFrom([][]string{nil, {"acme.example"}, {"a.example", "b.example"}}).Draw(t, "domains")},
	}
	if rapid.Bool().Draw(t, "themes") {
		c.Themes = map[string]map[string]string{"my night.1": {"accent": "#" + rapid.StringMatching(`[0-9a-f]{6}`).Draw(t, "colour")}}
		c.UI.Theme = "my night.1"
	}
	if rapid.Bool().Draw(t, "keys") {
		c.Keys = map[string]map[string][]string{"list": {
			"rename": rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z"\\ +]{1,5}`), 0, 3, rapid.ID).Draw(t, "rename"),
		}}
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "accounts") {
		a := Account{Name: "acc-" + string(rune('a'+i)), ReadOnly: rapid.Bool().Draw(t, "ro"), Settings: map[string]any{}}
		a.Since = time.Duration(rapid.Int64Range(0, 1e5).Draw(t, "since")) * time.Hour
		a.Provider = rapid.SampledFrom([]string{"attention", "bird", "kona"}).Draw(t, "provider")
		a.BaseURL = rapid.SampledFrom([]string{"https://api.example.com/v2", "http://127.0.0.1:8080", "https://[::1]:1/x"}).Draw(t, "url")
		if IsLoopback(a.BaseURL) && rapid.Bool().Draw(t, "unpaced") {
			a.Pace = Pace{Text: "off"}
		} else if rapid.Bool().Draw(t, "paced") {
			a.Pace.Interval = time.Duration(rapid.Int64Range(int64(minPace), int64(maxPace)).Draw(t, "pace"))
			a.Pace.Text = FormatDuration(a.Pace.Interval)
		}
		a.Credential = genCredential(t, dir)
		switch a.Provider {
		case "attention":
			a.Settings["auth_scheme"] = "raw"
		case "bird":
			a.Settings["workspace_id"] = "w" + rapid.String().Filter(func(s string) bool { return !knownSecret.MatchString("w" + s) }).Draw(t, "workspace")
		case "kona":
			a.Settings["refresh_token"] = genCredential(t, dir)
		}
		c.Accounts = append(c.Accounts, a)
	}
	if rapid.Bool().Draw(t, "views") {
		c.Views = []View{{Name: "One", Query: rapid.String().Draw(t, "query")}, {Name: "Two"}}
	} else {
		c.Views = DefaultViews(c.Accounts)
	}
	return c
}

func TestShowRoundTrip(t *testing.T) {
	dir := t.TempDir()
	rules := testRules()
	rules.Query = nil
	rapid.Check(t, func(t *rapid.T) {
		want := genConfig(t, dir)
		var out bytes.Buffer
		if err := Show(&out, want, false); err != nil {
			t.Fatal(err)
		}
		got, err := Decode(filepath.Join(dir, "c.toml"), out.Bytes(), rules)
		if err != nil {
			t.Fatalf("the shown settings can't be read: %v in\n%s", err, out.String())
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("read again (-want +got):\n%s in\n%s", diff, out.String())
		}
		var again bytes.Buffer
		if err := Show(&again, got, false); err != nil || again.String() != out.String() {
			t.Fatalf("%v: shown differently when read again:\n%s", err, again.String())
		}
		out.Reset()
		if err := Show(&out, want, true); err != nil || !json.Valid(out.Bytes()) {
			t.Fatalf("as JSON: %v in %s", err, out.String())
		}
	})
}

func TestShowText(t *testing.T) {
	t.Setenv("ATTENTION_API_KEY", "sk-hunter2")
	c, err := Decode("/cfg/config.toml", []byte(account+"since = \"180d\"\n[account.settings]\n"), testRules())
	if err != nil {
		t.Fatal(err)
	}
	c.Views = DefaultViews(c.Accounts)
	var text, js bytes.Buffer
	if err := Show(&text, c, false); err != nil {
		t.Fatal(err)
	}
	if err := Show(&js, c, true); err != nil {
		t.Fatal(err)
	}
	want := `refresh = '2m'

[ui]
theme = 'auto'
layout = 'auto'
domains = []

[[view]]
name = 'Inbox'
query = ''

[[view]]
name = 'a'
query = 'account:a'

[[view]]
name = 'All'
query = 'is:any'

[[account]]
name = 'a'
provider = 'attention'
base_url = 'https://api.attention.tech/v2'
read_only = false
since = '180d'
credential = {env = 'A'}

[account.settings]
auth_scheme = 'bearer'
`
	if diff := cmp.Diff(want, text.String()); diff != "" {
		t.Errorf("as TOML (-want +got):\n%s", diff)
	}
	var got map[string]any
	if err := json.Unmarshal(js.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	first := got["account"].([]any)[0]
	if diff := cmp.Diff(map[string]any{"name": "a", "provider": "attention", "base_url": "https://api.attention.tech/v2", "read_only": false, "since": "180d",
		"pace": nil, "credential": map[string]any{"env": "A"}, "settings": map[string]any{"auth_scheme": "bearer"}}, first); diff != "" {
		t.Errorf("as JSON (-want +got):\n%s", diff)
	}
	if strings.Contains(text.String()+js.String(), "hunter2") {
		t.Error("a secret is shown")
	}
}

func TestSchema(t *testing.T) {
	for _, rules := range []Validators{testRules(), {}} {
		data, err := Schema(rules)
		if err != nil {
			t.Fatal(err)
		}
		again, _ := Schema(rules)
		if !bytes.Equal(data, again) {
			t.Error("two calls return different schemas")
		}
		var s struct {
			Properties map[string]json.RawMessage
			Additional *bool `json:"additionalProperties"`
		}
		if err := json.Unmarshal(data, &s); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"account", "keys", "refresh", "themes", "ui", "view"}, names(s.Properties)); diff != "" || s.Additional == nil || *s.Additional {
			t.Errorf("properties, closed %v (-want +got):\n%s", s.Additional, diff)
		}
		var flat bytes.Buffer
		needs := `"required":["credential","settings"]` // of an account of bird
		if err := json.Compact(&flat, data); err != nil || strings.Contains(flat.String(), needs) != (rules.Providers != nil) {
			t.Errorf("%v; an account with a required setting needs %s:\n%s", err, needs, data)
		}
		text := string(data) + Reference(rules)
		for name, p := range rules.Providers {
			for key := range p.Settings {
				if !strings.Contains(text, `"`+key+`"`) || !strings.Contains(Reference(rules), key) {
					t.Errorf("the setting %s of %s is missing", key, name)
				}
			}
		}
		for c, actions := range rules.Actions {
			for _, a := range append(actions, c) {
				if !strings.Contains(string(data), `"`+a+`"`) || !strings.Contains(Reference(rules), a) {
					t.Errorf("the action or context %s is missing", a)
				}
			}
		}
	}
}
