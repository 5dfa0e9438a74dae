package bird

import (
	"context"
	"encoding/json"
	"strings"

	"confab/model"
	"confab/providers"
)

// Bounds of one walk.
const (
	maxPages            = 20_000 // of conversations: two million
	maxParticipantPages = 100
	maxChannelPages     = 10
)

// cursorPrefix marks a cursor of an unfinished walk; the page token follows.
const cursorPrefix = "page:"

// Sync implements model.Provider. The list has no filter, and newest created conversations come first, so an old
// conversation with a new message is found by a full walk only. Since and Filter are left to the caller, since the
// service cannot apply them. A page token that the service no longer takes starts the walk again, once.
func (p *provider) Sync(ctx context.Context, req model.SyncRequest, emit providers.Emit) (model.SyncResult, error) {
	list := p.list(maxPages, func(token string) providers.Call { return p.client.page(listConversations, "", pageLimit, token, nil) })
	read := func(ctx context.Context, at string) (out providers.Page[model.Conversation], err error) {
		page, err := list.Read(ctx, strings.TrimPrefix(at, cursorPrefix))
		if err != nil {
			return out, err
		}
		name := p.namer(ctx)
		out = providers.ConvertPage(page, func(raw json.RawMessage) (model.Conversation, bool) { return convert(raw, p.account.Name, name) })
		if out.Next != "" {
			out.Next = cursorPrefix + out.Next
		}
		return out, nil
	}
	if !strings.HasPrefix(req.Cursor, cursorPrefix) {
		req.Cursor = ""
	}
	w := providers.Walk[model.Conversation]{Op: listConversations.Name, Read: read, Most: maxPages, Lost: refusesToken}
	return providers.Sync(ctx, w, req, emit)
}

// list walks a list of at most some pages.
func (p *provider) list(most int, call func(token string) providers.Call) providers.RawWalk {
	return providers.RawWalk{Most: most, Read: func(ctx context.Context, token string) (providers.RawPage, error) {
		return readPage(p.client.Do(ctx, call(token)))
	}}
}

// refusesToken reports whether an answer may be about the page token: how long one lives is not documented.
func refusesToken(err error) bool {
	k := model.KindOf(err)
	return k == model.Invalid || k == model.NotFound || k == model.ConflictKind
}

// channels are those of the workspace, in order and by id.
type channels struct {
	list []channel
	at   map[string]channel
	// refused is why the access key may not list them; ids then stay without names.
	refused error
}

// namer returns a function that names channels, for convert. They are listed when the first name is wanted.
func (p *provider) namer(ctx context.Context) func(string) (string, string) {
	known, _ := p.channels.Names(ctx) // a courtesy: what cannot be named is shown by its id
	return known.name
}

func (c channels) name(id string) (name, platform string) { return c.at[id].name, c.at[id].platform }

// readChannels lists the channels. A refusal lasts for the run.
func (p *provider) readChannels(ctx context.Context) (channels, error) {
	rows, _, err := p.list(maxChannelPages, func(token string) providers.Call {
		return p.client.page(listChannels, "", channelLimit, token, nil)
	}).All(ctx)
	switch model.KindOf(err) {
	case "":
	case model.Forbidden, model.NotFound:
		return channels{refused: err}, nil
	default:
		return channels{}, err
	}
	out := channels{at: make(map[string]channel, len(rows))}
	for _, raw := range rows {
		if ch, ok := convertChannel(raw); ok {
			out.list = append(out.list, ch)
			out.at[ch.id] = ch
		}
	}
	return out, nil
}
