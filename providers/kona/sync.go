package kona

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"confab/model"
	"confab/providers"
)

const (
	maxPages         = 20_000
	commentPages     = 3  // for the detail view
	commentPagesMost = 20 // if everything is requested
)

// Sync implements model.Provider. The head is sorted by update time, although a new comment is not documented to count as an
// update. A full walk is sorted by creation, an order that does not change during the walk. No filter narrows the list: its only
// filter compares the id of a space, whereas a query also matches parts of the names of spaces.
func (p *provider) Sync(ctx context.Context, req model.SyncRequest, emit providers.Emit) (model.SyncResult, error) {
	full := req.Mode == model.SyncFull
	order := byUpdated
	if full {
		order = byCreated
	}
	list := pages(p.Client, conversationKey, maxPages, func(page int) providers.Call { return conversations(order, "", page) })
	n := &naming{provider: p, budget: maxNameRequests, refresh: full, emit: emit}
	read := func(ctx context.Context, at string) (providers.Page[model.Conversation], error) {
		page, err := list.Read(ctx, at)
		n.page = page.Rows
		return providers.ConvertPage(page, p.convertNamed), err
	}
	w := providers.Walk[model.Conversation]{Op: calls.ListConversations.Name, Read: read, MaxPages: maxPages}
	return providers.Sync(ctx, w, req, func(b model.Batch) (bool, error) {
		more, err := emit(b)
		if err != nil || !more {
			return false, err
		}
		return true, n.emitNamed(ctx, b.Cursor)
	})
}

// convertNamed converts a conversation, and adds the known names.
func (p *provider) convertNamed(raw json.RawMessage) (model.Conversation, bool) {
	return p.convert(raw, p.directory.name)
}

// naming finds the names for one sync. The rows of a page are emitted first without names, and again when names have become known.
type naming struct {
	*provider
	emit    providers.Emit
	page    []json.RawMessage // the page that was read last
	budget  int               // requests left
	refresh bool              // listings that are old are read again, once
}

// emitNamed is called after a page was emitted. It emits again those of its rows in which a name has become known.
func (n *naming) emitNamed(ctx context.Context, cursor string) error {
	var rows []mentions
	for _, raw := range n.page {
		m := mentionsOf(raw)
		m.entities = slices.DeleteFunc(m.entities, func(e entity) bool { return !n.directory.isUntried(e) })
		if len(m.entities) > 0 {
			m.raw = raw
			rows = append(rows, m)
		}
	}
	n.directory.readAll(ctx, &n.budget, rows, n.refresh)
	n.directory.readSpaces(ctx, &n.budget, rows)
	n.refresh = false
	if err := ctx.Err(); err != nil {
		return providers.GivenUp("read names", err)
	}
	batch := model.Batch{Total: -1, Cursor: cursor, Names: true}
	for _, m := range rows {
		if slices.ContainsFunc(m.entities, n.directory.isKnown) {
			c, _ := n.convertNamed(m.raw)
			batch.Conversations = append(batch.Conversations, c)
		}
	}
	if len(batch.Conversations) == 0 {
		return nil
	}
	_, err := n.emit(batch)
	return err
}

