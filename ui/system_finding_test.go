package ui_test

import (
	"strings"
	"testing"
	"time"

	"confab/providers/sandbox"
)

// For a filter that finds nothing the nearest query that finds something is offered, and one key takes it.
func TestTheNearestQueryIsOffered(t *testing.T) {
	t.Parallel()
	withSystem(t, sandbox.Options{World: sandbox.Northwind, Conversations: 400}, func(r *system) {
		r.Press("/")
		r.Type("label:Type=Interview")
		r.Wait(time.Second)
		r.Want(`0 found; nearest: label:"Call Type"=Interview, 10  tab takes it`)
		r.Press("enter")
		r.Want("Nothing matches label:Type=Interview", `Nearest: label:"Call Type"=Interview, 10.`, "/ tab takes it; esc clears the filter.")
		r.Press("/", "tab", "enter")
		r.Wait(time.Second)
		r.Want(`/label:"Call Type"=Inter`, "Interview: Dana Whitfield", "1/10")
		for typed, near := range map[string]string{
			"with:whitfeild":                      `with:"Dana Whitfield"`,
			"label:stage=demoo":                   "label:Stage=Demo",
			"renewall pricing":                    "renewal pricing",
			"status:complet":                      "status:completed",
			"provider:kona label:Stage=Closed":    "provider:kona",
			`label:"Call Type"=Interview is:done`: `label:"Call Type"=Interview`,
		} {
			r.Press("/")
			r.retype(typed)
			r.Wait(time.Second)
			r.Want("0 found; nearest: " + near)
			r.Press("esc")
		}
		r.Press("/", "ctrl+e", "ctrl+u")
		r.Press("enter", "*")
		r.Press("d") // a done conversation leaves the inbox, and is found by the query
		r.Wait(5 * time.Second)
		r.Press("/")
		r.retype("acme")
		r.Wait(time.Second)
		r.Want("0 found; nearest: acme is:any, ")
	})
}

// A word is looked for in what is shown of people, and not in their ids.
func TestWordsAreNotFoundInIDs(t *testing.T) {
	t.Parallel()
	withSystem(t, sandbox.Options{World: sandbox.Northwind, Conversations: 400}, func(r *system) {
		for typed, want := range map[string]string{"fee": "1 found", "with:fee": "2 found"} {
			r.Press("/")
			r.retype(typed)
			r.Wait(time.Second)
			r.Want(want)
			r.Press("esc")
		}
	})
}

// After a colon or an equals sign the values of all conversations are offered, with counts, in the services' spelling.
func TestValuesComeWithCounts(t *testing.T) {
	withSystem(t, sandbox.Options{World: sandbox.Northwind, Conversations: 400}, func(r *system) {
		for _, c := range []struct{ typed, want string }{
			{"label:", `label:"Call Type" 100  label:internal 79`},
			{"label:Stage=", "label:Stage=Demo 16  label:Stage=Discovery 13"},
			{"account:", "account:meetings 100"},
			{"status:", "status:active"},
			{"with:dana", `with:"Dana Whitfield"`},
			{"owner:", "owner:"},
			{"space:", "space:"},
			{"kind:", "kind:call"},
			{"role:", "role:editor"},
			{"whit", `with:"Dana Whitfield"`},
		} {
			r.Press("/")
			r.retype(c.typed)
			r.Wait(time.Second)
			r.Want(c.want)
			r.Press("esc")
		}
		// A field without a value does not narrow the list.
		r.Press("/")
		r.retype("is:public label:")
		r.WantNot("0 found", "needs the name")
		r.Press("enter")
		r.Want("needs the name of a label")
		r.Press("esc", ":")
		r.Type("filter label:Sta")
		r.Wait(time.Second)
		r.Want("label:Stage 42")
		r.Press("tab", "enter")
		r.Wait(time.Second)
		r.Want("/label:Stage", "1/42")
	})
}

// Tab completes what was typed before it, however fast the keys are.
func TestTabAndEnterInOneBurst(t *testing.T) {
	withSystem(t, sandbox.Options{World: sandbox.Northwind, Conversations: 400}, func(r *system) {
		r.Rush("/", "i", "n", "t", "e", "r", "v", "tab", "enter", "J")
		r.Wait(time.Second)
		r.Want("/label:", "Interview", "2/10")
		if strings.Contains(r.Text(), "tab takes it") {
			t.Errorf("tab took the completion of an earlier text:\n%s", r.Text())
		}
	})
}

func TestSortKeyChoosesTheOrder(t *testing.T) {
	withSystem(t, sandbox.Options{World: sandbox.Northwind, Conversations: 400}, func(r *system) {
		command := func(text string) {
			r.Press(":")
			r.Type(text)
			r.Press("enter")
		}
		top := func(want string) {
			t.Helper()
			r.Press("g", "g")
			if first := r.Lines()[1]; !strings.Contains(first, want) {
				t.Errorf("the first row is %s, want %s", first, want)
			}
		}
		r.Press("S")
		r.Want("Sort by", "updated: newest change first, as now; again reverses it", "provider")
		r.Press("t")
		r.Want("by title")
		top("1:1 ")
		r.Press("S", "t")
		r.Want("by title, reversed")
		top("三浦商店")
		r.Press("S", "S")
		top("1:1 ")
		// An order holds for its view, until another is typed.
		r.Press("tab")
		r.Wait(time.Second)
		command("sort -title")
		top("三浦商店")
		r.Press("shift+tab")
		r.Wait(time.Second)
		top("1:1 ")
		command("filter label:Stage sort:-title")
		r.Wait(time.Second)
		top("三浦商店")
		command("sort nonsense")
		r.Want("sort:nonsense means nothing")
		command("sort title title")
		r.Want("sort:title title means nothing")
		r.Press(":")
		r.Type("sort d")
		r.Press("tab")
		r.Want(":sort duration", "longest first")
	})
}
