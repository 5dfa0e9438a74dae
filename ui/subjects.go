package ui

import (
	"slices"
	"strings"

	"confab/model"
)

// samples gives the conversations of an intent that are at hand, and for
// accounts of which none is, one that stands for them.
func (m *Model) samples(in intent) []model.Conversation {
	if in.one {
		return []model.Conversation{in.row.Conversation}
	}
	provider := map[string]string{}
	for _, a := range m.facts.Accounts() {
		provider[a.Name] = a.Provider
	}
	var out []model.Conversation
	missing := map[string]bool{}
	for _, ref := range in.refs {
		if row, ok := m.list.Row(ref); ok {
			out = append(out, row.Conversation)
		} else if !missing[ref.Account] {
			missing[ref.Account] = true
			out = append(out, model.Conversation{Ref: model.Ref{Account: ref.Account}, Provider: provider[ref.Account]})
		}
	}
	return out
}

// capabilities gives, for every kind of edit, the best that any of the
// conversations of an intent allows; the plan says for which it can't be done.
func (m *Model) capabilities(in intent) model.Capabilities {
	out := model.Capabilities{}
	for _, c := range m.samples(in) {
		for k, v := range m.facts.Capabilities(c) {
			if was, ok := out[k]; !ok || !was.Can() && v.Can() {
				out[k] = v
			}
		}
	}
	return out
}

// accounts gives the descriptions of the accounts of an intent in which this
// kind of edit can be made, each once.
func (m *Model) accounts(in intent, kind model.EditKind) []model.Description {
	var out []model.Description
	seen := map[string]bool{}
	for _, c := range m.samples(in) {
		name := c.Ref.Account
		if seen[name] || !m.facts.Capabilities(c).Of(kind).Can() {
			continue
		}
		if d, ok := m.facts.Describe(name); ok {
			seen[name] = true
			out = append(out, d)
		}
	}
	return out
}

// spread says why an edit of people can't be made for several accounts at
// once, "" where it is for one. Ids, roles and statuses are those of one
// account's directory.
func (m *Model) spread(in intent, kind model.EditKind) string {
	all := m.accounts(in, kind)
	if len(all) < 2 {
		return ""
	}
	names := make([]string, len(all))
	for i, d := range all {
		names[i] = model.CleanLine(d.Account, 60)
	}
	return "these conversations are in " + strings.Join(names, " and ") + ", each with its own people and roles: take one account at a time"
}

// shared keeps of the values of every account those that all of them have.
func shared(all []model.Description, values func(model.Description) []string) []string {
	var out []string
	for i, d := range all {
		if i == 0 {
			out = slices.Clone(values(d))
			continue
		}
		out = slices.DeleteFunc(out, func(v string) bool { return !slices.Contains(values(d), v) })
	}
	return out
}

// about gives the description of the account that an edit of this kind is
// about: the first of the intent where it can be made.
func (m *Model) about(in intent, kind model.EditKind) model.Description {
	var first model.Description
	for i, c := range m.samples(in) {
		d, ok := m.facts.Describe(c.Ref.Account)
		if !ok {
			continue
		}
		if i == 0 {
			first = d
		}
		if m.facts.Capabilities(c).Of(kind).Can() {
			return d
		}
	}
	return first
}
