package bird

import (
	"fmt"
	"strings"
	"testing"

	"confab/model"
	"confab/providers/providertest"
)

func TestLoad(t *testing.T) {
	person := func(id string) string {
		return `{"id":"` + id + `","type":"user","status":"active","displayName":"` + id + `","avatarUrl":"https://a/` + id + `"}`
	}
	answer := func(r providertest.Request) (int, string) {
		switch {
		case strings.HasSuffix(r.Path, "/participants") && strings.Contains(r.Query, "pageToken"):
			return 200, results("", person("p2"), person("p3"))
		case strings.HasSuffix(r.Path, "/participants"):
			return 200, results("n", person("p1"), person("p2"))
		}
		return 200, row(c1, map[string]any{"channelId": "ch-1", "activeParticipantCount": 9, "featuredParticipants": []any{map[string]any{"id": "f", "type": "user"}}})
	}
	p, _ := openStub(t, func(providertest.Request) (int, string) { return 200, row(c1, map[string]any{"status": "deleted"}) })
	_, err := p.Load(t.Context(), c1, 0)
	wantKind(t, err, model.NotFound)
	p, _ = openStub(t, answer)
	d, err := p.Load(t.Context(), c1, model.NeedParticipants)
	if err != nil {
		t.Fatal(err)
	}
	c := d.Conversation
	var ids []string
	for _, x := range c.Participants.Items {
		ids = append(ids, x.ID)
	}
	if strings.Join(ids, " ") != "p1 p2 p3" || !c.Participants.Known || c.ParticipantCount != 9 || c.Channel.Name != "Support mail" || !hasFact(c, "https://a/p3") {
		t.Errorf("got %+v", c)
	}
	if d.Messages.Known || !strings.HasPrefix(string(d.Raw), `{"`) || strings.Contains(string(d.Raw), `"participants":[`) {
		t.Errorf("got messages %+v and raw %s, want no messages and the conversation's own object", d.Messages, d.Raw)
	}
	d, err = p.Load(t.Context(), c1, 0)
	if err != nil || d.Conversation.Participants.Known || d.Raw[0] != '{' || strings.Contains(string(d.Raw), `"participants":[`) {
		t.Errorf("without participants: got %+v, %v", d, err)
	}

	for name, body := range map[string]string{"a hole": results("", `null`, person("p1")), "no end": results("n", person("p1")), "null": `{"results":null}`} {
		p, _ := openStub(t, func(r providertest.Request) (int, string) {
			if strings.HasSuffix(r.Path, "/participants") {
				return 200, body
			}
			return answer(r)
		})
		if d, err := p.Load(t.Context(), c1, model.NeedParticipants); err != nil || d.Conversation.Participants.Known {
			t.Errorf("%s: participants: got known %v, error %v; want unknown", name, d.Conversation.Participants.Known, err)
		}
	}
	for part, need := range map[string]model.Need{"/participants": model.NeedParticipants, "/messages": model.NeedMessages, "/feed-items": model.NeedEverything} {
		p, _ := openStub(t, func(r providertest.Request) (int, string) {
			switch {
			case strings.HasSuffix(r.Path, part):
				return 500, `{"code":"Oops","message":"Oops."}`
			case r.Path == one:
				return answer(r)
			}
			return 200, results("")
		})
		_, err := p.Load(t.Context(), c1, need)
		wantKind(t, err, model.Unavailable)
	}
	p, _ = openStub(t, func(r providertest.Request) (int, string) {
		if r.Path != one {
			return 403, `{"code":"Forbidden","message":"Not for this key."}`
		}
		return answer(r)
	})
	d, err = p.Load(t.Context(), c1, model.NeedParticipants|model.NeedMessages)
	if err != nil || d.Conversation.Participants.Known || d.Messages.Known || !hasFact(d.Conversation, "not shown: Not for this key.") {
		t.Errorf("parts without a right: got %+v, %v; want unknown, with a fact", d, err)
	}
	p, _ = openStub(t, func(providertest.Request) (int, string) { return 200, row("another", nil) })
	_, err = p.Load(t.Context(), c1, 0)
	wantKind(t, err, model.Malformed)
}

// Messages come newest first. One that is written while the pages are read pushes another to the next page.
func TestMessagesAreReadPageByPage(t *testing.T) {
	message := func(n int) string {
		return fmt.Sprintf(`{"id":"m%d","createdAt":"2026-01-01T00:00:%02dZ","body":{"type":"text","text":{"text":"%d"}}}`, n, n, n)
	}
	pages := 0
	p, _ := openStub(t, func(r providertest.Request) (int, string) {
		switch {
		case r.Path == one:
			return 200, row(c1, nil)
		case !strings.HasSuffix(r.Path, "/messages"):
			return 200, results("")
		}
		pages++
		return 200, results(fmt.Sprint("token-", pages), message(50-pages), message(49-pages))
	})
	for need, want := range map[model.Need]int{model.NeedMessages: messagePages, model.NeedEverything: messagePagesMost} {
		pages = 0
		d, err := p.Load(t.Context(), c1, need)
		got := d.Messages.Items
		if err != nil || pages != want || len(got) != want+1 || got[0].ID != fmt.Sprint("m", 49-want) || got[want].ID != "m49" || !d.MoreMessages || !d.Conversation.HasMessages {
			t.Errorf("got %d messages after %d pages, more %t, error %v; want %d after %d, oldest first, and more", len(got), pages, d.MoreMessages, err, want+1, want)
		}
	}
}

// A contact that can't be read has no name. A service that fails is not asked for the next name, and is asked again later.
func TestNamesOfContactsAreOptional(t *testing.T) {
	for status, asked := range map[int][2]int{200: {2, 2}, 404: {2, 2}, 403: {1, 2}, 500: {1, 2}} {
		n := 0
		p, _ := openStub(t, func(r providertest.Request) (int, string) {
			switch {
			case strings.Contains(r.Path, "/contacts/"):
				n++
				return status, `{"code":"No","message":"No."}`
			case strings.HasSuffix(r.Path, "/participants"):
				return 200, results("", `{"id":"a","type":"contact"}`, `{"id":"b","type":"contact"}`)
			case r.Path == one:
				return 200, row(c1, nil)
			}
			return 200, results("")
		})
		for _, want := range asked {
			if _, err := p.Load(t.Context(), c1, model.NeedEverything); err != nil || n != want {
				t.Errorf("%d: error %v after %d requests for names, want none after %d", status, err, n, want)
			}
		}
	}
}

func TestNamesOfContactsAreLimited(t *testing.T) {
	var people []string
	for i := range maxNamedContacts + 5 {
		people = append(people, fmt.Sprintf(`{"id":"contact-%d","type":"contact"}`, i))
	}
	asked := 0
	p, _ := openStub(t, func(r providertest.Request) (int, string) {
		switch {
		case strings.Contains(r.Path, "/contacts/"):
			asked++
			return 200, `{"id":"x","computedDisplayName":"Ann"}`
		case strings.HasSuffix(r.Path, "/participants"):
			return 200, results("", people...)
		case r.Path == one:
			return 200, row(c1, nil)
		}
		return 200, results("")
	})
	for _, want := range []int{maxNamedContacts, maxNamedContacts + 5} { // the second load names the others
		d, err := p.Load(t.Context(), c1, model.NeedEverything)
		named := 0
		for _, who := range d.Conversation.Participants.Items {
			if who.Name == "Ann" {
				named++
			}
		}
		if err != nil || asked != want || named != want {
			t.Errorf("%d names after %d requests, error %v; want %d", named, asked, err, want)
		}
	}
}
