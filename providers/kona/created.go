package kona

import (
	"context"
	"encoding/json"
	"slices"

	"confab/model"
	"confab/providers"
)

func (p *provider) Newest(ctx context.Context, n model.NewConversation) (model.Newest, error) {
	h, err := p.head(ctx, n.Space, nil)
	return h.Newest(), err
}

// Find implements model.Provider. What was created by another user than the account's own is not it.
func (p *provider) Find(ctx context.Context, e model.Edit, known []string) (model.Found, error) {
	n := *e.Target.New
	h, err := p.head(ctx, n.Space, slices.Concat([]string{}, known))
	if err != nil {
		return model.Found{}, err
	}
	asked := func(r providers.Row) bool { return r.Title == n.Title && r.Space.ID == n.Space }
	inSpace := func(r providers.Row) bool { return r.Space.ID == n.Space }
	me := ""
	if slices.ContainsFunc(h.Rows, inSpace) {
		if me, err = p.ownID(ctx); err != nil {
			return model.Found{}, err
		}
	}
	return providers.FindCreated(h, asked, func(r providers.Row) bool { return inSpace(r) && r.Owner.ID == me },
		func(r providers.Row) (c model.Conversation, same, marked bool, err error) {
			d, err := p.Load(ctx, r.Ref.ID, model.NeedParticipants|model.NeedMessages)
			return d.Conversation, err == nil && d.Conversation.Owner.ID == me && n.MadeFrom(d), false, err
		})
}

// head reads the newest conversations of a space. Pages are counted, so that rows may slip between two of them: only
// the first is read.
func (p *provider) head(ctx context.Context, space string, known []string) (providers.Head, error) {
	if space != "" {
		if err := checkID(createConversation.Name, "space", space); err != nil {
			return providers.Head{}, err
		}
	}
	list := p.client.pages(keyConversations, 1, func(page int) providers.Call { return conversations(byCreated, space, page) })
	read := func(ctx context.Context, at string) (providers.Page[providers.Row], error) {
		page, err := list.Read(ctx, at)
		return providers.ConvertPage(page, func(raw json.RawMessage) (providers.Row, bool) {
			c, ok := convert(raw, p.account.Name, nil)
			return providers.Row{Conversation: c}, ok
		}), err
	}
	return providers.ReadHead(ctx, known, providers.Walk[providers.Row]{Most: 1, Read: read})
}

// ownID returns the id of the account's user.
func (p *provider) ownID(ctx context.Context) (string, error) {
	if id := p.session.userID(); id != "" {
		return id, nil
	}
	raw, err := p.client.one(ctx, keyUsers, providers.Call{Endpoint: userinfo})
	if err != nil {
		return "", err
	}
	id := idOf(raw)
	if id == "" {
		return "", providers.Malformed(userinfo.Name, "the answer does not say who is signed in")
	}
	return id, nil
}
