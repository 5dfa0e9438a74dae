package bird

import (
	"context"
	"encoding/json"
	"errors"
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
func (p *Provider) Sync(ctx context.Context, req model.SyncRequest, emit func(model.Batch) (bool, error)) (model.SyncResult, error) {
	full := req.Mode == model.SyncFull
	token := ""
	if full {
		if t, ok := strings.CutPrefix(req.Cursor, cursorPrefix); ok {
			token = t
		}
	}
	cursor := func(token string) string {
		if !full || token == "" {
			return ""
		}
		return cursorPrefix + token
	}
	walked, err := providers.SyncWalk(ctx, providers.Walk[model.Conversation]{Read: p.readRows, Most: maxPages, Lost: refusesToken},
		listConversationsEndpoint.Name, token, cursor, emit)
	return model.SyncResult{Cursor: cursor(walked.At), Complete: walked.Whole}, err
}

// readRows reads one page of conversations. A row that cannot be told apart may be one that is known.
func (p *Provider) readRows(ctx context.Context, token string) (providers.Page[model.Conversation], error) {
	page, err := p.readPage(ctx, p.client.listConversations(pageLimit, token))
	if err != nil {
		return providers.Page[model.Conversation]{}, err
	}
	out := providers.Page[model.Conversation]{Next: page.Next, Holes: page.Holes, Rows: make([]model.Conversation, 0, len(page.Rows))}
	name := p.namer(ctx)
	for _, raw := range page.Rows {
		if c, ok := convertRow(raw, p.account.Name, name); ok {
			out.Rows = append(out.Rows, c)
		}
	}
	out.Holes = out.Holes || len(out.Rows) < len(page.Rows)
	return out, nil
}

// readPage reads one page of any list.
func (p *Provider) readPage(ctx context.Context, call providers.Call) (providers.Page[json.RawMessage], error) {
	answer, err := p.client.do(ctx, call)
	if err != nil {
		return providers.Page[json.RawMessage]{}, err
	}
	page, err := readPage(answer)
	if err != nil {
		err = named(err, call.Name)
	}
	return page, err
}

// list walks a list of at most some pages.
func (p *Provider) list(most int, call func(token string) providers.Call) providers.Walk[json.RawMessage] {
	return providers.Walk[json.RawMessage]{Most: most, Read: func(ctx context.Context, token string) (providers.Page[json.RawMessage], error) {
		return p.readPage(ctx, call(token))
	}}
}

// refusesToken reports whether an answer may be about the page token: how long one lives is not documented.
func refusesToken(err error) bool {
	var e *model.Error
	if !errors.As(err, &e) {
		return false
	}
	return e.Kind == model.Invalid || e.Kind == model.NotFound || e.Kind == model.ConflictKind
}

// named gives an error the name of what was being done.
func named(err error, op string) error {
	e := *model.AsError(err)
	if e.Op == "" {
		e.Op = op
	}
	return &e
}

// channels are those of the workspace, in order and by id.
type channels struct {
	list []channel
	at   map[string]channel
	// refused is why the access key may not list them; ids then stay without names.
	refused error
}

// namer gives a function that names channels, for convert. They are listed when the first name is wanted.
func (p *Provider) namer(ctx context.Context) func(string) (string, string) {
	known, _ := p.channels.Names(ctx) // a courtesy: what cannot be named is shown by its id
	return known.name
}

func (c channels) name(id string) (name, platform string) { return c.at[id].name, c.at[id].platform }

// readChannels lists the channels. A refusal lasts for the run.
func (p *Provider) readChannels(ctx context.Context) (channels, error) {
	rows, _, err := p.list(maxChannelPages, func(token string) providers.Call { return p.client.listChannels(channelLimit, token) }).All(ctx)
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
