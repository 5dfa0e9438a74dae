package sandbox

import (
	"net/http"
	"strconv"
	"strings"
)

// birdIdentifier is one way to reach a contact.
type birdIdentifier struct{ key, value string }

// contacts is how many there are: rows that repeat the data file have their own.
func (b *Bird) contacts() int {
	return len(b.data.Contacts) * max(1, (b.conversations+len(b.seeded.Rows)-1)/len(b.seeded.Rows))
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

// searchContacts finds by exact identifier or platform address; the answer is a list without paging.
func (b *Bird) searchContacts(x *exchange) {
	p := problems{}
	var wanted []birdIdentifier
	raw, byIdentifier := x.fields["identifier"]
	address, byAddress := x.fields["platformAddress"]
	switch {
	case byIdentifier == byAddress:
		p.add("", "exactly one of identifier and platformAddress is required")
	case byIdentifier:
		fields, _ := members(raw)
		wanted = append(wanted, p.identifier(".identifier", fields, "key", "value"))
	default:
		s, ok := read[string](address)
		if !ok {
			p.add(".platformAddress", "must be a string")
		}
		wanted = append(wanted, birdIdentifier{"emailaddress", s}, birdIdentifier{"phonenumber", s})
	}
	p.refuse()
	results := []any{}
	for _, id := range wanted {
		if i, ok := b.contactBy(id); ok {
			results = append(results, b.contact(i))
		}
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
