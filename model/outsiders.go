package model

import (
	"iter"
	"slices"
	"strings"
)

// Strangers says whether a conversation has people who are known to be from outside even without comparing mail domains:
// contacts that are reached by an identifier, and people whom the service itself calls external.
type Strangers struct {
	Some        bool
	Unaddressed bool // one of them has no mail address, so domains can't tell who they are
}

// Stranger reports whether somebody is a contact that is reached by an identifier.
func (p Participant) Stranger() bool { return p.Kind == KindContact && p.Identifier != "" }

// StrangersIn returns the strangers in a conversation.
func StrangersIn(c *Conversation) (s Strangers) {
	addressed := false
	for p := range c.Everybody() {
		addressed = addressed || p.address() != ""
		if p.Stranger() {
			s.Some = true
			s.Unaddressed = s.Unaddressed || p.address() == ""
		}
	}
	if !addressed && c.Internal != nil && !*c.Internal {
		s = Strangers{Some: true, Unaddressed: true}
	}
	return s
}

// Outsiders reports whether one of the addresses is at none of our mail domains. If ours is empty, the domain of the owner's
// address is ours; if that is unknown too, only strangers are outsiders.
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
		if isForeign(mailDomain(a), ours) {
			return true
		}
	}
	return false
}

// HasOutsiders reports whether somebody in a conversation is an outsider, see Outsiders.
func HasOutsiders(c *Conversation, ours []string) bool {
	var addresses []string
	for p := range c.Everybody() {
		addresses = append(addresses, p.address())
	}
	return Outsiders(slices.Values(addresses), c.Owner.Email, StrangersIn(c), ours)
}

// Outside returns the mail domain of somebody in a conversation if that person is an outsider, else "".
func Outside(p Participant, c *Conversation, ours []string) string {
	domain := mailDomain(p.address())
	if own := mailDomain(c.Owner.Email); len(ours) == 0 && own != "" {
		ours = []string{own}
	}
	if len(ours) == 0 && p.Stranger() || len(ours) > 0 && isForeign(domain, ours) {
		return domain
	}
	return ""
}

// address returns the mail address of a participant or an identifier that contains it; "" if there is none.
func (p *Participant) address() string {
	if p.Email == "" && strings.Contains(p.Identifier, "@") {
		return p.Identifier
	}
	return p.Email
}

// mailDomain returns what follows the @ of an address, in lower case; "" if that is no domain.
func mailDomain(address string) string {
	_, domain, ok := strings.Cut(address, "@")
	if !ok || strings.ContainsAny(domain, " \t\r\n@") {
		return ""
	}
	return strings.ToLower(strings.TrimSuffix(domain, "."))
}

// calendars is the domain of calendar resources: a room is no person.
const calendars = "calendar.google.com"

// isForeign reports whether a domain is neither ours nor a subdomain of ours.
func isForeign(domain string, ours []string) bool {
	in := func(parent string) bool { return domain == parent || strings.HasSuffix(domain, "."+parent) }
	return domain != "" && !in(calendars) && !slices.ContainsFunc(ours, in)
}
