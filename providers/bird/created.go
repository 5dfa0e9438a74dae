package bird

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"confab/model"
	"confab/providers"
)

// headPages is how many pages are read for what was created since a list was read.
const headPages = 5

func (p *provider) Newest(ctx context.Context, _ model.NewConversation) (model.Newest, error) {
	h, err := p.head(ctx, nil)
	return h.Newest(), err
}

// Find implements model.Provider. A first message carries a reference that is made from the edit, and is unique in the
// workspace: it tells what this very create made. Without one, the people and who started it must be the same.
func (p *provider) Find(ctx context.Context, e model.Edit, known []string) (model.Found, error) {
	n := *e.Target.New
	h, err := p.head(ctx, slices.Concat([]string{}, known))
	if err != nil {
		return model.Found{}, err
	}
	alike := func(r providers.Row) bool { return r.Title == n.Title && strings.EqualFold(r.Channel.ID, n.Channel) }
	ours := func(r providers.Row) bool { return p.mayHaveStarted(r, n) }
	mark := messageReference(e.ID)
	return providers.FindCreated(h, alike, ours, func(r providers.Row) (c model.Conversation, same, marked bool, err error) {
		d, err := p.Load(ctx, r.Ref.ID, model.NeedParticipants|model.NeedMessages)
		if err != nil {
			return c, false, false, err
		}
		c = d.Conversation
		for _, m := range d.Messages.Items {
			if mark != "" && m.Reference == mark {
				return c, true, true, nil
			}
			if m.Reference != "" && n.Message != "" {
				return c, false, false, nil
			}
		}
		// The access key that created it may be in it as well.
		d.Conversation = c.Clone()
		d.Conversation.Participants.Items = slices.DeleteFunc(d.Conversation.Participants.Items, func(q model.Participant) bool {
			return q.Kind == kindAccessKey && (p.accessKey == "" || q.ID == p.accessKey)
		})
		return c, n.MadeFrom(d) && ours(r), false, nil
	})
}

// head reads the newest conversations. The order of the list is not documented, only seen, so it is checked by the
// times of creation.
func (p *provider) head(ctx context.Context, known []string) (providers.Head, error) {
	list := p.list(headPages, func(token string) providers.Call { return p.client.page(listConversations, "", pageLimit, token, nil) })
	read := func(ctx context.Context, token string) (out providers.Page[providers.Row], err error) {
		page, err := list.Read(ctx, token)
		if err != nil && token != "" && refusesToken(err) {
			return providers.Page[providers.Row]{Holes: true}, nil // as far as the service goes
		}
		out = providers.ConvertPage(page, func(raw json.RawMessage) (providers.Row, bool) {
			c, ok := convert(raw, p.account.Name, nil)
			return providers.Row{Conversation: c, Raw: raw}, ok
		})
		out.Holes = out.Holes || slices.ContainsFunc(out.Rows, func(r providers.Row) bool { return r.Created.IsZero() })
		return out, err
	}
	return providers.ReadHead(ctx, known, providers.Walk[providers.Row]{Read: read, Most: headPages})
}

// mayHaveStarted reports whether a conversation can have been started by a create of confab: by the access key, or in
// the name of one of the people who were asked for.
func (p *provider) mayHaveStarted(r providers.Row, n model.NewConversation) bool {
	o, _ := providers.ObjectOf(r.Raw)
	started := o.Object("initiatingParticipant")
	if started == nil {
		return true
	}
	who := participant(started)
	if who.Kind == kindAccessKey {
		return p.accessKey == "" || who.ID == p.accessKey
	}
	return slices.ContainsFunc(n.People, func(q model.Participant) bool { return model.SamePerson(q, who) })
}
