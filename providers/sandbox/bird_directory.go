package sandbox

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// birdIdentifier is one way to reach a contact.
type birdIdentifier struct{ key, value string }

// contacts is how many there are: rows that repeat the data file have their own.
func (b *Bird) contacts() int {
	return len(b.data.Contacts) * tellings(b.conversations, len(b.seeded.Rows))
}

func (b *Bird) platform(channel int) string {
	if channel < 0 {
		return ""
	}
	platform, _ := b.file.Channels.Rows[channel].Set["platformId"].(string)
	return platform
}

// identifier is how a contact is known on a channel; channel -1 is none in particular.
func (b *Bird) identifier(i, channel int) birdIdentifier {
	p, own := b.data.contact(i), ""
	if channel >= 0 {
		own, _ = b.file.Channels.Rows[channel].Set["identifier"].(string)
	}
	switch b.platform(channel) {
	case "whatsapp":
		if i%12 == 7 {
			return birdIdentifier{"whatsappusername", "wa." + strconv.Itoa(i)}
		}
		return birdIdentifier{"phonenumber", p.Phone}
	case "sms-messagebird", "viber", "rcs":
		return birdIdentifier{"phonenumber", p.Phone}
	case "facebook", "instagram":
		return birdIdentifier{"facebookid-" + own, strconv.Itoa(4_000_000_000 + i)}
	case "apple-messages":
		return birdIdentifier{"applebc-" + own, "urn:mbid:" + strconv.Itoa(i)}
	}
	return birdIdentifier{"emailaddress", p.Email}
}

// contactBy finds the contact that has an identifier.
func (b *Bird) contactBy(id birdIdentifier) (int, bool) {
	if b.known == nil {
		b.known = map[birdIdentifier]int{}
		for i := range b.contacts() {
			b.known[birdIdentifier{"phonenumber", b.data.contact(i).Phone}] = i
			for channel := range b.file.Channels.Rows {
				b.known[b.identifier(i, channel)] = i
			}
		}
	}
	i, ok := b.known[id]
	return i, ok
}

// contact is a contact as the contacts API shows it; attributes have mixed types.
func (b *Bird) contact(i int) map[string]any {
	words := b.data.words(b.data.contact(i))
	words["workspace"] = birdWorkspace
	return b.entry(&b.file.Contacts, i, b.uuid("contact", i), words)
}

func (b *Bird) agent(i int) map[string]any {
	return b.entry(&b.file.Agents, i, b.uuid("user", i), b.data.words(b.data.Staff[i%len(b.data.Staff)]))
}

// directory answers a list of things of one kind.
func (b *Bird) directory(x *exchange, kind string, l birdList) {
	l.find = func(id string) (int, bool) { return b.number(kind, id, l.n) }
	b.page(x, l)
}

func (b *Bird) listContacts(x *exchange) {
	b.directory(x, "contact", birdList{n: b.contacts(), render: b.contact})
}

func (b *Bird) getContact(x *exchange) {
	i, ok := b.number("contact", x.arg("who"), b.contacts())
	if !ok {
		x.notFound("Contact")
	}
	x.answerBird(http.StatusOK, b.contact(i))
}

// searchContacts finds by exact identifier; the answer is a list without paging.
func (b *Bird) searchContacts(x *exchange) {
	p, results := problems{}, []any{}
	fields, _ := members(x.fields["identifier"])
	id := p.identifier(".identifier", fields, "key", "value")
	p.refuse()
	if i, ok := b.contactBy(id); ok {
		results = append(results, b.contact(i))
	}
	x.answerBird(http.StatusOK, map[string]any{"results": results})
}

func (b *Bird) listChannels(x *exchange) {
	b.directory(x, "channel", birdList{n: len(b.file.Channels.Rows), limit: 1000, render: func(i int) map[string]any {
		return b.entry(&b.file.Channels, i, b.uuid("channel", i), map[string]any{})
	}})
}

// listAgents belongs to another API of the vendor, with another default page.
func (b *Bird) listAgents(x *exchange) {
	has := func(text any, param string) bool {
		return strings.Contains(strings.ToLower(text.(string)), strings.ToLower(x.query.Get(param)))
	}
	b.directory(x, "user", birdList{
		n: len(b.file.Agents.Rows), defaultLimit: 25, render: b.agent,
		keep: func(i int) bool { a := b.agent(i); return has(a["displayName"], "name") && has(a["email"], "email") },
	})
}

// items are a conversation's places in inboxes: who has it there, and whether it was seen. There is one in the inbox of its
// channel, and for some a closed one in that of a team, where it was before. A new conversation gets its item after a few seconds.
func (b *Bird) items(row int, now time.Time) []map[string]any {
	channel, _ := b.value(row, "channelId").(string)
	if channel == "" || row >= b.conversations && now.Sub(b.createdAt(row)) < 3*time.Second {
		return nil
	}
	team, agent := b.uuid("team", row%birdTeams), b.value(row, "assigneeId")
	if agent == nil && row%3 == 0 {
		agent = b.uuid("user", row%len(b.file.Agents.Rows))
	}
	all := []map[string]any{{
		"id": b.uuid("item", 2*row), "feedId": "channel:" + channel, "closed": b.value(row, "status") == "closed",
		"conversationId": b.id(row), "teamId": team, "agentId": agent, "seen": row%4 != 1,
	}}
	if row%9 == 2 {
		all = append(all, with(all[0], map[string]any{
			"id": b.uuid("item", 2*row+1), "feedId": "team:" + team, "agentId": nil, "closed": true, "seen": true,
		}))
	}
	return all
}

// searchItems answers for named conversations, the only of the documented filters that is served. The page of the vendor is
// that of a saved inbox; the call itself and the members id, feedId and closed of an item were met in the field, the others are
// named like the filters and the members of an update [assumed].
func (b *Bird) searchItems(x *exchange) {
	ids, ok := read[[]string](x.fields["conversationIds"])
	if !ok {
		x.badField("conversationIds", "invalid", "must be an array of ids")
	}
	var found []map[string]any
	for _, id := range ids {
		if row, ok := b.find(id); ok {
			found = append(found, b.items(row, x.now)...)
		}
	}
	b.page(x, listed(found))
}

// placed finds objects by their id.
func placed(list []map[string]any) func(id string) (int, bool) {
	return func(id string) (int, bool) {
		i := slices.IndexFunc(list, func(m map[string]any) bool { return m["id"] == id })
		return i, i >= 0
	}
}
