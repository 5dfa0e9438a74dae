package conformance_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"confab/model"
	"confab/providers"
	"confab/providers/askelephant"
	"confab/providers/attention"
	"confab/providers/bird"
	"confab/providers/conformance"
	"confab/providers/kona"
	"confab/providers/sandbox"
)

// In the believable world, read through the four adapters, every conversation has a title, people and messages, and the tasks of
// the demo have conversations to work on.
func TestABelievableWorld(t *testing.T) {
	t.Parallel()
	all := map[string][]model.Detail{}
	for _, n := range []int{250, 100} { // some stories repeated, and none
		for _, f := range []providers.Factory{attention.Factory(), bird.Factory(), askelephant.Factory(), kona.Factory()} {
			o := conformance.Options{
				Conversations: n, Wrap: func(rt http.RoundTripper) http.RoundTripper { return rt }, Log: func(string, ...any) {},
			}
			s, _ := openWorld(t, f, o, sandbox.Northwind)
			all[f.Name] = readWorld(t, s.account)
			ids := map[model.Ref]bool{}
			for _, d := range all[f.Name] {
				believable(t, d)
				ids[d.Conversation.Ref] = true
			}
			if len(ids) != n {
				t.Errorf("%s: %d conversations, want %d", f.Name, len(ids), n)
			}
		}
	}
	worldTasks(t, all)
}

// worldTasks checks that the tasks of the demo have conversations to work on.
func worldTasks(t *testing.T, all map[string][]model.Detail) {
	t.Helper()
	count := func(want int, what, provider string, is func(c *model.Conversation) bool) {
		t.Helper()
		n := 0
		for _, d := range all[provider] {
			if is(&d.Conversation) {
				n++
			}
		}
		if n < want {
			t.Errorf("%s: %d conversations, want at least %d", what, n, want)
		}
	}
	is := func(list []model.Participant, email, role string) bool {
		return slices.ContainsFunc(list, func(p model.Participant) bool {
			return p.Email == email && (role == "" || p.Role == role)
		})
	}
	count(9, "public interviews", model.Attention, func(c *model.Conversation) bool {
		return c.Privacy == model.PrivacyPublic && c.Labels["Call Type"] == "Interview"
	})
	count(9, "is:public label:interview", model.Attention, func(c *model.Conversation) bool {
		return c.Privacy == model.PrivacyPublic && c.Labels["Interview"] != ""
	})
	count(2, "stale titles", model.Attention, func(c *model.Conversation) bool { return c.Title == "Pricing v2 DRAFT do not share" })
	count(1, "a wrong contact", model.AskElephant, func(c *model.Conversation) bool {
		return strings.HasPrefix(c.Title, "Halden & Sons") && is(c.Contacts.Items, "olav.halden@haldenfoods.example", "") &&
			!is(c.Contacts.Items, "ola@halden-sons.example", "")
	})
	count(1, "processing", model.AskElephant, func(c *model.Conversation) bool { return c.Status == "PROCESSING" })
	count(3, "launch spaces where Anna Marsh only views", model.Kona, func(c *model.Conversation) bool {
		return strings.HasPrefix(c.Title, "Warehouse launch") && c.Space.Name == "Warehouse launch" &&
			is(c.Participants.Items, "anna.marsh@northwind.example", model.RoleViewer)
	})
	for _, provider := range []string{model.Attention, model.Bird, model.AskElephant, model.Kona} {
		count(1, "the renewal in "+provider, provider, func(c *model.Conversation) bool { return strings.HasPrefix(c.Title, "Acme") })
	}
}

// readWorld lists all conversations of an account and loads each.
func readWorld(t *testing.T, p model.Provider) (all []model.Detail) {
	t.Helper()
	var ids []string
	_, err := p.Sync(t.Context(), model.SyncRequest{Mode: model.SyncFull}, func(b model.Batch) (bool, error) {
		for _, c := range b.Conversations {
			if !b.Names {
				ids = append(ids, c.Ref.ID)
			}
		}
		return true, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		d, err := p.Load(t.Context(), id, model.NeedParticipants|model.NeedContacts|model.NeedMessages|model.NeedEverything)
		if err != nil {
			t.Fatalf("load %s: %v", id, err)
		}
		all = append(all, d)
	}
	return all
}

// believable fails if something is missing in a conversation, or if a placeholder of its record is left.
func believable(t *testing.T, d model.Detail) {
	t.Helper()
	c := &d.Conversation
	people := append(slices.Clone(c.People()), c.Owner)
	people = slices.DeleteFunc(people, func(p model.Participant) bool { return p.Name == "" })
	switch {
	case c.Title == "" || len(people) == 0 || !d.Messages.Known || len(d.Messages.Items) == 0:
		t.Errorf("%s %q has %d people with names and %d messages, want a title and some of both", c.Ref, c.Title, len(people), len(d.Messages.Items))
	case c.Created.IsZero() || c.Updated.Before(c.Created):
		t.Errorf("%s %q was created %s and updated %s, want both in this order", c.Ref, c.Title, c.Created, c.Updated)
	}
	texts := []string{c.Title}
	for _, m := range d.Messages.Items {
		texts = append(texts, m.Author, m.Text)
		if m.Author == "" || m.Text == "" {
			t.Errorf("%s %q has a message without an author or a text: %q, %q", c.Ref, c.Title, m.Author, m.Text)
		}
	}
	for _, text := range texts {
		if strings.ContainsAny(text, "{}") {
			t.Errorf("%s: a placeholder is left in %q", c.Ref, text)
		}
	}
}
