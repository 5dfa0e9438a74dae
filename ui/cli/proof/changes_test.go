package proof

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"confab/model"
	"confab/providers/sandbox"
)

// change is one thing to ask of confab, and where its effect shows.
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

// account gives the account's name and a ref in it.
func accountOf(provider string) string {
	return map[string]string{"attention": "sales", "bird": "support", "askelephant": "meetings", "kona": "projects"}[provider]
}

func attentionID(b *sandbox.Sandbox, fits func(attributes map[string]any) bool) string {
	for _, id := range b.Attention().IDs() {
		if fits(b.Attention().JSON(id)["attributes"].(map[string]any)) {
			return id
		}
	}
	panic("no Attention conversation suits")
}

func birdID(b *sandbox.Sandbox, fits func(doc map[string]any, people []map[string]any) bool) string {
	for _, id := range b.Bird().IDs() {
		if fits(b.Bird().JSON(id), b.Bird().Participants(id)) {
			return id
		}
	}
	panic("no Bird conversation suits")
}

func konaNumber(v any) string {
	n, _ := v.(float64)
	return strconv.FormatInt(int64(n), 10)
}

// konaMine is a conversation of the account's own with somebody else in it.
func konaMine(b *sandbox.Sandbox) (id, other string) {
	me := strconv.FormatInt(b.Kona().Me(), 10)
	for _, id := range b.Kona().IDs() {
		doc := b.Kona().JSON(id)
		if konaNumber(doc["creator_id"]) != me {
			continue
		}
		for _, p := range doc["participants"].([]any) {
			if who := konaNumber(p.(map[string]any)["user_id"]); who != me {
				return id, who
			}
		}
	}
	panic("no Kona conversation suits")
}

// konaStranger is a user who is not in a conversation.
func konaStranger(b *sandbox.Sandbox, id string) string {
	in := fmt.Sprint(b.Kona().JSON(id)["participants"])
	for _, other := range b.Kona().IDs() {
		for _, p := range b.Kona().JSON(other)["participants"].([]any) {
			who := konaNumber(p.(map[string]any)["user_id"])
			if !slices.ContainsFunc(b.Kona().JSON(id)["participants"].([]any), func(q any) bool {
				return konaNumber(q.(map[string]any)["user_id"]) == who
			}) {
				return who
			}
		}
	}
	panic("everybody is in it: " + in)
}

func birdContacts(people []map[string]any) []string {
	var out []string
	for _, p := range people {
		if p["type"] == "contact" && p["status"] == "active" {
			out = append(out, fmt.Sprint(p["id"]))
		}
	}
	return out
}

// birdPeopled is a conversation with two active contacts and more.
func birdPeopled(b *sandbox.Sandbox) (id string, contacts []string) {
	id = birdID(b, func(_ map[string]any, people []map[string]any) bool { return len(birdContacts(people)) >= 2 })
	return id, birdContacts(b.Bird().Participants(id))
}

func birdStranger(b *sandbox.Sandbox, id string) string {
	var in []string
	for _, p := range b.Bird().Participants(id) {
		in = append(in, fmt.Sprint(p["id"]))
	}
	other := birdID(b, func(_ map[string]any, people []map[string]any) bool {
		c := birdContacts(people)
		return len(c) > 0 && !slices.Contains(in, c[0])
	})
	return birdContacts(b.Bird().Participants(other))[0]
}

// edited is a change by `edit REF … --yes`.
func edited(provider, name string, find func(b *sandbox.Sandbox) (id string, flags []string)) change {
	return change{provider: provider, name: name, args: func(b *sandbox.Sandbox) ([]string, string) {
		id, flags := find(b)
		return append([]string{"edit", accountOf(provider) + ":" + id, "--yes"}, flags...), id
	}}
}

func flags(f ...string) []string { return f }

const createdTitle = "Opened by the proof"

