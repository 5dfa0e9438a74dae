package kona

import (
	"context"
	"encoding/json"
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
	cursor := func(page int) string {
		if !full {
			return ""
		}
		return cursorPrefix + strconv.Itoa(page)
	}
	pages, holes := newPager(start), false
	for range maxPages {
		at := pages.page
		answer, err := p.client.Do(ctx, p.client.listConversations(order, "", at))
		if err != nil {
			return model.SyncResult{Cursor: cursor(at)}, err
		}
		list, err := items(answer, "conversations")
		if err != nil {
			return model.SyncResult{Cursor: cursor(at)}, named(err, "list conversations")
		}
		fresh, end, whole := pages.take(list)
		batch := model.Batch{Total: -1, Conversations: p.convertAll(ctx, fresh)}
		// A row that cannot be told apart may be one that is known, and null is no list.
		holes = holes || list == nil || len(batch.Conversations) < len(fresh)
		if err := ctx.Err(); err != nil {
			return model.SyncResult{Cursor: cursor(at)}, providers.GivenUp("list conversations", err)
		}
		if !end {
			batch.Cursor = cursor(pages.page)
		}
		more, err := emit(batch)
		switch {
		case err != nil:
			return model.SyncResult{Cursor: cursor(at)}, err
		case !more && end:
			return model.SyncResult{}, nil
		case !more:
			return model.SyncResult{Cursor: cursor(pages.page)}, nil
		case end:
			return model.SyncResult{Complete: whole && !holes}, nil
		}
	}
	return model.SyncResult{}, &model.Error{Kind: model.Malformed, Op: "list conversations", Message: "the list does not end"}
}

// convertAll turns the rows of a page into the common form, with the names of their spaces and people.
func (p *Provider) convertAll(ctx context.Context, rows []json.RawMessage) []model.Conversation {
	if len(rows) > 0 {
		all := make([]mentioned, 0, len(rows))
		for _, raw := range rows {
			all = append(all, mentionedIn(raw))
		}
		p.directory.prepare(ctx, all...)
	}
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

// Load implements model.Provider.
func (p *Provider) Load(ctx context.Context, id string, need model.Need) (model.Detail, error) {
	answer, err := p.client.Do(ctx, p.client.getConversation(id))
	if err != nil {
		return model.Detail{}, err
	}
	raw, err := one(answer, "conversations")
	if err != nil {
		return model.Detail{}, named(err, "read conversation")
	}
	if idOf(raw) != id {
		return model.Detail{}, &model.Error{Kind: model.Malformed, Op: "read conversation", Message: "the answer is not the conversation that was asked for"}
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
		_, whole, err := walk(ctx, p.client, "comments", pages, func(page int) providers.Call { return p.client.listComments(id, page) },
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
	p.directory.prepare(ctx, m)
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
