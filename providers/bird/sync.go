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
	maxPages            = 20_000 // of conversations: two million
	maxParticipantPages = 100
	maxChannelPages     = 10
	headPages           = 5 // for what was created since a list was read
)

// cursorPrefix marks a cursor of an unfinished walk; the page token follows.
const cursorPrefix = "page:"

// Sync implements model.Provider. The list has no filter, and newest created conversations come first (an order that is
// seen, not documented), so an old conversation with a new message is found by a full walk only. Since and Filter are
// left to the caller. A page token that the service no longer takes starts the walk again, once.
func (p *provider) Sync(ctx context.Context, req model.SyncRequest, emit providers.Emit) (model.SyncResult, error) {
	list := p.conversations(maxPages)
	read := func(ctx context.Context, at string) (out providers.Page[model.Conversation], err error) {
		page, err := list.Read(ctx, strings.TrimPrefix(at, cursorPrefix))
		if err != nil {
			return out, err
		}
		name := p.namer(ctx)
		out = providers.ConvertPage(page, func(raw json.RawMessage) (model.Conversation, bool) { return p.convert(raw, name) })
		if out.Next != "" {
			out.Next = cursorPrefix + out.Next
		}
		return out, nil
	}
	if !strings.HasPrefix(req.Cursor, cursorPrefix) {
		req.Cursor = ""
	}
	w := providers.Walk[model.Conversation]{Op: calls.ListConversations.Name, Read: read, Most: maxPages, Lost: refusesToken}
	return providers.Sync(ctx, w, req, emit)
}

func (p *provider) conversations(most int) providers.RawWalk {
	return p.list(most, func(token string) providers.Call { return p.page(calls.ListConversations, "", pageLimit, token) })
}

// channels are those of the workspace, in order.
type channels struct {
	list    []model.Participant
	at      map[string]model.Participant
	refused error // why the access key may not list them; ids then stay without names
}

func (c channels) name(id string) (name, platform string) { return c.at[id].Name, c.at[id].Status }

// namer returns a function that names channels, for convert. They are listed when the first name is wanted.
func (p *provider) namer(ctx context.Context) func(string) (string, string) {
	known, _ := p.channels.Names(ctx) // a courtesy: what cannot be named is shown by its id
	return known.name
}

// readChannels lists the channels. A refusal lasts for the run.
func (p *provider) readChannels(ctx context.Context) (channels, error) {
	rows, _, err := p.list(maxChannelPages, func(token string) providers.Call {
		return p.page(calls.ListChannels, "", channelLimit, token)
	}).All(ctx)
	switch model.KindOf(err) {
	case "":
	case model.Forbidden, model.NotFound:
		return channels{refused: err}, nil
	default:
		return channels{}, err
	}
	out := channels{list: providers.ConvertPage(providers.RawPage{Rows: rows}, convertChannel).Rows, at: map[string]model.Participant{}}
	for _, c := range out.list {
		out.at[c.ID] = c
	}
	return out, nil
}

// Newest implements model.Creator.
func (p *provider) Newest(ctx context.Context, _ model.NewConversation) (model.Newest, error) {
	h, err := p.head(ctx, nil)
	return h.Newest(), err
}

// Find implements model.Creator. A first message carries a reference that is made from the edit, and is unique in the
// workspace: it tells what this very create made. Without one, the people and who started it must be the same.
func (p *provider) Find(ctx context.Context, e model.Edit, known []string) (model.FoundCreates, error) {
	n := *e.Target.New
	h, err := p.head(ctx, slices.Concat([]string{}, known))
	if err != nil {
		return model.FoundCreates{}, err
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
		d.Conversation.Participants.Items = slices.DeleteFunc(d.Conversation.Participants.Items, p.isOwnKey)
		return c, n.Matches(d) && ours(r), false, nil
	})
}

// head reads the newest conversations, whose order is checked by the times of creation.
func (p *provider) head(ctx context.Context, known []string) (providers.Head, error) {
	list := p.conversations(headPages)
	read := func(ctx context.Context, token string) (out providers.Page[providers.Row], err error) {
		page, err := list.Read(ctx, token)
		if err != nil && token != "" && refusesToken(err) {
			return providers.Page[providers.Row]{Holes: true}, nil // as far as the service goes
		}
		out = providers.ConvertPage(page, func(raw json.RawMessage) (providers.Row, bool) {
			c, ok := p.convert(raw, nil)
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
	return p.isOwnKey(who) || who.Kind != kindAccessKey &&
		slices.ContainsFunc(n.People, func(q model.Participant) bool { return model.SamePerson(q, who) })
}

// isOwnKey reports whether somebody is the access key of the account, as far as that is known.
func (p *provider) isOwnKey(q model.Participant) bool {
	return q.Kind == kindAccessKey && (p.accessKey == "" || q.ID == p.accessKey)
}