// changes are every kind of edit on every service that can do it.
func changes() []change {
	attention := func(fits func(a map[string]any) bool, f ...string) func(b *sandbox.Sandbox) (string, []string) {
		return func(b *sandbox.Sandbox) (string, []string) { return attentionID(b, fits), f }
	}
	anything := func(map[string]any) bool { return true }
	public := func(a map[string]any) bool { return a["private"] == false }
	private := func(a map[string]any) bool { return a["private"] == true }
	bird := func(field, not string, f ...string) func(b *sandbox.Sandbox) (string, []string) {
		return func(b *sandbox.Sandbox) (string, []string) {
			return birdID(b, func(doc map[string]any, _ []map[string]any) bool { return doc[field] != not }), f
		}
	}
	peopled := func(f func(b *sandbox.Sandbox, id string, contacts []string) []string) func(b *sandbox.Sandbox) (string, []string) {
		return func(b *sandbox.Sandbox) (string, []string) {
			id, contacts := birdPeopled(b)
			return id, f(b, id, contacts)
		}
	}
	kona := func(f func(b *sandbox.Sandbox, id, other string) []string) func(b *sandbox.Sandbox) (string, []string) {
		return func(b *sandbox.Sandbox) (string, []string) {
			id, other := konaMine(b)
			return id, f(b, id, other)
		}
	}
	konaSet := func(f ...string) func(b *sandbox.Sandbox) (string, []string) {
		return kona(func(*sandbox.Sandbox, string, string) []string { return f })
	}
	elephant := func(f func(b *sandbox.Sandbox, id string) []string) func(b *sandbox.Sandbox) (string, []string) {
		return func(b *sandbox.Sandbox) (string, []string) {
			for _, id := range b.AskElephant().IDs() {
				if len(b.AskElephant().Contacts(id)) > 1 {
					return id, f(b, id)
				}
			}
			panic("no engagement suits")
		}
	}
	stranger := func(b *sandbox.Sandbox, id string) string {
		for _, c := range b.AskElephant().ContactIDs() {
			if !slices.Contains(b.AskElephant().Contacts(id), c) {
				return c
			}
		}
		panic("every contact is in it")
	}
	title := edited("attention", "title", attention(anything, "--title", "Renamed by the proof"))
	people := edited("bird", "participants: add and remove", peopled(func(b *sandbox.Sandbox, id string, c []string) []string {
		return flags("--remove", "contact:"+c[0], "--add", "contact:"+birdStranger(b, id))
	}))
	roles := edited("kona", "role", kona(func(_ *sandbox.Sandbox, _, other string) []string {
		return flags("--role", "user:"+other+"=editor", "--title", "Renamed by the proof")
	}))
	renamed := []step{{"Overview", "t"}, {"clears", " by the proof\r"}}
	undone := func(c change) change { c.undo = true; return c }
	return []change{
		edited("attention", "make private", attention(public, "--private")),
		edited("attention", "make public", attention(private, "--public")),
		title, undone(title),
		edited("attention", "label", attention(anything, "--label", "Call Type=Proof")),
		edited("attention", "archive", attention(func(a map[string]any) bool { return a["archived"] == false }, "--archive")),
		edited("attention", "several fields", attention(public, "--private", "--title", "Renamed by the proof", "--label", "Call Type=Proof")),
		edited("bird", "make private", bird("visibility", "private", "--private")),
		edited("bird", "title", bird("name", "", "--title", "Renamed by the proof")),
		edited("bird", "close", bird("status", "closed", "--status", "closed")),
		edited("bird", "access", bird("accessibility", "open", "--access", "open")),
		edited("bird", "attribute", bird("name", "", "--attribute", "proof=yes")),
		people, undone(people),
		edited("bird", "participant status", peopled(func(_ *sandbox.Sandbox, _ string, c []string) []string {
			return flags("--participant-status", "contact:"+c[0]+"=pending")
		})),
		edited("bird", "delete", bird("name", "", "--delete")),
		{provider: "bird", name: "create", args: func(b *sandbox.Sandbox) ([]string, string) {
			_, contacts := birdPeopled(b)
			return flags("new", "--account", "support", "--title", createdTitle, "--with", "contact:"+contacts[1],
				"--message", "Good morning", "--yes"), ""
		}},
		edited("askelephant", "contacts", elephant(func(b *sandbox.Sandbox, id string) []string {
			return flags("--contacts", b.AskElephant().Contacts(id)[0]+","+stranger(b, id))
		})),
		undone(edited("askelephant", "contacts: add", elephant(func(b *sandbox.Sandbox, id string) []string {
			return flags("--add-contact", stranger(b, id))
		}))),
		edited("kona", "title", konaSet("--title", "Renamed by the proof")),
		edited("kona", "description", konaSet("--description", "Written by the proof")),
		edited("kona", "access", konaSet("--access", "everyone")),
		edited("kona", "default role", konaSet("--default-role", "editor")),
		roles, undone(roles),
		edited("kona", "participants: add and remove", kona(func(b *sandbox.Sandbox, id, other string) []string {
			return flags("--remove", "user:"+other, "--add", "user:"+konaStranger(b, id)+"=viewer")
		})),
		edited("kona", "delete", konaSet("--delete")),
		{provider: "kona", name: "create", args: func(b *sandbox.Sandbox) ([]string, string) {
			id, other := konaMine(b)
			space := konaNumber(b.Kona().JSON(id)["space_id"])
			return flags("new", "--account", "projects", "--title", createdTitle, "--space", space,
				"--with", "user:"+other+"=editor", "--message", "Good morning", "--yes"), ""
		}},
		{provider: "attention", name: "make private", keys: []step{{"Overview", "p"}}, args: func(b *sandbox.Sandbox) ([]string, string) {
			id := attentionID(b, public)
			return flags("--query", "id:sales:"+id), id
		}},
		{provider: "bird", name: "title", keys: renamed, args: func(b *sandbox.Sandbox) ([]string, string) {
			id := birdID(b, func(doc map[string]any, _ []map[string]any) bool { return doc["name"] != "" })
			return flags("--query", "id:support:"+id), id
		}},
	}
}

