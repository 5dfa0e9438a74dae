package kona

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
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

// cursorPrefix marks a cursor of an unfinished full walk; the page number follows.
const cursorPrefix = "page:"

// Sync implements model.Provider. The head is read latest updated first, where a new comment is not promised to count
// as an update; a full walk goes by creation, whose order does not change under it. Nothing narrows
// it: the list has one filter, by the id of a space, and a query names spaces by pieces of their names too.
func (p *Provider) Sync(ctx context.Context, req model.SyncRequest, emit func(model.Batch) (bool, error)) (model.SyncResult, error) {
	full := req.Mode == model.SyncFull
	order, start := byUpdated, 1
	if full {
		order = byCreated
		if n, ok := strings.CutPrefix(req.Cursor, cursorPrefix); ok {
			if page, err := strconv.Atoi(n); err == nil && page > 0 {
				start = page
			}
		}
	}
	cursor := func(page string) string {
		if !full || page == "" {
			return ""
		}
		return cursorPrefix + page
	}
	pages := newPager(start)
	var bare []unnamed // of the page that was read last
	read := func(ctx context.Context, at string) (out providers.Page[model.Conversation], err error) {
		answer, err := p.client.Do(ctx, p.client.listConversations(order, "", pages.page))
		if err != nil {
			return out, err
		}
		list, err := items(answer, "conversations")
		if err != nil {
			return out, named(err, listConversationsEndpoint.Name)
		}
		fresh, end, whole := pages.take(list)
		bare = p.unnamed(fresh)
		out.Rows = p.convertAll(fresh)
		// A row that cannot be told apart may be one that is known, and null is no list.
		out.Holes = list == nil || len(out.Rows) < len(fresh) || end && !whole
		if !end {
			out.Next = strconv.Itoa(pages.page)
		}
		return out, nil
	}
	names, stopped := &naming{provider: p, left: maxNameRequests, anew: full}, false
	walked, err := providers.SyncWalk(ctx, providers.Walk[model.Conversation]{Read: read, Most: maxPages}, listConversationsEndpoint.Name,
		strconv.Itoa(start), cursor, func(b model.Batch) (bool, error) {
			more, err := emit(b)
			if stopped = !more; err != nil || stopped {
				return false, err
			}
			return true, names.after(ctx, bare, b.Cursor, emit)
		})
	if err == nil && walked.Ended && !stopped {
		err = names.last(ctx, emit)
	}
	if err != nil {
		walked.Whole = false
	}
	return model.SyncResult{Cursor: cursor(walked.At), Complete: walked.Whole}, err
}

// convertAll turns the rows of a page into the common form, with the names that are known.
func (p *Provider) convertAll(rows []json.RawMessage) []model.Conversation {
	out := make([]model.Conversation, 0, len(rows))
	n := p.directory.names()
	for _, raw := range rows {
		c, ok := convert(raw, p.account.Name, n)
		if !ok {
			continue
		}
		p.ageOf(&c)
		out = append(out, c)
	}
	return out
}

// unnamed is a row with ids that have no name yet.
type unnamed struct {
	raw json.RawMessage
	mentioned
}

// unnamed gives the rows of a page that hold ids without a name, and of each these.
func (p *Provider) unnamed(rows []json.RawMessage) []unnamed {
	var out []unnamed
	for _, raw := range rows {
		m := mentionedIn(raw)
		m.ids = slices.DeleteFunc(m.ids, func(s single) bool { return !p.directory.unknown(s) })
		if len(m.ids) > 0 {
			out = append(out, unnamed{raw, m})
		}
	}
	return out
}

// naming brings the names of one sync: the rows come first, and again when more is known of them.
type naming struct {
	provider *Provider
	left     int // requests
	anew     bool
	begun    bool
	rows     []unnamed
}

