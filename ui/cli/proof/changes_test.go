package proof

import (
	"maps"
	"slices"
	"strings"

	"confab/model"
	"confab/providers/sandbox"
)

// change is a change to ask confab for, and the conversation in which it shows.
type change struct {
	provider, name string
	// args is the command. id is the conversation, "" for a create.
	args func(b *sandbox.Sandbox) (args []string, id string)
	// undo takes the change back after it was delivered: that is what is tried.
	undo bool
	// keys are typed into the inbox instead, one step after another, each once
	// the screen shows the text before it.
	keys []step
}

type step struct{ after, typed string }

func (c change) String() string {
	out := c.provider + " " + c.name
	if c.undo {
		out = c.provider + " undo of " + c.name
	}
	if c.keys != nil {
		out += " on the screen"
	}
	return out
}

// edited returns a change by `edit REF … --yes`.
func edited(provider, name string, find found) change {
	return change{provider: provider, name: name, args: func(b *sandbox.Sandbox) ([]string, string) {
		id, flags := find(b)
		return append([]string{"edit", accountOf(provider) + ":" + id, "--yes"}, flags...), id
	}}
}

func flags(f ...string) []string { return f }

const createdTitle = "Opened by the proof"

// changes returns every kind of edit on every service that can do it.
func changes() []change {
	return slices.Concat(attentionChanges(), birdChanges(), elephantChanges(), konaChanges(), screenChanges())
}

func undone(c change) change { c.undo = true; return c }

// found finds a conversation and returns its id and the flags of the change.
type found func(b *sandbox.Sandbox) (id string, flags []string)

func public(a map[string]any) bool { return a["private"] == false }

func attentionChanges() []change {
	where := func(fits func(a map[string]any) bool, f ...string) found {
		return func(b *sandbox.Sandbox) (string, []string) { return attentionID(b, fits), f }
	}
	anything := func(map[string]any) bool { return true }
	private := func(a map[string]any) bool { return a["private"] == true }
	present := func(a map[string]any) bool { return a["archived"] == false }
	title := edited("attention", "title", where(anything, "--title", "Renamed by the proof"))
	hide := edited("attention", "make private", where(public, "--private"))
	return []change{
		hide, undone(hide),
		edited("attention", "make public", where(private, "--public")),
		title, undone(title),
		edited("attention", "label", where(anything, "--label", "Call Type=Proof")),
		edited("attention", "remove a label", func(b *sandbox.Sandbox) (string, []string) {
			name := ""
			id := attentionID(b, func(a map[string]any) bool { return keyOf(a["labels"], &name) })
			return id, flags("--remove-label", name)
		}),
		edited("attention", "archive", where(present, "--archive")),
		edited("attention", "several fields", where(public, "--private", "--title", "Renamed by the proof", "--label", "Call Type=Proof")),
		edited("attention", "several fields, one widens", where(private, "--public", "--title", "Renamed by the proof")),
	}
}

// keyOf finds a plain key of an object, and reports whether there is one.
func keyOf(object any, name *string) bool {
	m, _ := object.(map[string]any)
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if *name = k; k == model.CleanLine(k, 0) && strings.TrimSpace(k) != "" && !strings.HasPrefix(k, "-") {
			return true
		}
	}
	return false
}

func birdChanges() []change {
	not := func(field, value string, f ...string) found {
		return func(b *sandbox.Sandbox) (string, []string) {
			return birdID(b, func(doc map[string]any, _ []map[string]any) bool { return doc[field] != value }), f
		}
	}
	peopled := func(f func(b *sandbox.Sandbox, id string, contacts []string) []string) found {
		return func(b *sandbox.Sandbox) (string, []string) {
			id, contacts := birdPeopled(b)
			return id, f(b, id, contacts)
		}
	}
	people := edited("bird", "participants: add and remove", peopled(func(b *sandbox.Sandbox, id string, c []string) []string {
		return flags("--remove", "contact:"+c[0], "--add", "contact:"+birdStranger(b, id))
	}))
	return []change{
		edited("bird", "make private", not("visibility", "private", "--private")),
		edited("bird", "title", not("name", "", "--title", "Renamed by the proof")),
		edited("bird", "description", not("name", "", "--description", "Written by the proof")),
		edited("bird", "close", not("status", "closed", "--status", "closed")),
		edited("bird", "access", not("accessibility", "open", "--access", "open")),
		edited("bird", "attribute", not("name", "", "--attribute", "proof=yes")),
		edited("bird", "remove an attribute", func(b *sandbox.Sandbox) (string, []string) {
			name := ""
			id := birdID(b, func(doc map[string]any, _ []map[string]any) bool { return keyOf(doc["attributes"], &name) })
			return id, flags("--remove-attribute", name)
		}),
		people, undone(people),
		edited("bird", "several fields, one widens", peopled(func(b *sandbox.Sandbox, _ string, c []string) []string {
			return flags("--remove", "contact:"+c[0], "--title", "Renamed by the proof", "--access", "open")
		})),
		edited("bird", "participant status", peopled(func(_ *sandbox.Sandbox, _ string, c []string) []string {
			return flags("--participant-status", "contact:"+c[0]+"=pending")
		})),
		edited("bird", "delete", not("name", "", "--delete")),
		{provider: "bird", name: "create", args: func(b *sandbox.Sandbox) ([]string, string) {
			_, contacts := birdPeopled(b)
			return flags("new", "--account", "support", "--title", createdTitle, "--with", "contact:"+contacts[1],
				"--message", "Good morning", "--yes"), ""
		}},
	}
}

