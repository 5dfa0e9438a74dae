package query

import (
	"strings"
	"sync/atomic"

	"confab/model"
)

// Service is what the language knows of a provider: its name, and the rules that audience: goes by.
type Service struct {
	Name     string
	Audience model.Audiences
}

// services are in the order used everywhere; domains are the mail domains that are ours.
var services, domains = new(atomic.Pointer[[]Service]), new(atomic.Pointer[[]string])

// SetServices tells which providers there are, before the first query is read:
// a name that is nearly one of them is a slip. Any name matches all the same.
func SetServices(all []Service) { services.Store(&all) }

// SetDomains tells which mail domains are ours, for has:outsiders. Where there are none, that of a conversation's
// owner is.
func SetDomains(ours []string) { domains.Store(&ours) }

func told[T any](p *atomic.Pointer[[]T]) []T {
	if all := p.Load(); all != nil {
		return *all
	}
	return nil
}

func serviceNames() (names []string) {
	for _, s := range told(services) {
		names = append(names, s.Name)
	}
	return names
}

// class returns how far a conversation reaches.
func (s *Subject) class() model.Class {
	for _, of := range told(services) {
		if of.Name == s.Provider {
			return of.Audience.Of(model.Privacy(s.Privacy), s.Access, s.Flags&FlagGroups != 0).Class
		}
	}
	return model.ClassUnknown
}

// outsiders reports whether somebody in a conversation is not one of us.
func (s *Subject) outsiders() bool {
	owner := ""
	for line := range strings.SplitSeq(s.Owner, "\n") {
		if strings.Contains(line, "@") {
			owner = line
		}
	}
	strangers := model.Strangers{Some: s.Flags&FlagStrangers != 0, Unaddressed: s.Flags&FlagUnaddressed != 0}
	return model.Outsiders(strings.SplitSeq(s.People, "\n"), owner, strangers, told(domains))
}
