package bird

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"confab/model"
	"confab/providers"
)

// Bounds of one load.
const (
	messagePages     = 3  // of messages for the detail view: three hundred
	messagePagesMost = 20 // where everything is asked for
	maxMessages      = 2000
	maxNamedContacts = 20
	// threadAge is for how long only newer messages are asked for. Changes to older ones, of their delivery for
	// instance, show up after that.
	threadAge = 5 * time.Minute
)

// Load implements model.Provider. Participants come from their own list, never from the featured five. A list that
// the access key may not read is left unknown, and a fact says so. Where everything is asked for, one more request
// reads how the conversation stands in the inboxes.
func (p *Provider) Load(ctx context.Context, id string, need model.Need) (model.Detail, error) {
	everything := need.Has(model.NeedEverything)
	answer, err := p.client.do(ctx, p.client.getConversation(id))
	if err != nil {
		return model.Detail{}, err
	}
	name := p.namer(ctx)
	c, ok := convert(answer.Body, p.account.Name, name)
	if !ok || !strings.EqualFold(c.Ref.ID, id) {
		return model.Detail{}, providers.Malformed("read conversation", "the answer is not the conversation that was asked for")
	}
	if c.Archived {
		return model.Detail{}, &model.Error{Kind: model.NotFound, Op: "read conversation", Status: answer.Status, Message: reasonDeleted}
	}
	c.Ref.ID = id
	c.ETag = answer.Header.Get("ETag")
	p.held.put(id, rawAttributes(answer.Body))
	if o, ok := providers.ParseObject(answer.Body); ok && !o.Has("attributes") {
		c.Attributes = map[string]string{} // a conversation read by itself says all that it has
	}

	var facts providers.Facts
	facts.AddAll(c.Facts)
	if c.Channel.ID != "" && c.Channel.Name == "" {
		facts.Add(groupConversation, "Channels", notShown(p.client.lacks.of(listChannelsEndpoint.Name)))
	}
	if everything || need.Has(model.NeedParticipants) {
		if err = p.loadParticipants(ctx, id, &c, &facts, everything); err != nil {
			return model.Detail{}, err
		}
	}
	d := model.Detail{Raw: answer.Body}
	if everything || need.Has(model.NeedMessages) {
		if err = p.loadMessages(ctx, id, &d, &facts, everything); err != nil {
			return model.Detail{}, err
		}
		if d.Messages.Known {
			c.HasMessages = len(d.Messages.Items) > 0
		}
	}
	if everything {
		if err = p.loadInboxes(ctx, id, &c, &facts); err != nil {
			return model.Detail{}, err
		}
	}
	if err := ctx.Err(); err != nil {
		return model.Detail{}, providers.GivenUp("read conversation", err)
	}
	c.Facts = facts.List()
	d.Conversation = c
	return d, nil
}

// loadParticipants reads the whole list into c. It stays unknown where the list has no end or a hole.
func (p *Provider) loadParticipants(ctx context.Context, id string, c *model.Conversation, facts *providers.Facts, nameThem bool) error {
	all, whole, err := p.list(maxParticipantPages, func(token string) providers.Call { return p.client.listParticipants(id, token) }).All(ctx)
	if why := notShown(err); why != "" {
		facts.Add(groupPeople, "Participants", why)
		return nil
	}
	if err != nil {
		return err
	}
	people, more, ok := convertParticipants(all)
	people = distinct(people)
	if nameThem {
		p.nameContacts(ctx, people)
	}
	facts.AddAll(more)
	if !whole || !ok {
		facts.Add(groupPeople, "Participants", "the list could not be read as a whole")
		c.Featured = people
		return nil
	}
	c.Participants = model.SetOf(people...)
	return nil
}

// distinct drops the entries that a list brought twice because it changed while its pages were read.
func distinct(people []model.Participant) []model.Participant {
	seen := map[string]bool{}
	return slices.DeleteFunc(people, func(p model.Participant) bool {
		key := p.Kind + "\x00" + p.ID
		if p.ID == "" {
			key = p.Kind + "\x00=" + strings.ToLower(p.Identifier)
		}
		again := seen[key]
		seen[key] = true
		return again
	})
}

// nameContacts looks up the names of contacts that have none, a bounded number of them.
func (p *Provider) nameContacts(ctx context.Context, people []model.Participant) {
	asked := 0
	for i := range people {
		if people[i].Kind != model.KindContact || people[i].Name != "" || people[i].ID == "" {
			continue
		}
		name, known := p.contacts.get(people[i].ID)
		if !known {
			if asked == maxNamedContacts {
				return
			}
			asked++
			answer, err := p.client.do(ctx, p.client.getContact(people[i].ID))
			switch model.KindOf(err) {
			case "":
				contact, _ := convertContact(answer.Body)
				name = contact.Name
			case model.NotFound:
			default:
				return // a courtesy that is not worth an error, nor asking again right away
			}
			p.contacts.put(people[i].ID, name)
		}
		people[i].Name = name
	}
}

// loadMessages reads messages into d, only the newer ones where the rest has been read a short time ago.
func (p *Provider) loadMessages(ctx context.Context, id string, d *model.Detail, facts *providers.Facts, everything bool) error {
	held, ok := p.messages.get(id)
	if ok && !everything && !held.newest().IsZero() && time.Since(held.read) < threadAge {
		newer, whole, err := p.list(messagePages, func(token string) providers.Call {
			return p.client.listMessages(id, token, held.newest())
		}).All(ctx)
		if err == nil && whole {
			read := held.read
			held = join(held, p.convertMessages(newer))
			held.read = read
			p.messages.put(id, held)
			d.Messages, d.MoreMessages = model.SetOf(slices.Clone(held.messages)...), held.more
			return nil
		}
		if err != nil && !refusesToken(err) {
			return p.messagesError(err, facts)
		}
	}
	pages := messagePages
	if everything {
		pages = messagePagesMost
	}
	all, whole, err := p.list(pages, func(token string) providers.Call { return p.client.listMessages(id, token, time.Time{}) }).All(ctx)
	if err != nil {
		return p.messagesError(err, facts)
	}
	held = join(thread{more: !whole}, p.convertMessages(all))
	held.read = time.Now()
	p.messages.put(id, held)
	d.Messages, d.MoreMessages = model.SetOf(slices.Clone(held.messages)...), held.more
	return nil
}

// messagesError lets a conversation be shown whose messages may not be read, which is documented to happen.
func (p *Provider) messagesError(err error, facts *providers.Facts) error {
	why := notShown(err)
	if why == "" {
		return err
	}
	facts.Add(groupConversation, "Messages", why)
	return nil
}

func (p *Provider) convertMessages(raw []json.RawMessage) []model.Message {
	out := make([]model.Message, 0, len(raw))
	for i, r := range raw {
		m, ok := convertMessage(r, p.accessKey)
		if !ok {
			continue
		}
		if m.ID == "" {
			m.ID = "?" + strconv.Itoa(i)
		}
		out = append(out, m)
	}
	return out
}

// join adds messages to a thread; of one that is there twice the newer reading stays.
func join(t thread, newer []model.Message) thread {
	at := make(map[string]int, len(t.messages)+len(newer))
	all := make([]model.Message, 0, len(t.messages)+len(newer))
	for _, m := range append(slices.Clip(t.messages), newer...) {
		if i, ok := at[m.ID]; ok {
			all[i] = m
			continue
		}
		at[m.ID] = len(all)
		all = append(all, m)
	}
	sortMessages(all)
	if over := len(all) - maxMessages; over > 0 {
		all, t.more = all[over:], true
	}
	t.messages = all
	return t
}
