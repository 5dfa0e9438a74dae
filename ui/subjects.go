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

// size returns how many conversations these are.
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

// sample is a conversation that stands for others, and what it allows.
type sample struct {
	conversation *model.Conversation
	can          model.Capabilities
}

// samples returns the conversations that are at hand, and for each account of
// which some are not, one that stands for them.
func (m *Model) samples(s subjects) samples {
	var out samples
	add := func(c *model.Conversation) { out = append(out, sample{c, m.facts.Capabilities(*c)}) }
	if s.one {
		add(&s.row.Conversation)
		return out
	}
	held := map[string]int{}
	rows := m.list.Rows()
	for i := range rows {
		if s.has(&rows[i]) {
			add(&rows[i].Conversation)
			held[rows[i].Conversation.Ref.Account]++
		}
	}
	for _, name := range s.set.Accounts() {
		if held[name] < s.set.Count(name) {
			about, _ := m.facts.Describe(name)
			add(&model.Conversation{Ref: model.Ref{Account: name}, Provider: about.Provider})
		}
	}
	return out
}

type samples []sample

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
func (s samples) accounts(facts Facts, kind model.EditKind) []model.Description {
	var out []model.Description
	seen := map[string]bool{}
	for _, one := range s {
		name := one.conversation.Ref.Account
		if seen[name] || !one.can.Of(kind).Can() {
			continue
		}
		if d, ok := facts.Describe(name); ok {
			seen[name] = true
			out = append(out, d)
		}
	}
	return out
}

// about returns the description of the account that an edit of this kind is
// about: the first in which it can be made.
func (s samples) about(facts Facts, kind model.EditKind) model.Description {
	var first model.Description
	for i, one := range s {
		d, ok := facts.Describe(one.conversation.Ref.Account)
		if !ok {
			continue
		}
		if i == 0 {
			first = d
		}
		if one.can.Of(kind).Can() {
			return d
		}
	}
	return first
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
