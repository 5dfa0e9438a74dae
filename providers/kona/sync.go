package kona

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"confab/model"
	"confab/providers"
)

// Bounds of one walk or load.
const (
	maxPages         = 20_000 // of conversations: two million
	commentPages     = 3      // for the detail view: three hundred
	commentPagesMost = 20     // where everything is asked for
)

// Sync implements model.Provider. The head is read latest updated first, where a new comment is not promised to count
// as an update; a full walk goes by creation, whose order does not change under it. Nothing narrows
// it: the list has one filter, by the id of a space, and a query names spaces by pieces of their names too.
func (p *provider) Sync(ctx context.Context, req model.SyncRequest, emit providers.Emit) (model.SyncResult, error) {
	full := req.Mode == model.SyncFull
	order := byUpdated
	if full {
		order = byCreated
	}
	list := p.client.pages(keyConversations, maxPages, func(page int) providers.Call { return conversations(order, "", page) })
	names := &naming{provider: p, left: maxNameRequests, anew: full}
	var bare []mentioned   // of the page that was read last
	var last, stopped bool // it ends the list; nothing more is wanted
	read := func(ctx context.Context, at string) (providers.Page[model.Conversation], error) {
		page, err := list.Read(ctx, at)
		bare, last = p.unnamed(page.Rows), page.Next == ""
		return providers.ConvertPage(page, p.convert), err
	}
	if !strings.HasPrefix(req.Cursor, cursorPrefix) {
		req.Cursor = ""
	}
	result, err := providers.Sync(ctx, providers.Walk[model.Conversation]{Op: listConversations.Name, Read: read, Most: maxPages}, req,
		func(b model.Batch) (bool, error) {
			more, err := emit(b)
			if stopped = !more; err != nil || stopped {
				return false, err
			}
			return true, names.after(ctx, bare, b.Cursor, emit)
		})
	if err == nil && last && !stopped {
		err = names.last(ctx, emit)
	}
	result.Complete = result.Complete && err == nil
	return result, err
}

func (p *provider) convert(raw json.RawMessage) (model.Conversation, bool) {
	c, ok := convert(raw, p.account.Name, p.directory.name)
	p.ageOf(&c)
	return c, ok
}

// unnamed returns the rows of a page that hold ids without a name, and of each these.
func (p *provider) unnamed(rows []json.RawMessage) []mentioned {
	var out []mentioned
	for _, raw := range rows {
		m := mentionedIn(raw)
		m.ids = slices.DeleteFunc(m.ids, func(s single) bool { return !p.directory.unknown(s) })
		if len(m.ids) > 0 {
			out = append(out, m)
		}
	}
	return out
}

// naming brings the names of one sync: the rows come first, and again when more is known of them.
type naming struct {
	provider *provider
	left     int // requests
	anew     bool
	begun    bool
	rows     []mentioned
}

// after takes the rows of a page that was emitted. After the first page the lists of everybody are read.
func (n *naming) after(ctx context.Context, rows []mentioned, cursor string, emit providers.Emit) error {
	if !n.begun {
		n.begun = true
		n.provider.directory.everywhere(ctx, &n.left, rows, n.anew)
		var err error
		if rows, err = n.again(ctx, rows, cursor, emit); err != nil {
			return err
		}
	}
	for _, r := range rows[:min(len(rows), maxUnnamed-len(n.rows))] {
		r.raw = slices.Clone(r.raw) // or it would hold the whole page
		n.rows = append(n.rows, r)
	}
	return nil
}

// last looks up, after the last page, who is known to a space alone.
func (n *naming) last(ctx context.Context, emit providers.Emit) error {
	if len(n.rows) == 0 {
		return nil
	}
	n.provider.directory.inSpaces(ctx, &n.left, n.rows)
	for rows := range slices.Chunk(n.rows, perPage) {
		if _, err := n.again(ctx, rows, "", emit); err != nil {
			return err
		}
	}
	return nil
}

// again emits the rows of which an id has a name now, and gives those that have others left.
func (n *naming) again(ctx context.Context, rows []mentioned, cursor string, emit providers.Emit) (left []mentioned, err error) {
	if err := ctx.Err(); err != nil {
		return nil, providers.GivenUp("read names", err)
	}
	var named []json.RawMessage
	for _, r := range rows {
		if slices.ContainsFunc(r.ids, n.provider.directory.known) {
			named = append(named, r.raw)
		}
		if slices.ContainsFunc(r.ids, n.provider.directory.unknown) {
			left = append(left, r)
		}
	}
	if len(named) > 0 {
		page := providers.ConvertPage(providers.RawPage{Rows: named}, n.provider.convert)
		_, err = emit(model.Batch{Total: -1, Cursor: cursor, Names: true, Conversations: page.Rows})
	}
	return left, err
}

func (p *provider) Load(ctx context.Context, id string, need model.Need) (model.Detail, error) {
	op := getConversation.Name
	if err := checkID(op, "conversation", id); err != nil {
		return model.Detail{}, err
	}
	answer, err := p.client.Do(ctx, getConversation.Of(id, nil))
	if err != nil {
		return model.Detail{}, err
	}
	raw, err := first(answer, keyConversations)
	if err != nil {
		return model.Detail{}, err
	}
	if idOf(raw) != id {
		return model.Detail{}, providers.Malformed(op, "the answer is not the conversation that was asked for")
	}
	everything := need.Has(model.NeedEverything)
	d := model.Detail{Raw: raw}
	var said []json.RawMessage
	var notShown string
	if everything || need.Has(model.NeedMessages) {
		pages := commentPages
		if everything {
			pages = commentPagesMost
		}
		var whole bool
		said, whole, err = p.client.pages("comments", pages, func(page int) providers.Call { return comments(id, page) }).All(ctx)
		switch model.KindOf(err) {
		case "":
			d.Messages.Known, d.MoreMessages = true, !whole && len(said) > 0
		case model.Forbidden, model.NotFound:
			notShown = model.AsError(err).Message
		default:
			return model.Detail{}, err
		}
	}
	p.nameAll(ctx, raw, said)
	if err := ctx.Err(); err != nil {
		return model.Detail{}, providers.GivenUp(op, err)
	}
	if d.Messages.Known {
		page := providers.RawPage{Rows: said}
		d.Messages.Items = providers.ConvertPage(page, func(raw json.RawMessage) (model.Message, bool) {
			return convertComment(raw, p.directory.name)
		}).Rows
		providers.SortMessages(d.Messages.Items)
		p.keepNewest(id, d.Messages.Items)
	}
	c, _ := p.convert(raw)
	c.ETag = answer.Header.Get("ETag")
	if d.Messages.Known {
		c.HasMessages = len(d.Messages.Items) > 0
	}
	if notShown != "" {
		c.Facts = append(c.Facts, model.Fact{Group: "Conversation", Label: "Comments", Value: "not shown: " + notShown})
	}
	d.Conversation = c
	return d, nil
}

// nameAll makes sure that the people of one conversation have names.
func (p *provider) nameAll(ctx context.Context, raw json.RawMessage, comments []json.RawMessage) {
	m := mentionedIn(raw)
	for _, r := range comments {
		o, _ := providers.ObjectOf(r)
		m.ids = append(m.ids, single{keyUsers, o.Text("creator_id")})
	}
	left := maxNameRequests
	p.directory.everywhere(ctx, &left, []mentioned{m}, false)
	p.directory.inSpaces(ctx, &left, []mentioned{m})
	p.directory.lookUp(ctx, m.ids)
}
