package ui

import (
	"context"
	"slices"

	"confab/model"
)

// subjects are the conversations that something is about: one row, or else a set
// of any size. Nothing on the way of a key goes through the whole set.
type subjects struct {
	// row is the conversation under the cursor; one says that it alone is meant.
	row model.Row
	one bool
	set model.Selection
}

func (s subjects) size() int {
	if s.one {
		return 1
	}
	return s.set.Len()
}

func (s *subjects) has(r *model.Row) bool {
	if s.one {
		return r.Conversation.Ref == s.row.Conversation.Ref
	}
	return s.set.Has(r.Conversation.Ref.Account, r.Key)
}

func (s subjects) accounts() []string {
	if s.one {
		return []string{s.row.Conversation.Ref.Account}
	}
	return s.set.Accounts()
}

// refs is for commands only.
func (s subjects) refs(ctx context.Context, be Backend) ([]model.Ref, error) {
	if s.one {
		return []model.Ref{s.row.Conversation.Ref}, nil
	}
	refs, err := be.RefsOf(ctx, s.set)
	if ctx.Err() != nil {
		err = &model.Error{Kind: model.Local, Message: "stopped: nothing was done", Err: ctx.Err()}
	}
	return refs, err
}

// hidden returns those that a view does not hold. It is for commands only.
func (s subjects) hidden(ctx context.Context, be Backend, query string) (map[model.Ref]bool, error) {
	view, err := be.Select(ctx, model.SelectRequest{Query: query, Inbox: true})
	if err != nil {
		return nil, err
	}
	away := s.set.Clone()
	away.RemoveAll(view)
	if away.Len() == 0 {
		return nil, nil
	}
	refs, err := be.RefsOf(ctx, away)
	out := make(map[model.Ref]bool, len(refs))
	for _, r := range refs {
		out[r] = true
	}
	return out, err
}

// sample is what a conversation that stands for others allows; about is the description
// of its account.
type sample struct {
	about model.Description
	can   model.Capabilities
}

type samples []sample

// samples returns the conversations that are at hand, and for each account of
// which some are not, one that stands for them.
func (m *Model) samples(s subjects) (out samples) {
	held := map[string]int{}
	add := func(c model.Conversation) {
		about, _ := m.be.Describe(c.Ref.Account)
		out = append(out, sample{about, m.be.Capabilities(c)})
		held[c.Ref.Account]++
	}
	if s.one {
		add(s.row.Conversation)
		return out
	}
	for _, row := range m.list.Rows() {
		if s.has(&row) {
			add(row.Conversation)
		}
	}
	for _, name := range s.set.Accounts() {
		if held[name] < s.set.Count(name) {
			about, _ := m.be.Describe(name)
			add(model.Conversation{Ref: model.Ref{Account: name}, Provider: about.Provider})
		}
	}
	return out
}

// capabilities returns, for every kind of edit, the best that any of the
// conversations allows; the plan says for which it can't be done.
func (s samples) capabilities() model.Capabilities {
	out := model.Capabilities{}
	for _, one := range s {
		for k, v := range one.can {
			if was, ok := out[k]; !ok || !was.Can() && v.Can() {
				out[k] = v
			}
		}
	}
	return out
}

// accounts returns the descriptions of the accounts in which this kind of edit
// can be made, each once.
func (s samples) accounts(kind model.EditKind) (out []model.Description) {
	for _, one := range s {
		known := func(d model.Description) bool { return d.Account == one.about.Account }
		if one.can.Of(kind).Can() && one.about.Account != "" && !slices.ContainsFunc(out, known) {
			out = append(out, one.about)
		}
	}
	return out
}

// about returns the description of the account that an edit of this kind is
// about: the first in which it can be made.
func (s samples) about(kind model.EditKind) (d model.Description) {
	if all := s.accounts(kind); len(all) > 0 {
		return all[0]
	}
	if len(s) > 0 {
		d = s[0].about
	}
	return d
}

// choices returns the values of a kind that all accounts have in common, and why
// several have none.
func (s samples) choices(kind model.EditKind) (values []string, why string) {
	all := s.accounts(kind)
	for i, d := range all {
		if i == 0 {
			values = slices.Clone(kind.Choices(d))
		}
		values = slices.DeleteFunc(values, func(v string) bool { return !slices.Contains(kind.Choices(d), v) })
	}
	if len(all) > 1 && len(values) == 0 {
		why = "these accounts have no value in common: take one account at a time"
	}
	return values, why
}
