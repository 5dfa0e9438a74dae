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

// What is kept in memory at least.
const (
	maxThreads        = 16    // conversations whose messages are kept
	maxHeldAttributes = 1_000 // conversations whose attributes are kept as they were sent
	maxNames          = 2_500 // of contacts, of agents
)

// thread is the messages of a conversation that have been read, oldest first.
type thread struct {
	messages []model.Message
	more     bool // older ones exist
	read     time.Time
}

// newest is when the last message was made; zero where that is not known.
func (t thread) newest() time.Time {
	if len(t.messages) == 0 {
		return time.Time{}
	}
	return t.messages[len(t.messages)-1].At
}

// Load implements model.Provider. Participants come from their own list, never from the featured five. A list that
// the access key may not read is left unknown, and a fact says so. Where everything is asked for, one more request
// reads how the conversation stands in the inboxes.
func (p *provider) Load(ctx context.Context, id string, need model.Need) (model.Detail, error) {
	everything := need.Has(model.NeedEverything)
	answer, err := p.client.Do(ctx, p.client.call(getConversation, id, nil, nil))
	if err != nil {
		return model.Detail{}, err
	}
	o, _ := answer.Object()
	if !strings.EqualFold(o.Text("id"), id) {
		return model.Detail{}, providers.Malformed(getConversation.Name, "the answer is not the conversation that was asked for")
	}
	c, _ := convert(answer.Body, p.account.Name, p.namer(ctx))
	if c.Archived {
		return model.Detail{}, &model.Error{Kind: model.NotFound, Op: getConversation.Name, Status: answer.Status, Message: reasonDeleted}
	}
	c.Ref.ID = id
	c.ETag = answer.Header.Get("ETag")
	p.held.Put(id, attributesIn(o))
	if !o.Has("attributes") {
		c.Attributes = map[string]string{} // a conversation read by itself says all that it has
	}

	var facts providers.Facts
	facts.AddAll(c.Facts)
	if c.Channel.ID != "" && c.Channel.Name == "" {
		facts.Add("Conversation", "Channels", notShown(p.client.lacks.of(listChannels)))
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
		return model.Detail{}, providers.GivenUp(getConversation.Name, err)
	}
	c.Facts = facts.List()
	d.Conversation = c
	return d, nil
}

// loadParticipants reads the whole list into c. It stays unknown where the list has no end or a hole.
func (p *provider) loadParticipants(ctx context.Context, id string, c *model.Conversation, facts *providers.Facts, nameThem bool) error {
	all, whole, err := p.list(maxParticipantPages, func(token string) providers.Call {
		return p.client.page(listParticipants, id, pageLimit, token, nil)
	}).All(ctx)
	if why := notShown(err); why != "" {
		facts.Add("People", "Participants", why)
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
		facts.Add("People", "Participants", "the list could not be read as a whole")
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

// nameContacts looks up the names of contacts that have none, a bounded number of them. It stops at an error: a courtesy
// is not worth asking again right away.
func (p *provider) nameContacts(ctx context.Context, people []model.Participant) {
	asked := 0
	for i, who := range people {
		if who.Kind != model.KindContact || who.Name != "" || who.ID == "" {
			continue
		}
		name, known := p.contacts.Get(who.ID)
		if !known {
			if asked++; asked > maxNamedContacts {
				return
			}
			contact, err := p.contact(ctx, who.ID)
			if k := model.KindOf(err); k != "" && k != model.NotFound && k != model.Malformed {
				return
			}
			name = contact.Name
			p.contacts.Put(who.ID, name)
		}
		people[i].Name = name
	}
}

func (p *provider) contact(ctx context.Context, id string) (model.Participant, error) {
	answer, err := p.client.Do(ctx, p.client.call(getContact, id, nil, nil))
	if err != nil {
		return model.Participant{}, err
	}
	if _, err := answer.Object(); err != nil {
		return model.Participant{}, err
	}
	c, ok := convertContact(answer.Body)
	if !ok {
		err = answer.Malformed("the answer is no contact")
	}
	return c, err
}

// loadMessages reads messages into d, only the newer ones where the rest has been read a short time ago.
func (p *provider) loadMessages(ctx context.Context, id string, d *model.Detail, facts *providers.Facts, everything bool) error {
	read := func(most int, from time.Time) ([]json.RawMessage, bool, error) {
		return p.list(most, func(token string) providers.Call { return p.client.messages(id, token, from) }).All(ctx)
	}
	show := func(t thread) {
		p.messages.Put(id, t)
		d.Messages, d.MoreMessages = model.SetOf(slices.Clone(t.messages)...), t.more
	}
	held, ok := p.messages.Get(id)
	if ok && !everything && !held.newest().IsZero() && time.Since(held.read) < threadAge {
		newer, whole, err := read(messagePages, held.newest())
		if err == nil && whole {
			show(join(held, p.convertMessages(newer)))
			return nil
		}
		if err != nil && !refusesToken(err) {
			return withoutMessages(err, facts)
		}
	}
	pages := messagePages
	if everything {
		pages = messagePagesMost
	}
	all, whole, err := read(pages, time.Time{})
	if err != nil {
		return withoutMessages(err, facts)
	}
	show(join(thread{more: !whole, read: time.Now()}, p.convertMessages(all)))
	return nil
}

// withoutMessages lets a conversation be shown whose messages may not be read, which is documented to happen.
func withoutMessages(err error, facts *providers.Facts) error {
	why := notShown(err)
	if why == "" {
		return err
	}
	facts.Add("Conversation", "Messages", why)
	return nil
}

func (p *provider) convertMessages(raw []json.RawMessage) []model.Message {
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
	providers.SortMessages(all)
	if over := len(all) - maxMessages; over > 0 {
		all, t.more = all[over:], true
	}
	t.messages = all
	return t
}
