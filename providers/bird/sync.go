package bird

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"confab/model"
	"confab/providers"
)

// Bounds of one walk.
const (
	maxPages            = 20_000
	maxParticipantPages = 100
	maxChannelPages     = 10
	headPages           = 5 // to find what was created since the list was last read
)

// Sync implements model.Provider. The list can't be narrowed, so Since and Filter are left to the caller. It comes newest created
// first, an order that was observed but is not documented. So only a full walk finds an old conversation with a new message. If
// the service refuses a page token, the walk starts again, once.
func (p *provider) Sync(ctx context.Context, req model.SyncRequest, emit providers.Emit) (model.SyncResult, error) {
	list := p.conversations(maxPages)
	read := func(ctx context.Context, at string) (out providers.Page[model.Conversation], err error) {
		page, err := list.Read(ctx, at)
		if err != nil {
			return out, err
		}
		name := p.channelNames(ctx)
		return providers.ConvertPage(page, func(raw json.RawMessage) (model.Conversation, bool) { return p.convert(raw, name) }), nil
	}
	w := providers.Walk[model.Conversation]{Op: calls.ListConversations.Name, Read: read, MaxPages: maxPages, Expired: refusesToken}
	return providers.Sync(ctx, w, req, emit)
}

func (p *provider) conversations(maxPages int) providers.RawWalk {
	return p.list(maxPages, func(token string) providers.Call { return p.page(calls.ListConversations, "", pageLimit, token) })
}

// channels holds the channels of the workspace, in the order of the service and by id.
type channels struct {
	list []model.Participant
	byID map[string]model.Participant
}

func (c channels) name(id string) (name, platform string) { return c.byID[id].Name, c.byID[id].Status }

// channelNames returns a function that names channels, for convert. A channel without a known name is shown by its id.
func (p *provider) channelNames(ctx context.Context) func(string) (string, string) {
	known, _ := p.channels.Optional(ctx)
	return known.name
}

func (p *provider) readChannels(ctx context.Context) (channels, error) {
	rows, _, err := p.list(maxChannelPages, func(token string) providers.Call {
		return p.page(calls.ListChannels, "", channelLimit, token)
	}).All(ctx)
	if err != nil {
		return channels{}, err
	}
	out := channels{list: providers.ConvertPage(providers.RawPage{Rows: rows}, convertChannel).Rows, byID: map[string]model.Participant{}}
	for _, c := range out.list {
		out.byID[c.ID] = c
	}
	return out, nil
}

// Newest implements model.Creator.
func (p *provider) Newest(ctx context.Context, _ model.NewConversation) (model.Newest, error) {
	h, err := p.head(ctx, nil)
	return h.Newest(), err
}

// Find implements model.Creator. The first message bears a reference that is derived from the edit and unique in the workspace, so
// it identifies what this very create made. Without a first message, the people and the initiator must be the same.
func (p *provider) Find(ctx context.Context, e model.Edit, known []string) (model.FoundCreates, error) {
	n := *e.Target.New
	h, err := p.head(ctx, slices.Concat([]string{}, known))
	if err != nil {
		return model.FoundCreates{}, err
	}
	matches := func(r providers.Row) bool { return r.Title == n.Title && strings.EqualFold(r.Channel.ID, n.Channel) }
	mayBeOurs := func(r providers.Row) bool { return p.mayHaveStarted(r, n) }
	mark := messageReference(e.ID)
	return providers.FindCreated(h, matches, mayBeOurs, func(r providers.Row) (c model.Conversation, same, marked bool, err error) {
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
		// The access key that created the conversation may be a participant as well.
		d.Conversation = c.Clone()
		d.Conversation.Participants.Items = slices.DeleteFunc(d.Conversation.Participants.Items, p.isOwnKey)
		return c, n.Matches(d) && mayBeOurs(r), false, nil
	})
}

// head reads the newest conversations.
func (p *provider) head(ctx context.Context, known []string) (providers.Head, error) {
	list := p.conversations(headPages)
	read := func(ctx context.Context, token string) (out providers.Page[providers.Row], err error) {
		page, err := list.Read(ctx, token)
		if err != nil && token != "" && refusesToken(err) {
			return providers.Page[providers.Row]{Incomplete: true}, nil // what was read so far is the head
		}
		out = providers.ConvertPage(page, func(raw json.RawMessage) (providers.Row, bool) {
			c, ok := p.convert(raw, nil)
			return providers.Row{Conversation: c, Raw: raw}, ok
		})
		out.Incomplete = out.Incomplete || slices.ContainsFunc(out.Rows, func(r providers.Row) bool { return r.Created.IsZero() })
		return out, err
	}
	return providers.ReadHead(ctx, known, providers.Walk[providers.Row]{Read: read, MaxPages: headPages})
}

// mayHaveStarted reports whether a create of confab can have started a conversation: the initiator is the access key, or one of the
// people that the create named.
func (p *provider) mayHaveStarted(r providers.Row, n model.NewConversation) bool {
	o, _ := providers.ObjectOf(r.Raw)
	started := o.Object("initiatingParticipant")
	if started == nil {
		return true
	}
	who := participant(started)
	return p.isOwnKey(who) || who.Kind != kindAccessKey &&
		slices.ContainsFunc(n.People, func(q model.Participant) bool { return model.SamePerson(q, who) })
}

// isOwnKey reports whether a participant may be the access key of the account.
func (p *provider) isOwnKey(q model.Participant) bool {
	return q.Kind == kindAccessKey && (p.accessKey == "" || q.ID == p.accessKey)
}
