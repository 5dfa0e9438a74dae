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
	list := pages(p.Client, conversationKey, maxPages, func(page int) providers.Call { return conversations(order, "", page) })
	n := &naming{provider: p, left: maxNameRequests, anew: full, emit: emit}
	var last, stopped bool // it ends the list; nothing more is wanted
	read := func(ctx context.Context, at string) (providers.Page[model.Conversation], error) {
		page, err := list.Read(ctx, at)
		last, n.page = page.Next == "", page.Rows
		return providers.ConvertPage(page, p.named), err
	}
	if !strings.HasPrefix(req.Cursor, cursorPrefix) {
		req.Cursor = ""
	}
	w := providers.Walk[model.Conversation]{Op: calls.ListConversations.Name, Read: read, Most: maxPages}
	result, err := providers.Sync(ctx, w, req, func(b model.Batch) (bool, error) {
		more, err := emit(b)
		if stopped = !more; err != nil || stopped {
			return false, err
		}
		return true, n.after(ctx, b.Cursor)
	})
	if err == nil && last && !stopped {
		p.directory.inSpaces(ctx, &n.left, n.rows)
		err = n.again(ctx, "")
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

// naming brings the names of one sync: the rows come first, and again when more is known of them.
type naming struct {
	*provider
	emit  providers.Emit
	page  []json.RawMessage // that was read last
	rows  []mentioned       // that hold ids without a name, and of each these
	left  int               // requests
	begun bool
	anew  bool
}

// after follows a page that was emitted. After the first one the lists of everybody are read; who is known to a space
// alone is looked up after the last.
func (n *naming) after(ctx context.Context, cursor string) error {
	for _, raw := range n.page {
		m := mentionedIn(raw)
		m.ids = slices.DeleteFunc(m.ids, func(s single) bool { return !n.directory.unknown(s) })
		if len(m.ids) > 0 && len(n.rows) < maxUnnamed {
			m.raw = slices.Clone(raw) // or it would hold the whole page
			n.rows = append(n.rows, m)
		}
	}
	if n.begun {
		return nil
	}
	n.begun = true
	n.directory.everywhere(ctx, &n.left, n.rows, n.anew)
	return n.again(ctx, cursor)
}

// again emits the rows of which an id has a name now, and keeps those that have others left.
func (n *naming) again(ctx context.Context, cursor string) error {
	rows := n.rows
	n.rows = nil
	for some := range slices.Chunk(rows, perPage) {
		if err := ctx.Err(); err != nil {
			return providers.GivenUp("read names", err)
		}
		batch := model.Batch{Total: -1, Cursor: cursor, Names: true}
		for _, r := range some {
			if slices.ContainsFunc(r.ids, n.directory.known) {
				c, _ := n.named(r.raw)
				batch.Conversations = append(batch.Conversations, c)
			}
			if slices.ContainsFunc(r.ids, n.directory.unknown) {
				n.rows = append(n.rows, r)
			}
		}
		if len(batch.Conversations) > 0 {
			if _, err := n.emit(batch); err != nil {
				return err
			}
		}
	}
	return nil
}

// Load implements model.Provider.
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
		d.Conversation.Facts = append(d.Conversation.Facts,
			model.Fact{Group: "Conversation", Label: "Comments", Value: "not shown: " + notShown})
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
		m.ids = append(m.ids, single{users, o.Text("creator_id")})
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

// head reads the newest conversations of a space. Pages are counted, so that rows may slip between two of them: only
// the first is read.
func (p *provider) head(ctx context.Context, space string, known []string) (providers.Head, error) {
	if space != "" && !isID(space) {
		return providers.Head{}, checkID(calls.CreateConversation.Name, "space", space)
	}
	list := pages(p.Client, conversationKey, 1, func(page int) providers.Call { return conversations(byCreated, space, page) })
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
	raw, err := users.first(p.Client.Do(ctx, providers.Call{Endpoint: calls.UserInfo}))
	if err == nil && idOf(raw) == "" {
		err = providers.Malformed(calls.UserInfo.Name, "the answer does not say who is signed in")
	}
	return idOf(raw), err
}