// state is what a service holds of a conversation, without times of change.
func state(b *sandbox.Sandbox, provider, id string) string {
	if id == "" {
		return "created: " + strconv.Itoa(createdCount(b, provider))
	}
	var doc map[string]any
	switch provider {
	case model.Attention:
		doc = b.Attention().JSON(id)
	case model.Bird:
		if doc = b.Bird().JSON(id); doc != nil {
			delete(doc, "updatedAt")
			delete(doc, "featuredParticipants") // the first five of those below
			people := b.Bird().Participants(id)
			slices.SortFunc(people, func(a, b map[string]any) int { return compare(fmt.Sprint(a["id"]), fmt.Sprint(b["id"])) })
			doc["people"] = people
		}
	case model.AskElephant:
		if doc = b.AskElephant().JSON(id); doc != nil {
			delete(doc, "updated_at")
			delete(doc, "contacts")
			contacts := b.AskElephant().Contacts(id)
			slices.Sort(contacts)
			doc["people"] = contacts
			delete(doc, "participants")
		}
	case model.Kona:
		if doc = b.Kona().JSON(id); doc != nil {
			delete(doc, "updated_at")
			people, _ := doc["participants"].([]any)
			slices.SortFunc(people, func(a, b any) int { return compare(fmt.Sprint(a), fmt.Sprint(b)) })
		}
	}
	if doc == nil {
		return "gone"
	}
	raw, err := json.MarshalIndent(doc, "", " ")
	if err != nil {
		panic(err)
	}
	return string(raw)
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// createdCount counts the conversations that a create made, each with its first
// message; one without counts as a hundred.
func createdCount(b *sandbox.Sandbox, provider string) int {
	n := 0
	whole := func(messages int) {
		if messages == 1 {
			n++
		} else {
			n += 100
		}
	}
	switch provider {
	case model.Bird:
		for _, id := range b.Bird().IDs() {
			if b.Bird().JSON(id)["name"] == createdTitle {
				whole(len(b.Bird().Messages(id)))
			}
		}
	case model.Kona:
		for _, id := range b.Kona().IDs() {
			if b.Kona().JSON(id)["name"] == createdTitle {
				whole(len(b.Kona().Comments(id)))
			}
		}
	}
	return n
}
