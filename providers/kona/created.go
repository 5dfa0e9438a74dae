package kona

import (
	"context"
	"slices"

	"confab/model"
	"confab/providers"
)

// Newest implements model.Provider.
func (p *Provider) Newest(ctx context.Context, n model.NewConversation) (model.Newest, error) {
	h, err := p.head(ctx, n.Space, nil)
	return h.Newest(), err
}

// Find implements model.Provider. What was created by another user than the account's own is not it.
func (p *Provider) Find(ctx context.Context, e model.Edit, known []string) (model.Found, error) {
	n := *e.Target.New
	h, err := p.head(ctx, n.Space, slices.Concat([]string{}, known))
	if err != nil {
		return model.Found{}, err
	}
	me := ""
	for _, r := range h.Rows {
		if r.Title != n.Title && r.Space.ID == n.Space && me == "" {
			if me, err = p.ownID(ctx); err != nil {
				return model.Found{}, err
			}
		}
	}
	return providers.FindCreated(h, func(r providers.Row) bool {
		return r.Title == n.Title && r.Space.ID == n.Space
	}, func(r providers.Row) bool { return r.Space.ID == n.Space && (me == "" || r.Owner.ID == me) }, func(r providers.Row) (c model.Conversation, same, marked bool, err error) {
		if me == "" {
			if me, err = p.ownID(ctx); err != nil {
				return c, false, false, err
			}
		}
		d, err := p.Load(ctx, r.Ref.ID, model.NeedParticipants|model.NeedMessages)
		if err != nil {
			return c, false, false, err
		}
		return d.Conversation, d.Conversation.Owner.ID == me && n.MadeFrom(d), false, nil
	})
}

// head reads the newest conversations of a space. Pages are counted, so that rows may slip between two of them: only
// the first is read.
func (p *Provider) head(ctx context.Context, space string, known []string) (providers.Head, error) {
	if space != "" {
		if err := checkID("create conversation", "space", space); err != nil {
			return providers.Head{}, err
		}
	}
	return providers.ReadHead(ctx, known, providers.Walk[providers.Row]{Most: 1, Read: func(ctx context.Context, _ string) (out providers.Page[providers.Row], err error) {
		answer, err := p.client.Do(ctx, p.client.listConversations(byCreated, space, 1))
		if err != nil {
			return out, err
		}
		list, err := items(answer, "conversations")
		if err != nil {
			return out, named(err, "list conversations")
		}
		fresh, end, _ := newPager(1).take(list)
		for _, raw := range fresh {
			if c, ok := convert(raw, p.account.Name, names{}); ok {
				out.Rows = append(out.Rows, providers.Row{Conversation: c})
			}
		}
		if !end {
			out.Next = "2"
		}
		out.Holes = list == nil || len(out.Rows) < len(list)
		return out, nil
	}})
}

// ownID gives the id of the account's user.
func (p *Provider) ownID(ctx context.Context) (string, error) {
	if id := p.session.userID(); id != "" {
		return id, nil
	}
	call := p.client.userinfo()
	answer, err := p.client.Do(ctx, call)
	if err != nil {
		return "", err
	}
	raw, err := one(answer, "users")
	if err != nil {
		return "", named(err, call.Name)
	}
	if id := idOf(raw); id != "" {
		return id, nil
	}
	return "", providers.Malformed(call.Name, "the answer does not say who is signed in")
}
