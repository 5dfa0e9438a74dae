package proof

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"confab/model"
	"confab/providers/sandbox"
)

// accountOf returns the name of the account of a provider.
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

// konaMine returns a conversation that the account created, and another user in it.
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

// konaStranger returns a user who is not in a conversation.
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

// birdPeopled returns a conversation with two active contacts or more.
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

// state returns what a service holds of a conversation, without times of change.
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

// createdCount counts the conversations that a create made. One without its first message counts as a hundred.
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

// titleOf reads a title from the service itself.
func titleOf(ref string, b *sandbox.Sandbox) string {
	account, id, _ := strings.Cut(ref, ":")
	var title any
	switch account {
	case "sales":
		title = b.Attention().JSON(id)["attributes"].(map[string]any)["title"]
	case "support":
		title = b.Bird().JSON(id)["name"]
	case "projects":
		title = b.Kona().JSON(id)["name"]
	}
	s, _ := title.(string)
	return s
}