// after takes the rows of a page that was emitted. After the first page the lists of everybody are read.
func (n *naming) after(ctx context.Context, rows []unnamed, cursor string, emit func(model.Batch) (bool, error)) error {
	if !n.begun {
		n.begun = true
		n.provider.directory.everywhere(ctx, &n.left, mentions(rows), n.anew)
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
func (n *naming) last(ctx context.Context, emit func(model.Batch) (bool, error)) error {
	if len(n.rows) == 0 {
		return nil
	}
	n.provider.directory.inSpaces(ctx, &n.left, mentions(n.rows))
	for rows := range slices.Chunk(n.rows, perPage) {
		if _, err := n.again(ctx, rows, "", emit); err != nil {
			return err
		}
	}
	return nil
}

// again emits the rows of which an id has a name now, and gives those that have others left.
func (n *naming) again(ctx context.Context, rows []unnamed, cursor string, emit func(model.Batch) (bool, error)) (left []unnamed, err error) {
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
	if len(named) == 0 {
		return left, nil
	}
	_, err = emit(model.Batch{Total: -1, Cursor: cursor, Names: true, Conversations: n.provider.convertAll(named)})
	return left, err
}

func mentions(rows []unnamed) []mentioned {
	out := make([]mentioned, 0, len(rows))
	for _, r := range rows {
		out = append(out, r.mentioned)
	}
	return out
}

// Load implements model.Provider.
func (p *Provider) Load(ctx context.Context, id string, need model.Need) (model.Detail, error) {
	if err := checkID("read conversation", "conversation", id); err != nil {
		return model.Detail{}, err
	}
	answer, err := p.client.Do(ctx, p.client.getConversation(id))
	if err != nil {
		return model.Detail{}, err
	}
	raw, err := one(answer, "conversations")
	if err != nil {
		return model.Detail{}, named(err, "read conversation")
	}
	if idOf(raw) != id {
		return model.Detail{}, providers.Malformed("read conversation", "the answer is not the conversation that was asked for")
	}
	everything := need.Has(model.NeedEverything)
	d := model.Detail{Raw: raw}
	var comments []json.RawMessage
	var notShown string
	if everything || need.Has(model.NeedMessages) {
		pages := commentPages
		if everything {
			pages = commentPagesMost
		}
		_, whole, err := newPager(1).walk(ctx, p.client, "comments", pages, func(page int) providers.Call { return p.client.listComments(id, page) },
			func(raw json.RawMessage) { comments = append(comments, raw) })
		switch model.KindOf(err) {
		case "":
			d.Messages.Known, d.MoreMessages = true, !whole
		case model.Forbidden, model.NotFound:
			notShown = model.AsError(err).Message
		default:
			return model.Detail{}, err
		}
	}
	p.nameAll(ctx, raw, comments)
	if err := ctx.Err(); err != nil {
		return model.Detail{}, providers.GivenUp("read conversation", err)
	}
	n := p.directory.names()
	c, _ := convert(raw, p.account.Name, n)
	c.ETag = answer.Header.Get("ETag")
	if d.Messages.Known {
		d.Messages.Items = make([]model.Message, 0, len(comments))
		for _, r := range comments {
			if m, ok := convertComment(r, n); ok {
				d.Messages.Items = append(d.Messages.Items, m)
			}
		}
		sortComments(d.Messages.Items)
		p.keepNewest(id, d.Messages.Items)
	}
	p.ageOf(&c)
	if d.Messages.Known {
		c.HasMessages = len(d.Messages.Items) > 0
	}
	if notShown != "" {
		c.Facts = append(c.Facts, model.Fact{Group: groupConversation, Label: "Comments", Value: "not shown: " + notShown})
	}
	d.Conversation = c
	return d, nil
}

// nameAll makes sure that the people of one conversation have names.
func (p *Provider) nameAll(ctx context.Context, raw json.RawMessage, comments []json.RawMessage) {
	m := mentionedIn(raw)
	for _, r := range comments {
		if o, ok := providers.ParseObject(r); ok {
			m.ids = append(m.ids, single{"users", o.Text("creator_id")})
		}
	}
	left := maxNameRequests
	p.directory.everywhere(ctx, &left, []mentioned{m}, false)
	p.directory.inSpaces(ctx, &left, []mentioned{m})
	p.directory.lookUp(ctx, m.ids)
}

// mentionedIn gives the ids in a conversation.
func mentionedIn(raw json.RawMessage) mentioned {
	o, _ := providers.ObjectOf(raw)
	m := mentioned{space: o.Text("space_id")}
	m.ids = append(m.ids, single{"spaces", m.space}, single{"users", o.Text("creator_id")})
	for _, list := range []struct{ field, id, key string }{{"participants", "user_id", "users"}, {"groups", "group_id", "groups"}} {
		entries, _ := providers.Elements(o.Peek(list.field))
		for _, e := range entries {
			entry, _ := providers.ObjectOf(e)
			m.ids = append(m.ids, single{list.key, entry.Text(list.id)})
		}
	}
	return m
}
