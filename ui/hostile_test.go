package ui_test

import (
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"confab/providers/sandbox"
	"confab/ui"
)

// The session and the past prompts in the database are untrusted text.
func TestCorruptSessionOpensTheInbox(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	synctest.Test(t, func(t *testing.T) {
		r := openSystem(t, newSandbox(t, sandbox.Options{World: sandbox.Northwind}), path, 80, 24)
		r.Wait(2 * time.Second)
		scope := []string{""}
		for _, a := range r.inbox.Accounts() {
			scope = append(scope, a.Name)
		}
		for name, text := range map[string]string{
			"negative":     `{"view":"meetings","index":-7,"top":-900,"offset":-5,"total":-1,"keys":[-1,0,5,5]}`,
			"vast":         `{"view":"All","index":9223372036854775807,"top":9223372036854775807,"offset":9223372036854775807,"total":9223372036854775807,"keys":[1]}`,
			"no rows":      `{"view":"All","index":3,"top":2,"offset":300,"total":2,"keys":[1,2,3]}`,
			"a bad filter": `{"view":"All","filter":"(((","index":3}`,
			"escapes":      `{"view":"All","filter":"\u001b]52;c;aGk=\u0007 \u202e","index":3,"keys":[1]}`,
			"no JSON":      "\x1b[2J{",
			"other JSON":   `[1,2]`,
		} {
			if err := r.inbox.KeepSession(t.Context(), strings.Join(scope, " "), text); err != nil {
				t.Fatal(err)
			}
			if err := r.inbox.SaveDraft(t.Context(), "filters", "\x1b[2Jold\x07\nis:private\x00\u202e"); err != nil {
				t.Fatal(err)
			}
			r = restarted(r, path, ui.Options{})
			if strings.HasPrefix(text, `{"view"`) && name != "a bad filter" && !r.Contains("back where you were") {
				t.Errorf("%s: the screen does not say that it is back where it was:\n%s", name, r.Text())
			}
			r.Wait(5 * time.Second)
			r.Press("j", "k", "G", "g", "g", "/", "up", "up")
			if !r.Contains("old") {
				t.Errorf("%s: the older filter is not offered:\n%s", name, r.Text())
			}
			r.Press("esc", "esc", "esc", "j")
			r.Wait(time.Second)
			if text := r.Text(); strings.ContainsAny(text, "\x1b\x07\u202e") || !strings.Contains(text, "▌") {
				t.Errorf("%s: the screen is raw or has no cursor: %q\n%s", name, text, text)
			}
		}
	})
}