func (p *provider) Load(ctx context.Context, id string, need model.Need) (d model.Detail, err error) {
	op := calls.GetConversation.Name
	if err := checkID(op, "conversation", id); err != nil {
		return d, err
	}
	answer, err := p.Client.Do(ctx, calls.GetConversation.Of(id, nil))
	if err != nil {
		return d, err
	}
	raw, err := conversationKey.first(answer, nil)
	if err == nil && idOf(raw) != id {
		err = providers.Malformed(op, "the answer is not the conversation that was asked for")
	}
	if err != nil {
		return d, err
	}
	commentLimit := 0
	switch {
	case need.Has(model.NeedEverything):
		commentLimit = commentPagesMost
	case need.Has(model.NeedMessages):
		commentLimit = commentPages
	}
	rows, whole, err := pages(p.Client, "comments", commentLimit, func(page int) providers.Call { return comments(id, page) }).All(ctx)
	var notShown string
	switch model.KindOf(err) {
	case "":
	case model.Forbidden, model.NotFound:
		notShown = model.AsError(err).Message
	default:
		return d, err
	}
	p.readNames(ctx, raw, rows)
	if err := ctx.Err(); err != nil {
		return d, providers.GivenUp(op, err)
	}
	d.Raw = raw
	c := &d.Conversation
	*c, _ = p.convertNamed(raw)
	c.ETag = answer.Header.Get("ETag")
	if commentLimit > 0 && err == nil {
		d.Messages.Known, d.MoreMessages = true, !whole && len(rows) > 0
		d.Messages.Items = providers.ConvertPage(providers.RawPage{Rows: rows}, func(raw json.RawMessage) (model.Message, bool) {
			return convertComment(raw, p.directory.name)
		}).Rows
		providers.SortMessages(d.Messages.Items)
	}
	if n := len(d.Messages.Items); n > 0 {
		last := d.Messages.Items[n-1]
		c.HasMessages, c.Preview, c.LastMessage = true, strings.Join(strings.Fields(last.Text), " "), last.ID
		if c.Updated.IsZero() {
			c.Updated = last.At
		}
	}
	if notShown != "" {
		c.Facts = append(c.Facts, model.Fact{Group: "Conversation", Label: "Comments", Value: "not shown: " + notShown})
	}
	return d, nil
}

// readNames reads the names of everybody in one conversation and of the authors of its comments.
func (p *provider) readNames(ctx context.Context, raw json.RawMessage, comments []json.RawMessage) {
	m := mentionsOf(raw)
	for _, r := range comments {
		o, _ := providers.ObjectOf(r)
		m.entities = append(m.entities, entity{users, o.Text("creator_id")})
	}
	budget := maxNameRequests
	p.directory.readAll(ctx, &budget, []mentions{m}, false)
	p.directory.readSpaces(ctx, &budget, []mentions{m})
	p.directory.readSingly(ctx, m.entities)
}

func (p *provider) Newest(ctx context.Context, n model.NewConversation) (model.Newest, error) {
	h, err := p.head(ctx, n.Space, nil)
	return h.Newest(), err
}

// Find implements model.Creator. Only conversations that the account's own user created count.
func (p *provider) Find(ctx context.Context, e model.Edit, known []string) (model.FoundCreates, error) {
	n := *e.Target.New
	h, err := p.head(ctx, n.Space, slices.Concat([]string{}, known))
	if err != nil {
		return model.FoundCreates{}, err
	}
	inSpace := func(r providers.Row) bool { return r.Space.ID == n.Space }
	me := ""
	if slices.ContainsFunc(h.Rows, inSpace) {
		if me, err = p.ownID(ctx); err != nil {
			return model.FoundCreates{}, err
		}
	}
	return providers.FindCreated(h, func(r providers.Row) bool { return inSpace(r) && r.Title == n.Title },
		func(r providers.Row) bool { return inSpace(r) && r.Owner.ID == me },
		func(r providers.Row) (c model.Conversation, same, marked bool, err error) {
			d, err := p.Load(ctx, r.Ref.ID, model.NeedParticipants|model.NeedMessages)
			return d.Conversation, err == nil && d.Conversation.Owner.ID == me && n.Matches(d), false, err
		})
}

// head reads the newest conversations of a space. It reads one page only, because rows may move between pages that are numbered.
func (p *provider) head(ctx context.Context, space string, known []string) (providers.Head, error) {
	if space != "" && !isID(space) {
		return providers.Head{}, checkID(calls.CreateConversation.Name, "space", space)
	}
	list := pages(p.Client, conversationKey, 1, func(page int) providers.Call { return conversations(byCreated, space, page) })
	return providers.ReadHead(ctx, known, providers.ConvertWalk(list, func(raw json.RawMessage) (providers.Row, bool) {
		c, ok := p.convert(raw, nil)
		return providers.Row{Conversation: c}, ok
	}))
}

// ownID returns the id of the account's own user.
func (p *provider) ownID(ctx context.Context) (string, error) {
	if id := p.session.userID(); id != "" {
		return id, nil
	}
	who, err := signedIn(p.Client.Do(ctx, providers.Call{Endpoint: calls.UserInfo}))
	return who.ID, err
}