func elephantChanges() []change {
	with := func(f func(b *sandbox.Sandbox, id, stranger string) []string) found {
		return func(b *sandbox.Sandbox) (string, []string) {
			all := b.AskElephant()
			for _, id := range all.IDs() {
				in := all.Contacts(id)
				i := slices.IndexFunc(all.ContactIDs(), func(c string) bool { return !slices.Contains(in, c) })
				if len(in) > 1 && i >= 0 {
					return id, f(b, id, all.ContactIDs()[i])
				}
			}
			panic("no engagement suits")
		}
	}
	add := edited("askelephant", "contacts: add", with(func(_ *sandbox.Sandbox, _, stranger string) []string {
		return flags("--add-contact", stranger)
	}))
	return []change{
		edited("askelephant", "contacts", with(func(b *sandbox.Sandbox, id, stranger string) []string {
			return flags("--contacts", b.AskElephant().Contacts(id)[0]+","+stranger)
		})),
		edited("askelephant", "contacts: remove", with(func(b *sandbox.Sandbox, id, _ string) []string {
			return flags("--remove-contact", b.AskElephant().Contacts(id)[0])
		})),
		add, undone(add),
	}
}

func konaChanges() []change {
	mine := func(f func(b *sandbox.Sandbox, id, other string) []string) found {
		return func(b *sandbox.Sandbox) (string, []string) {
			id, other := konaMine(b)
			return id, f(b, id, other)
		}
	}
	set := func(f ...string) found { return mine(func(*sandbox.Sandbox, string, string) []string { return f }) }
	roles := edited("kona", "role and title", mine(func(_ *sandbox.Sandbox, _, other string) []string {
		return flags("--role", "user:"+other+"=editor", "--title", "Renamed by the proof")
	}))
	return []change{
		edited("kona", "title", set("--title", "Renamed by the proof")),
		edited("kona", "description", set("--description", "Written by the proof")),
		edited("kona", "access", set("--access", "everyone")),
		edited("kona", "default role", set("--default-role", "editor")),
		roles, undone(roles),
		edited("kona", "participants: add and remove", mine(func(b *sandbox.Sandbox, id, other string) []string {
			return flags("--remove", "user:"+other, "--add", "user:"+konaStranger(b, id)+"=viewer")
		})),
		edited("kona", "delete", set("--delete")),
		{provider: "kona", name: "create", args: func(b *sandbox.Sandbox) ([]string, string) {
			id, other := konaMine(b)
			space := konaNumber(b.Kona().JSON(id)["space_id"])
			return flags("new", "--account", "projects", "--title", createdTitle, "--space", space,
				"--with", "user:"+other+"=editor", "--message", "Good morning", "--yes"), ""
		}},
	}
}

func screenChanges() []change {
	hide, rename := []step{{"Overview", "p"}}, []step{{"Overview", "t"}, {"clears", " by the proof\r"}}
	return []change{
		{provider: "attention", name: "make private", keys: hide, args: func(b *sandbox.Sandbox) ([]string, string) {
			id := attentionID(b, public)
			return flags("--query", "id:sales:"+id), id
		}},
		{provider: "bird", name: "title", keys: rename, args: func(b *sandbox.Sandbox) ([]string, string) {
			id := birdID(b, func(doc map[string]any, _ []map[string]any) bool { return doc["name"] != "" })
			return flags("--query", "id:support:"+id), id
		}},
	}
}
