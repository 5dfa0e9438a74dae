package model

import (
	"iter"
	"slices"
	"strings"
)

// Strangers tells of people who are known to be from outside by their nature: contacts that are reached by an identifier,
// and people whom the service itself calls external.
type Strangers struct {
	Some        bool
	Unaddressed bool // one of them has no mail address to tell by
}

// Stranger reports whether somebody is a contact that is reached by an identifier.
func (p Participant) Stranger() bool { return p.Kind == KindContact && p.Identifier != "" }

// StrangersIn returns the strangers in a conversation.
func StrangersIn(c *Conversation) (s Strangers) {
	addressed := false
	for _, list := range [...][]Participant{c.Participants.Items, c.Contacts.Items, c.Featured} {
		for i := range list {
			p := &list[i]
			addressed = addressed || address(p) != ""
			if p.Stranger() {
				s.Some = true
				s.Unaddressed = s.Unaddressed || address(p) == ""
			}
		}
	}
	if !addressed && c.Internal != nil && !*c.Internal {
		s = Strangers{Some: true, Unaddressed: true}
	}
	return s
}

// Outsiders reports whether somebody is not one of us: one of the addresses is at no domain of ours. Where ours is
// empty, the domain of the owner's address is ours; where that isn't known either, strangers are outsiders.
func Outsiders(addresses iter.Seq[string], owner string, s Strangers, ours []string) bool {
	if s.Unaddressed {
		return true
	}
	if len(ours) == 0 {
		domain := mailDomain(owner)
		if domain == "" {
			return s.Some
		}
		ours = []string{domain}
	}
	for a := range addresses {
		if foreign(mailDomain(a), ours) {
			return true
		}
	}
	return false
}

// HasOutsiders reports whether somebody in a conversation is not one of us, see Outsiders.
func HasOutsiders(c *Conversation, ours []string) bool {
	return Outsiders(func(yield func(string) bool) {
		for _, list := range [...][]Participant{c.Participants.Items, c.Contacts.Items, c.Featured} {
			for i := range list {
				if !yield(address(&list[i])) {
					return
				}
			}
		}
	}, c.Owner.Email, StrangersIn(c), ours)
}

// Outside returns the mail domain of somebody in a conversation who is not one of us, "" for others.
func Outside(p Participant, c *Conversation, ours []string) string {
	domain := mailDomain(address(&p))
	if own := mailDomain(c.Owner.Email); len(ours) == 0 && own != "" {
		ours = []string{own}
	}
	if len(ours) == 0 && p.Stranger() || len(ours) > 0 && foreign(domain, ours) {
		return domain
	}
	return ""
}

// address returns what holds the mail address of somebody, "" where there is none.
func address(p *Participant) string {
	if p.Email == "" && strings.Contains(p.Identifier, "@") {
		return p.Identifier
	}
	return p.Email
}

// mailDomain returns what follows the @ of an address in lower case, "" where that is no domain.
func mailDomain(address string) string {
	_, domain, ok := strings.Cut(address, "@")
	if !ok || strings.ContainsAny(domain, " \t\r\n@") {
		return ""
	}
	return strings.ToLower(strings.TrimSuffix(domain, "."))
}

// calendars is where calendar resources have their addresses: rooms are nobody.
const calendars = "calendar.google.com"

// foreign reports whether a domain is none of ours and below none of them.
func foreign(domain string, ours []string) bool {
	return domain != "" && !below(domain, calendars) && !slices.ContainsFunc(ours, func(own string) bool { return below(domain, own) })
}

func below(domain, parent string) bool {
	rest, ok := strings.CutSuffix(domain, parent)
	return ok && (rest == "" || rest[len(rest)-1] == '.')
}
