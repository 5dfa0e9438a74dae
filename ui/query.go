package ui

import (
	"errors"

	"confab/model"
	"confab/model/query"
)

// combine narrows a view by a filter. Both are written in the query language.
func combine(view, filter string) (string, error) {
	f, err := query.Parse(filter)
	if err != nil {
		return "", err
	}
	if view == "" {
		return filter, nil
	}
	if filter == "" {
		return view, nil
	}
	v, err := query.Parse(view)
	if err != nil {
		return "", err
	}
	return v.And(f).String(), nil
}

// place tells where a query is wrong, in runes, and why.
func place(text string, err error) (pos int, why string) {
	var e *query.Error
	if !errors.As(err, &e) {
		return 0, err.Error()
	}
	why = e.Message
	if e.Suggestion != "" {
		why += ": did you mean " + e.Suggestion + "?"
	}
	return len([]rune(text[:max(0, min(e.Pos, len(text)))])), why
}

// vocabulary gives the values that completion offers, from what is at hand.
func (m *Model) vocabulary() query.Vocabulary {
	var v query.Vocabulary
	seen := map[string]bool{}
	add := func(to *[]query.Value, kind, s string) {
		s = model.CleanLine(s, 80)
		if s != "" && !seen[kind+"\x00"+s] {
			seen[kind+"\x00"+s] = true
			*to = append(*to, query.Value{Text: s})
		}
	}
	for _, a := range m.facts.Accounts() {
		add(&v.Accounts, "account", a.Name)
		add(&v.Providers, "provider", a.Provider)
	}
	for _, r := range m.list.Rows() {
		c := &r.Conversation
		add(&v.Kinds, "kind", c.Kind)
		add(&v.Statuses, "status", c.Status)
		add(&v.Owners, "owner", c.Owner.Name)
		add(&v.Teams, "team", c.Team.Name)
		add(&v.Spaces, "space", c.Space.Name)
		add(&v.Channels, "channel", c.Channel.Name)
		for _, n := range c.Companies {
			add(&v.Companies, "company", n.Name)
		}
		for k := range c.Labels {
			add(&v.Labels, "label", k)
		}
		for _, p := range c.People() {
			add(&v.People, "people", p.Name)
			add(&v.Roles, "role", p.Role)
		}
	}
	return v
}
