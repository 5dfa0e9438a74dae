package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const sample = `refresh = "5m"            # 0 turns polling off
[ui]
theme = "night"
layout = "bottom"
domains = ["Acme.example", "münchen.example", "acme.example"]
[themes.night]
accent = "#7aa2f7"
[keys.list]
toggle_privacy = ["p", "ctrl+p"]
close = []
[[view]]
name = "Private"
query = "is:private sort:updated"
[[account]]
name = "sales"
provider = "attention"
base_url = ""
read_only = true
since = "180d"
pace = ""
credential = { env = "ATTENTION_API_KEY" }
[account.settings]
auth_scheme = "raw"
[[account]]
name = "support"
provider = "bird"
base_url = "HTTPS://API.bird.com:443/v1/"
pace = "3/s"
credential = { command = ["pass", "show", "bird"] }
[account.settings]
workspace_id = "ws"
[[account]]
name = "team"
provider = "kona"
since = 0
[account.settings]
client_id = "confab"
refresh_token = { keyring = "kona/the team" }
client_secret = { file = "secrets/kona" }
`

func TestDecodeSample(t *testing.T) {
	dir := t.TempDir()
	got, err := Decode(filepath.Join(dir, "config.toml"), []byte(sample), testRules())
	if err != nil {
		t.Fatal(err)
	}
	want := &Config{
		Refresh: 5 * time.Minute,
		UI:      UI{Theme: "night", Layout: "bottom", Domains: []string{"acme.example", "münchen.example"}},
		Themes:  map[string]map[string]string{"night": {"accent": "#7aa2f7"}},
		Keys:    map[string]map[string][]string{"list": {"toggle_privacy": {"p", "ctrl+p"}, "close": {}}},
		Views:   []View{{"Private", "is:private sort:updated"}},
		Accounts: []Account{
			{Name: "sales", Provider: "attention", BaseURL: "https://api.attention.tech/v2", ReadOnly: true, Since: 180 * 24 * time.Hour,
				Credential: Credential{Env: "ATTENTION_API_KEY"}, Settings: map[string]any{"auth_scheme": "raw"}},
			{Name: "support", Provider: "bird", BaseURL: "https://api.bird.com/v1", Pace: Pace{Interval: time.Second / 3, Text: "3/s"},
				Credential: Credential{Command: []string{"pass", "show", "bird"}}, Settings: map[string]any{"workspace_id": "ws"}},
			{Name: "team", Provider: "kona", BaseURL: "https://io.kona.com/api", Settings: map[string]any{
				"client_id": "confab", "refresh_token": Credential{Keyring: "kona/the team"},
				"client_secret": Credential{File: filepath.Join(dir, "secrets", "kona")}}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Decode (-want +got):\n%s", diff)
	}
	team, ok := got.Account("TEAM")
	if !ok || team.Name != "team" {
		t.Errorf("Account(TEAM) = %+v, %v; want team", team, ok)
	}
	if diff := cmp.Diff([]string{"sales", "support", "team"}, got.AccountNames()); diff != "" {
		t.Errorf("AccountNames (-want +got):\n%s", diff)
	}
	if _, ok := got.Account("nobody"); ok {
		t.Error("Account returns one that does not exist")
	}
	if diff := cmp.Diff([]string{"ATTENTION_API_KEY"}, got.SecretEnv()); diff != "" {
		t.Errorf("SecretEnv (-want +got):\n%s", diff)
	}
}

func TestDecodeDefaults(t *testing.T) {
	got, err := Decode("c", []byte("\xef\xbb\xbf[[account]]\r\nname = \"a\"\r\nprovider = \"attention\"\r\ncredential.env = \"A\"\r\n"), testRules())
	if err != nil {
		t.Fatal(err)
	}
	want := &Config{Refresh: 2 * time.Minute, UI: UI{Theme: "auto", Layout: "auto"},
		Accounts: []Account{{Name: "a", Provider: "attention", BaseURL: "https://api.attention.tech/v2",
			Credential: Credential{Env: "A"}, Settings: map[string]any{"auth_scheme": "bearer"}}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Decode (-want +got):\n%s", diff)
	}
	if _, err := Decode("c", nil, testRules()); err != nil {
		t.Errorf("empty file: %v", err)
	}
	if got, err := Decode("c", []byte("refresh = 0"), testRules()); err != nil || got.Refresh != 0 {
		t.Errorf("refresh = 0: got %+v, %v; want no polling", got, err)
	}
}

func TestCredentialFilesAreAbsolutePaths(t *testing.T) {
	home, dir := t.TempDir(), t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home)
	elsewhere := filepath.Join(t.TempDir(), "x")
	for in, want := range map[string]string{
		"~/.secrets/a": filepath.Join(home, ".secrets", "a"), "beside": filepath.Join(dir, "beside"), "../up": filepath.Join(filepath.Dir(dir), "up"),
		"~x": filepath.Join(dir, "~x"), elsewhere: elsewhere,
	} {
		text := strings.Replace(account, `{ env = "A" }`, "{ file = '"+in+"' }", 1)
		c, err := Decode(filepath.Join(dir, "config.toml"), []byte(text), testRules())
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Accounts[0].Credential.File; got != want {
			t.Errorf("path of %q: got %q, want %q", in, got, want)
		}
	}
}

// A theme of Validators can be selected, and changed by a table with its name.
func TestThemesOfValidatorsCanBeUsedAndChanged(t *testing.T) {
	c, err := Decode("c", []byte("[ui]\ntheme = \"dusk\"\n[themes.dusk]\naccent = \"#abcdef\"\n"), testRules())
	if err != nil || c.UI.Theme != "dusk" || c.Themes["dusk"]["accent"] != "#abcdef" {
		t.Fatalf("Decode = %+v, %v; want the theme dusk, changed", c, err)
	}
	if _, err := Decode("c", []byte("[ui]\ntheme = \"dusk\"\n"), Validators{}); err == nil {
		t.Error("an unknown theme is accepted")
	}
	schema, err := Schema(testRules())
	for _, text := range []string{string(schema), Reference(testRules()), template(testRules())} {
		if err != nil || !strings.Contains(text, "dusk") {
			t.Errorf("%v: the theme dusk is missing in\n%.600s", err, text)
		}
	}
}

func TestNilRulesSkipChecks(t *testing.T) {
	text := `[themes.x]
anything = "red"
[keys.nowhere]
whatever = ["hyper+x"]
[[view]]
name = "v"
query = "is:privat x"
[[account]]
name = "a"
provider = "somebody"
[account.settings]
text = "x"
thing = { env = "THING" }
`
	got, err := Decode("c", []byte(text), Validators{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]any{"text": "x", "thing": Credential{Env: "THING"}}, got.Accounts[0].Settings); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
}

const account = "[[account]]\nname = \"a\"\nprovider = \"attention\"\ncredential = { env = \"A\" }\n"

func TestProblems(t *testing.T) {
	const secretTail = `, which doesn't belong in this file: put it into an environment variable and write `
	const secretEnd = `, or use command, file or keyring; then have it replaced, since it was stored here in plain text`
	cases := []struct {
		name, text string
		want       []string
	}{
		{"unknown keys, all of them", "refersh = \"2m\"\n[ui]\ntehme = \"dark\"\n[[accounts]]\n[nothing_like_it]\n", []string{
			`c:1:1: unknown key "refersh" (did you mean "refresh"?)`,
			`c:3:1: unknown key "tehme" (did you mean "theme"?)`,
			`c:4:3: unknown key "accounts" (did you mean "account"?)`,
			`c:5:2: unknown key "nothing_like_it"`,
		}},
		{"columns count characters", "\"é\" = 1", []string{`c:1:1: unknown key "é"`}},
		{"columns after wide text", "view = [ { name = \"é\", nmae = \"x\" } ]", []string{`c:1:24: unknown key "nmae" (did you mean "name"?)`}},
		{"wrong types", "refresh = true\nui = 3\nkeys = []\nthemes = \"x\"\nview = \"v\"\naccount = [1]\n", []string{
			`c:1:11: "refresh" must be a string, not true or false`,
			`c:2:6: "ui" must be a table, not a number`,
			`c:3:1: "keys" must be a table, not an array`,
			`c:4:10: "themes" must be a table, not a string`,
			`c:5:8: "view" must be a list of tables, not a string: write [[view]]`,
			`c:6:12: "account" must hold tables only, not a number: write [[account]]`,
		}},
		{"wrong types in an account", "[[account]]\nname = 1\nprovider = \"kona\"\nread_only = \"yes\"\npace = 3\nsince = 2026-01-01\nbase_url = []\n[[account]]\nsince = []\n", []string{
			`c:2:8: "name" must be a string, not a number`,
			`c:4:13: "read_only" must be true or false, not a string`,
			`c:5:8: "pace" must be a string, not a number`,
			`c:6:9: "since" must be a string, not a date`,
			`c:7:1: "base_url" must be a string, not an array`,
			`c:8:3: an account needs "name"`, `c:8:3: an account needs "provider"`,
			`c:9:1: "since" must be a string, not an array`,
		}},
		{"one bracket or two", "[view]\nname = \"x\"\n[[ui]]\n", []string{
			`c:1:2: "view" is a list: write [[view]]`,
			`c:3:3: "ui" is one table, not a list: write [ui]`,
		}},
		{"a list, then a single table", account + "[account]\nname = \"b\"\n", []string{`c:5:2: "account" is a list of tables since line 1: write [[account]]`}},
		{"duplicates", "refresh = \"1m\"\nrefresh = \"2m\"\n[ui]\n[ui]\n[[view]]\nname = \"x\"\nname = \"y\"\n", []string{
			`c:2:1: "refresh" is already set on line 1`,
			`c:4:2: "ui" is already set on line 3`,
			`c:7:1: "name" is already set on line 6`,
		}},
		{"inline tables are closed", "ui = { theme = \"dark\" }\nui.layout = \"off\"\n", []string{`c:2:1: "ui" is already set on line 1 and can't be extended`}},
		{"syntax", "refresh = 2m\n", []string{`c:1:12: strings must be quoted`}},
		{"a syntax error, and the problems before it", "refersh = \"2m\"\n[[account]]\nname = \"a\"\nprovider = kona\n", []string{
			`c:1:1: unknown key "refersh" (did you mean "refresh"?)`,
			`c:4:12: unexpected character U+006B 'k' at start of value; text values stand in quotes`,
		}},
		{"not text", "refresh = \"\xff\"", []string{`c:1:12: the file is not UTF-8 text`}},
		{"not text, after text", "# \ufffd\nrefresh = \"\xc3\xc3\xa9\"", []string{`c:2:12: the file is not UTF-8 text`}},
		{"the theme may be defined after the syntax error", "[ui]\ntheme = \"night\"\n[themes.night\n", []string{`c:3:14: expected ']' to close table name`}},
		{"impossible date", "refresh = 2026-13-45\n", []string{
			`c:1:11: "refresh" must be a string, not a date`,
			`c:1:16: impossible date`,
		}},
		{"durations", "refresh = \"10\"\n", []string{`c:1:11: "refresh" must be a duration such as "90s", "2m", "36h", "180d" or "26w"`}},
		{"durations as numbers", "refresh = 10\n", []string{`c:1:11: "refresh" must be a duration such as "90s", "2m", "36h", "180d" or "26w"`}},
		{"refresh too often", "refresh = \"10ms\"\n", []string{`c:1:11: "refresh" must be at least "1s", or "0" for no polling`}},
		{"looks", "[ui]\ntheme = \"drak\"\nlayout = \"botom\"\n[themes.dark]\n[themes.night]\naccnt = \"#fff\"\ndanger = \"red\"\naccent = 1\n", []string{
			`c:2:9: unknown theme "drak" (did you mean "dark"?)`,
			`c:3:10: unknown layout "botom": one of auto, right, bottom, off (did you mean "bottom"?)`,
			`c:4:9: "dark" is a built-in theme; give yours another name`,
			`c:6:1: unknown colour "accnt" (did you mean "accent"?)`,
			`c:7:10: colour "danger": must be like #rrggbb`,
			`c:8:10: "accent" must be a string, not a number`,
		}},
		{"domains", "[ui]\ndomains = [\"ann@acme.example\", \"@acme.example\", \"not a domain\", \"\", 1, \"fine.example\"]\n", []string{
			`c:2:12: "ann@acme.example" is an address; a domain is what follows the @: write "acme.example"`,
			`c:2:32: "@acme.example" is an address; a domain is what follows the @: write "acme.example"`,
			`c:2:49: "not a domain" is no mail domain such as "example.com"`,
			`c:2:65: "" is no mail domain such as "example.com"`,
			`c:2:69: "domains" must hold strings only, not a number`,
		}},
		{"theme type", "[ui]\ntheme = 1\n", []string{`c:2:9: "theme" must be a string, not a number`}},
		{"keys", "[keys]\nrename = [\"t\"]\n[keys.lst]\n[keys.list]\ntoggle_privac = [\"x\"]\nnext_match = [\"n\"]\nrename = [\"t\", 1, \"hyper+t\"]\nclose = \"s\"\ntoggle_privacy = [\"t\"]\n", []string{
			`c:2:1: "rename" stands outside a context: keys belong into [keys.CONTEXT]`,
			`c:3:7: unknown key context "lst" (did you mean "list"?)`,
			`c:5:1: unknown action "toggle_privac" in [keys.list] (did you mean "toggle_privacy"?)`,
			`c:6:1: "next_match" is no action of [keys.list], but of [keys.detail]`,
			`c:7:16: "rename" must hold strings only, not a number`,
			`c:7:19: key "hyper+t": unknown modifier hyper`,
			`c:8:9: "close" must be a list of keys such as ["p", "ctrl+p"], not a string`,
			`c:9:19: key "t" is already bound to "rename" on line 7`,
		}},
		{"views", "[[view]]\nquery = \"is:privat x\"\n[[view]]\nname = \"A\"\n[[view]]\nname = \"a\"\n[[view]]\nname = \" \"\n", []string{
			`c:1:3: a view needs "name"`,
			`c:2:9: query: column 4: unknown value privat`,
			`c:6:8: view "a" is already on line 4`,
			`c:8:8: a view's name has 1 to 64 characters on one line`,
		}},
		{"account basics", "[[account]]\n[[account]]\nname = \"a b\"\nprovider = \"atention\"\n", []string{
			`c:1:3: an account needs "name"`,
			`c:1:3: an account needs "provider"`,
			`c:3:8: an account's name has 1 to 64 characters: letters, digits, - and _`,
			`c:4:12: unknown provider: one of askelephant, attention, bird, kona (did you mean "attention"?)`,
		}},
		{"values in place of tables", "refresh = 1e99999\n[themes]\nx = \"red\"\n[keys]\nlist = \"x\"\n", []string{
			`c:1:11: not a valid number`,
			`c:1:11: "refresh" must be a duration such as "90s", "2m", "36h", "180d" or "26w"`,
			`c:3:1: "x" must be a table of colours: write [themes.NAME]`,
			`c:5:1: "list" stands outside a context: keys belong into [keys.CONTEXT]`,
		}},
		{"words that are no header", "\"no basic authentication\" = 1\n", []string{`c:1:1: unknown key "no basic authentication"`}},
		{"setting that looks like a secret", "[[account]]\nname = \"a\"\nprovider = \"x\"\n[account.settings]\nsk-apik_1234567890 = { value = \"x\" }\n", []string{
			`c:3:12: unknown provider: one of askelephant, attention, bird, kona`,
			`c:5:32: "value" holds a secret` + secretTail + `[hidden] = { env = "X_SECRET" }` + secretEnd,
		}},
		{"account twice", account + strings.Replace(account, `"a"`, `"A"`, 1), []string{`c:6:8: account "A" is already on line 2`}},
		{"account needs", "[[account]]\nname = \"a\"\nprovider = \"bird\"\n", []string{
			`c:1:3: an account of bird needs "credential": write credential = { env = "BIRD_API_KEY" }, or use command, file or keyring`,
			`c:1:3: an account of bird needs "workspace_id" in [account.settings]`,
		}},
		{"workspace empty", "[[account]]\nname = \"a\"\nprovider = \"bird\"\ncredential = { env = \"A\" }\n[account.settings]\nworkspace_id = \"\"\n", []string{
			`c:5:10: an account of bird needs "workspace_id" in [account.settings]`,
		}},
		{"settings", account + "[account.settings]\nauth_scheme = \"barer\"\nauth_shceme = \"raw\"\nworkspace_id = \"x\"\n", []string{
			`c:6:15: "auth_scheme" must be one of bearer, raw (did you mean "bearer"?)`,
			`c:7:1: unknown setting "auth_shceme" for attention (did you mean "auth_scheme"?)`,
			`c:8:1: unknown setting "workspace_id" for attention`,
		}},
		{"settings types", "[[account]]\nname = \"a\"\nprovider = \"askelephant\"\ncredential = { env = \"A\" }\n[account.settings]\nauth_scheme = { env = \"X\" }\nreplace_contacts_method = \"put\"\n", []string{
			`c:6:1: "auth_scheme" must be a string, not a table`,
			`c:7:27: "replace_contacts_method": is an HTTP method in capitals`,
		}},
		{"addresses", account + "base_url = \"http://api.example.com\"\npace = \"off\"\nsince = \"3\"\n", []string{
			`c:5:12: "base_url" must be https; http is for loopback only (127.0.0.0/8, ::1, localhost)`,
			`c:6:8: "pace" can be "off" on loopback only`,
			`c:7:9: "since" must be a duration such as "90s", "2m", "36h", "180d" or "26w"`,
		}},
		{"pace", account + "pace = \"fast\"\n", []string{
			`c:5:8: "pace" must be "off", a rate such as "3/s", "90/m" or "500/h", or the time between requests such as "250ms"; from "1000/s" to "1h"`,
		}},
		{"credential shapes", strings.Replace(account, `{ env = "A" }`, `{ env = "A", file = "x" }`, 1) +
			strings.NewReplacer(`"a"`, `"b"`, `{ env = "A" }`, `{}`).Replace(account) +
			strings.NewReplacer(`"a"`, `"c"`, `{ env = "A" }`, `{ evn = "A" }`).Replace(account) +
			strings.NewReplacer(`"a"`, `"d"`, `{ env = "A" }`, `{ command = "pass show x" }`).Replace(account) +
			strings.NewReplacer(`"a"`, `"e"`, `{ env = "A" }`, `{ command = [] }`).Replace(account) +
			strings.NewReplacer(`"a"`, `"f"`, `{ env = "A" }`, `7`).Replace(account) +
			strings.NewReplacer(`"a"`, `"g"`, `{ env = "A" }`, `{ keyring = "a/" }`).Replace(account), []string{
			`c:4:1: "credential" needs exactly one of env, command, file, keyring`,
			`c:8:1: "credential" needs exactly one of env, command, file, keyring`,
			`c:12:16: unknown key "evn" (did you mean "env"?)`,
			`c:16:26: "command" must be a list such as ["pass", "show", "NAME"], not a string; it is run without a shell`,
			`c:20:16: "command" needs a program`,
			`c:24:14: "credential" must be a table, not a number`,
			`c:28:26: "keyring" must be "NAME" or "SERVICE/NAME"`,
		}},
		{"secret as credential", "[[account]]\nname = \"a\"\nprovider = \"attention\"\ncredential = \"hunter2\"\n", []string{
			`c:4:14: "credential" holds a secret` + secretTail + `credential = { env = "ATTENTION_API_KEY" }` + secretEnd,
		}},
		{"secret under a name of its own", "[[account]]\nname = \"a\"\nprovider = \"bird\"\napi_key = \"hunter2\"\n[account.settings]\nworkspace_id = \"w\"\ntoken = \"hunter2\"\n", []string{
			`c:4:11: "api_key" holds a secret` + secretTail + `credential = { env = "BIRD_API_KEY" }` + secretEnd,
			`c:7:9: "token" holds a secret` + secretTail + `credential = { env = "BIRD_API_KEY" }` + secretEnd,
		}},
		{"secret outside an account", "token = \"hunter2\"\nkey = \"x\"\nsomething = \"sk-1234567890\"\n", []string{
			`c:1:9: "token" holds a secret` + secretTail + `credential = { env = "CONFAB_API_KEY" }` + secretEnd,
			`c:2:1: unknown key "key" (did you mean "keys"?)`,
			`c:3:13: "something" holds a secret` + secretTail + `credential = { env = "CONFAB_API_KEY" }` + secretEnd,
		}},
		{"secret in a plain setting", account + "[account.settings]\nauth_scheme = \"Bearer abc1234567890\"\nother = \"sk-1234567890\"\n", []string{
			`c:6:15: "auth_scheme" holds what looks like a secret; secrets don't belong in this file`,
			`c:7:9: "other" holds a secret` + secretTail + `credential = { env = "ATTENTION_API_KEY" }` + secretEnd,
		}},
		{"sources", strings.Replace(account, `{ env = "A" }`, `{ file = "" }`, 1) +
			strings.NewReplacer(`"a"`, `"b"`, `{ env = "A" }`, `{ command = ["x", 1] }`).Replace(account) +
			strings.NewReplacer(`"a"`, `"c"`, `{ env = "A" }`, `{ command = ["x\u0000"] }`).Replace(account) +
			strings.NewReplacer(`"a"`, `"d"`, `{ env = "A" }`, `{ file = 1 }`).Replace(account) +
			strings.NewReplacer(`"a"`, `"e"`, `{ env = "A" }`, `{ env = "A B" }`).Replace(account) +
			strings.NewReplacer(`"a"`, `"f"`, `{ env = "A" }`, `{ file = "x\u0000" }`).Replace(account), []string{
			`c:4:23: "file" must be a path`,
			`c:8:32: "command" must hold strings only, not a number`,
			`c:12:27: "command" holds a NUL character`,
			`c:16:23: "file" must be a string, not a number`,
			`c:20:22: "env" must be the name of an environment variable, not its value`,
			`c:24:23: "file" must be a path`,
		}},
		{"secret as a secret setting", "[[account]]\nname = \"a\"\nprovider = \"kona\"\n[account.settings]\nrefresh_token = \"hunter2\"\n", []string{
			`c:5:17: "refresh_token" holds a secret` + secretTail + `refresh_token = { env = "KONA_REFRESH_TOKEN" }` + secretEnd,
		}},
		{"secret inside the table", strings.Replace(account, `{ env = "A" }`, `{ value = "hunter2" }`, 1), []string{
			`c:4:24: "value" holds a secret` + secretTail + `credential = { env = "ATTENTION_API_KEY" }` + secretEnd,
		}},
		{"secret in place of a name", strings.Replace(account, `{ env = "A" }`, `{ env = "sk-apik_1234567890" }`, 1) +
			strings.NewReplacer(`"a"`, `"b"`, `{ env = "A" }`, `{ command = ["echo", "sk-apik_1234567890"] }`).Replace(account) +
			strings.NewReplacer(`"a"`, `"c"`, `{ env = "A" }`, `{ keyring = "sk-apik_1234567890" }`).Replace(account) +
			strings.NewReplacer(`"a"`, `"d"`, `{ env = "A" }`, `{ file = "sk-apik_1234567890" }`).Replace(account) +
			strings.NewReplacer(`"a"`, `"e"`, `{ env = "A" }`, `{ env = "ghp_abcdefghijkl1234567890" }`).Replace(account), []string{
			`c:4:22: "env" must be the name of an environment variable, not its value`,
			`c:8:35: "command" holds what looks like a secret; it must print it, not contain it`,
			`c:12:26: "keyring" must be the name of a keyring entry, not the secret`,
			`c:16:23: "file" must be the path of a file that holds the secret, not the secret`,
			`c:20:22: "env" must be the name of an environment variable, not its value`,
		}},
		{"credential under a wrong name", "[[account]]\nname = \"a\"\nprovider = \"kona\"\ntoken = { env = \"X\" }\n", []string{
			`c:4:1: unknown key "token" (did you mean "credential"?)`,
		}},
		{"secret as a key", "\"sk-apik_1234567890\" = 1\n", []string{`c:1:1: unknown key "[hidden]"`}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := Decode("c", []byte(c.text), testRules())
			var problems Errors
			if !errors.As(err, &problems) || got != nil {
				t.Fatalf("Decode = %v, %v; want Errors alone", got, err)
			}
			if diff := cmp.Diff(c.want, strings.Split(err.Error(), "\n")); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			for _, secret := range []string{"hunter2", "1234567890"} {
				if strings.Contains(strings.ReplaceAll(err.Error(), "[hidden]", ""), secret) {
					t.Errorf("the secret %s is repeated in\n%v", secret, err)
				}
			}
			for _, p := range problems {
				if p.File != "c" || p.Line < 1 || p.Column < 1 {
					t.Errorf("problem without a place: %+v", p)
				}
			}
		})
	}
}

func TestProblemsHaveTheKeyAsAPath(t *testing.T) {
	for text, want := range map[string]string{
		account + strings.NewReplacer(`"a"`, `"b"`, "attention", "bird").Replace(account): "account[1].settings.workspace_id",
		strings.Replace(account, "env", "evn", 1):                                         "account[0].credential.evn",
		"ui.theme = \"dark\"\nui.theme = \"light\"\n":                                     "ui.theme",
		"[[view]]\nname = \"a\"\nqeury = \"\"\n":                                          "view[0].qeury",
		"view = [ { name = \"a\" }, { name = [] } ]\n":                                    "view[1].name",
		"[themes.\"a.b\"]\naccnt = \"#fff\"\n":                                            "themes.a.b.accnt",
		"[keys.list]\nrename = [\"t\", 1]\n":                                              "keys.list.rename",
	} {
		_, err := Decode("c", []byte(text), testRules())
		var problems Errors
		if !errors.As(err, &problems) {
			t.Errorf("Decode returns %v, want Errors, for\n%s", err, text)
		} else if got := problems[0].Key; got != want {
			t.Errorf("key of the problem: got %q, want %q in\n%s", got, want, text)
		}
	}
	_, err := Decode("c", []byte("[view]\nnmae = \"a\"\n"), testRules())
	var problems Errors
	if !errors.As(err, &problems) || len(problems) != 3 || problems[2].Key != "view[0].nmae" {
		t.Errorf("problems of a single table: %+v, want three, the last one for view[0].nmae", problems)
	}
}

func TestProblemsAreBounded(t *testing.T) {
	var b strings.Builder
	for i := range 300 {
		b.WriteString("x" + strings.Repeat("y", i) + " = 1\n")
	}
	_, err := Decode("c", []byte(b.String()), testRules())
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 101 || lines[100] != "c: and 200 more problems" {
		t.Errorf("got %d lines, the last %q; want 101, the last with the number of the others", len(lines), lines[len(lines)-1])
	}
	if _, err := Decode("c", make([]byte, maxConfigSize+1), testRules()); err == nil || !strings.Contains(err.Error(), "larger than 128 KiB") {
		t.Errorf("Decode of a large file: %v", err)
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "config.toml")
	if _, err := Load(path, testRules()); !errors.Is(err, ErrNoConfig) || !strings.Contains(err.Error(), path) {
		t.Errorf("Load of a missing file: %v, want ErrNoConfig with the path", err)
	}
	if _, err := Load(dir, testRules()); err == nil || !strings.Contains(err.Error(), "is a directory") {
		t.Errorf("Load of a directory: %v", err)
	}
	// Group may read, since no secret is inside.
	if err := os.WriteFile(path, []byte(sample), 0o640); err != nil {
		t.Fatal(err)
	}
	c, err := Load(path, testRules())
	if err != nil || len(c.Accounts) != 3 {
		t.Fatalf("Load = %+v, %v; want three accounts", c, err)
	}
	if err := os.WriteFile(path, make([]byte, maxConfigSize+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path, testRules()); err == nil || !strings.Contains(err.Error(), "larger than 128 KiB") {
		t.Errorf("Load of a large file: %v", err)
	}
}
