package sandbox

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// birdPerson is a contact's name and addresses.
type birdPerson struct{ first, last, email, phone, zone, company string }

func (p birdPerson) name() string { return strings.TrimSpace(p.first + " " + p.last) }

func (s birdSeed) contact(i int) birdPerson {
	if i < len(s.seedData.contacts) {
		p := s.seedData.contacts[i]
		return birdPerson{p.first, p.last, p.email, p.phone, p.zone, s.companies[p.company].name}
	}
	r := s.rng(streamBirdDirectory, i)
	from := pick(r, words.Scripts)
	first, last, at := pick(r, from.First), pick(r, from.Last), pick(r, s.companies)
	return birdPerson{
		first[0], last[0], first[1] + "." + last[1] + "." + strconv.Itoa(i) + "@" + at.domain,
		fmt.Sprintf("+3161%07d", i), pick(r, from.Zones), at.name,
	}
}

// displayName is empty for contacts nobody has named yet.
func (s birdSeed) displayName(i int, p birdPerson) string {
	if i%9 == 5 {
		return ""
	}
	return p.name()
}

// birdIdentifier is one way to reach a contact.
type birdIdentifier struct{ key, value string }

// identifier is how a contact is known on a channel; channel -1 is none in particular.
func (s birdSeed) identifier(i int, p birdPerson, channel int) birdIdentifier {
	if channel < 0 {
		return birdIdentifier{"emailaddress", p.email}
	}
	switch c := birdData.Channels[channel]; c.Platform {
	case "whatsapp":
		if i%12 == 7 {
			return birdIdentifier{"whatsappusername", "wa." + strconv.Itoa(i)}
		}
		return birdIdentifier{"phonenumber", p.phone}
	case "sms-messagebird", "viber", "rcs":
		return birdIdentifier{"phonenumber", p.phone}
	case "facebook", "instagram":
		return birdIdentifier{"facebookid-" + c.Identifier, strconv.Itoa(4_000_000_000 + i)}
	case "apple-messages":
		return birdIdentifier{"applebc-" + c.Identifier, "urn:mbid:" + strconv.Itoa(i)}
	default:
		return birdIdentifier{"emailaddress", p.email}
	}
}

// contactByIdentifier finds the contact that has an identifier.
func (s birdSeed) contactByIdentifier(key, value string) (int, bool) {
	if i, ok := s.known[key+"\x00"+value]; ok {
		return i, true
	}
	var digits string
	base := 0
	switch {
	case key == "emailaddress":
		local, _, _ := strings.Cut(value, "@")
		digits = local[strings.LastIndexByte(local, '.')+1:]
	case key == "phonenumber":
		digits = strings.TrimPrefix(value, "+3161")
	case key == "whatsappusername":
		digits = strings.TrimPrefix(value, "wa.")
	case strings.HasPrefix(key, "facebookid-"):
		digits, base = value, 4_000_000_000
	case strings.HasPrefix(key, "applebc-"):
		digits = strings.TrimPrefix(value, "urn:mbid:")
	}
	i, err := strconv.Atoi(digits)
	i -= base
	if err != nil || i < 0 || i >= s.contacts {
		return 0, false
	}
	p := s.contact(i)
	for channel := range birdData.Channels {
		if s.identifier(i, p, channel) == (birdIdentifier{key, value}) {
			return i, true
		}
	}
	if (key == "emailaddress" && value == p.email) || (key == "phonenumber" && value == p.phone) {
		return i, true
	}
	return 0, false
}

// contactDoc is a contact as the contacts API shows it; attributes have mixed types.
func (s birdSeed) contactDoc(i int) map[string]any {
	p := s.contact(i)
	created := s.base.Add(-time.Duration(i+1) * 47 * time.Minute)
	named := s.displayName(i, p) != ""
	name := p.name()
	if !named {
		name = p.phone // the vendor computes a name when none was given
	}
	doc := map[string]any{}
	birdData.Contact.apply(s.cook(nil, i, map[string]any{
		"id": s.id(birdContactKind, i), "email": p.email, "phone": p.phone, "zone": p.zone, "at": p.company, "orders": i % 12, "name": name,
		"workspace": birdWorkspace, "created": birdTime(created, i), "updated": birdTime(created.Add(time.Hour), i+1),
	}), doc)
	if named {
		attributes := doc["attributes"].(map[string]any)
		attributes["firstName"], attributes["lastName"] = p.first, p.last
	}
	return doc
}
