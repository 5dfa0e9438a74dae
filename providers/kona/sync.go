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
	list := pages(p.Client, keyConversations, maxPages, func(page int) providers.Call { return conversations(order, "", page) })
	names := &naming{provider: p, left: maxNameRequests, anew: full}
	var bare []mentioned   // of the page that was read last
	var last, stopped bool // it ends the list; nothing more is wanted
	read := func(ctx context.Context, at string) (providers.Page[model.Conversation], error) {
		page, err := list.Read(ctx, at)
		bare, last = p.unnamed(page.Rows), page.Next == ""
		return providers.ConvertPage(page, p.named), err
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

// named converts a conversation with the names that are known, and with what is known of its newest comment.
func (p *provider) named(raw json.RawMessage) (model.Conversation, bool) {
	c, ok := p.convert(raw, p.directory.name)
	if last, known := p.newest.Get(c.Ref.ID); known {
		c.HasMessages, c.Preview, c.LastMessage = true, last.preview, last.id
		if c.Updated.IsZero() {
			c.Updated = last.at
		}
	}
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
		page := providers.ConvertPage(providers.RawPage{Rows: named}, n.provider.named)
		_, err = emit(model.Batch{Total: -1, Cursor: cursor, Names: true, Conversations: page.Rows})
	}
	return left, err
}

// Load implements model.Provider.
func (p *provider) Load(ctx context.Context, id string, need model.Need) (d model.Detail, err error) {
	op := getConversation.Name
	if err := checkID(op, "conversation", id); err != nil {
		return d, err
	}
	answer, err := p.Client.Do(ctx, getConversation.Of(id, nil))
	if err != nil {
		return d, err
	}
	raw, err := first(answer, keyConversations)
	if err == nil && idOf(raw) != id {
		err = providers.Malformed(op, "the answer is not the conversation that was asked for")
	}
	if err != nil {
		return d, err
	}
	most := 0
	switch {
	case need.Has(model.NeedEverything):
		most = commentPagesMost
	case need.Has(model.NeedMessages):
		most = commentPages
	}
	said, whole, err := pages(p.Client, "comments", most, func(page int) providers.Call { return comments(id, page) }).All(ctx)
	var notShown string
	switch model.KindOf(err) {
	case "":
	case model.Forbidden, model.NotFound:
		notShown = model.AsError(err).Message
	default:
		return d, err
	}
	p.nameAll(ctx, raw, said)
	if err := ctx.Err(); err != nil {
		return d, providers.GivenUp(op, err)
	}
	if most > 0 && err == nil {
		d.Messages.Known, d.MoreMessages = true, !whole && len(said) > 0
		d.Messages.Items = providers.ConvertPage(providers.RawPage{Rows: said}, func(raw json.RawMessage) (model.Message, bool) {
			return convertComment(raw, p.directory.name)
		}).Rows
		providers.SortMessages(d.Messages.Items)
		p.keepNewest(id, d.Messages.Items)
	}
	d.Raw = raw
	d.Conversation, _ = p.named(raw)
	d.Conversation.ETag = answer.Header.Get("ETag")
	if d.Messages.Known {
		d.Conversation.HasMessages = len(d.Messages.Items) > 0
	}
	if notShown != "" {
		d.Conversation.Facts = append(d.Conversation.Facts, model.Fact{Group: "Conversation", Label: "Comments", Value: "not shown: " + notShown})
	}
	return d, nil
}

func (p *provider) keepNewest(id string, m []model.Message) {
	if len(m) == 0 {
		p.newest.Forget(id)
		return
	}
	last := m[len(m)-1]
	p.newest.Put(id, comment{id: last.ID, at: last.At, preview: preview(last.Text)})
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

// Newest implements model.Creator.
func (p *provider) Newest(ctx context.Context, n model.NewConversation) (model.Newest, error) {
	h, err := p.head(ctx, n.Space, nil)
	return h.Newest(), err
}

// Find implements model.Creator. What was created by another user than the account's own is not it.
func (p *provider) Find(ctx context.Context, e model.Edit, known []string) (model.Found, error) {
	n := *e.Target.New
	h, err := p.head(ctx, n.Space, slices.Concat([]string{}, known))
	if err != nil {
		return model.Found{}, err
	}
	inSpace := func(r providers.Row) bool { return r.Space.ID == n.Space }
	me := ""
	if slices.ContainsFunc(h.Rows, inSpace) {
		if me, err = p.ownID(ctx); err != nil {
			return model.Found{}, err
		}
	}
	return providers.FindCreated(h, func(r providers.Row) bool { return inSpace(r) && r.Title == n.Title },
		func(r providers.Row) bool { return inSpace(r) && r.Owner.ID == me },
		func(r providers.Row) (c model.Conversation, same, marked bool, err error) {
			d, err := p.Load(ctx, r.Ref.ID, model.NeedParticipants|model.NeedMessages)
			return d.Conversation, err == nil && d.Conversation.Owner.ID == me && n.MadeFrom(d), false, err
		})
}

// head reads the newest conversations of a space. Pages are counted, so that rows may slip between two of them: only
// the first is read.
func (p *provider) head(ctx context.Context, space string, known []string) (providers.Head, error) {
	if space != "" && !isID(space) {
		return providers.Head{}, checkID(createConversation.Name, "space", space)
	}
	list := pages(p.Client, keyConversations, 1, func(page int) providers.Call { return conversations(byCreated, space, page) })
	read := func(ctx context.Context, at string) (providers.Page[providers.Row], error) {
		page, err := list.Read(ctx, at)
		return providers.ConvertPage(page, func(raw json.RawMessage) (providers.Row, bool) {
			c, ok := p.convert(raw, nil)
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
	raw, err := one(ctx, p.Client, keyUsers, providers.Call{Endpoint: userinfo})
	if err == nil && idOf(raw) == "" {
		err = providers.Malformed(userinfo.Name, "the answer does not say who is signed in")
	}
	return idOf(raw), err
}
