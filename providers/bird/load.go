package bird

import (
	"cmp"
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

// Load implements model.Provider. Participants come from their own list, never from the featured five. A list that
// the access key may not read is left unknown, and a fact says so. Where everything is asked for, one more request
// reads how the conversation stands in the inboxes.
func (p *provider) Load(ctx context.Context, id string, need model.Need) (model.Detail, error) {
	everything := need.Has(model.NeedEverything)
	answer, err := p.Client.Do(ctx, p.call(calls.GetConversation, id, nil))
	if err != nil {
		return model.Detail{}, err
	}
	o, _ := answer.Object()
	if !strings.EqualFold(o.Text("id"), id) {
		return model.Detail{}, providers.Malformed(calls.GetConversation.Name, "the answer is not the conversation that was asked for")
	}
	c, _ := p.convert(answer.Body, p.namer(ctx))
	if c.Archived {
		return model.Detail{},
			&model.Error{Kind: model.NotFound, Op: calls.GetConversation.Name, Status: answer.Status, Message: reasonDeleted}
	}
	c.Ref.ID = id
	c.ETag = answer.Header.Get("ETag")
	p.held.Put(id, attributesIn(o))
	if !o.Has("attributes") {
		c.Attributes = map[string]string{} // a conversation read by itself says all that it has
	}

	l := loading{provider: p, id: id, everything: everything, Detail: model.Detail{Conversation: c, Raw: answer.Body}}
	l.facts.AddAll(c.Facts, false)
	if c.Channel.ID != "" && c.Channel.Name == "" {
		l.facts.Add("Conversation", "Channels", notShown(p.Client.Lacking(calls.ListChannels)))
	}
	if everything || need.Has(model.NeedParticipants) {
		err = l.part("People", "Participants", l.participants(ctx))
	}
	if err == nil && (everything || need.Has(model.NeedMessages)) {
		err = l.part("Conversation", "Messages", l.messages(ctx))
	}
	if err == nil && everything {
		err = l.inboxes(ctx)
	}
	if err == nil && ctx.Err() != nil {
		err = providers.GivenUp(calls.GetConversation.Name, ctx.Err())
	}
	if err != nil {
		return model.Detail{}, err
	}
	l.Conversation.Facts = l.facts.List()
	return l.Detail, nil
}

// loading is a conversation that is being read.
type loading struct {
	*provider
	model.Detail
	id         string
	everything bool
	facts      providers.Facts
}

// part lets a conversation be shown of which a part may not be read, which is documented to happen.
func (l *loading) part(group, label string, err error) error {
	why := notShown(err)
	if why == "" {
		return err
	}
	l.facts.Add(group, label, why)
	return nil
}

// participants reads the whole list. It stays unknown where the list has no end or a hole.
func (l *loading) participants(ctx context.Context) error {
	all, whole, err := l.list(maxParticipantPages, func(token string) providers.Call {
		return l.page(calls.ListParticipants, l.id, pageLimit, token)
	}).All(ctx)
	if err != nil {
		return err
	}
	var more providers.Facts
	people, ok := convertParticipants(all, &more)
	people = distinct(people)
	if l.everything {
		l.nameContacts(ctx, people)
	}
	l.facts.AddAll(more.List(), false)
	if !whole || !ok {
		l.facts.Add("People", "Participants", "the list could not be read as a whole")
		l.Conversation.Featured = people
		return nil
	}
	l.Conversation.Participants = model.SetOf(people...)
	return nil
}

// distinct drops the entries that a list brought twice because it changed while its pages were read.
func distinct(people []model.Participant) []model.Participant {
	seen := map[model.Participant]bool{}
	return slices.DeleteFunc(people, func(p model.Participant) bool {
		key := model.Participant{Kind: p.Kind, ID: p.ID}
		if p.ID == "" {
			key.Identifier = strings.ToLower(p.Identifier)
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
	answer, err := p.Client.Do(ctx, p.call(calls.GetContact, id, nil))
	if err == nil {
		_, err = answer.Object()
	}
	if err != nil {
		return model.Participant{}, err
	}
	c, ok := convertContact(answer.Body)
	if !ok {
		err = answer.Malformed("the answer is no contact")
	}
	return c, err
}

// messages reads the messages, only the newer ones where the rest has been read a short time ago.
func (l *loading) messages(ctx context.Context) error {
	read := func(most int, from time.Time) ([]json.RawMessage, bool, error) {
		return l.list(most, func(token string) providers.Call { return l.provider.messages(l.id, token, from) }).All(ctx)
	}
	held, _ := l.threads.Get(l.id)
	if n := len(held.messages); n > 0 && !l.everything && !held.messages[n-1].At.IsZero() && time.Since(held.read) < threadAge {
		newer, whole, err := read(messagePages, held.messages[n-1].At)
		if err == nil && whole {
			l.show(held, newer)
			return nil
		}
		if err != nil && !refusesToken(err) {
			return err
		}
	}
	pages := messagePages
	if l.everything {
		pages = messagePagesMost
	}
	all, whole, err := read(pages, time.Time{})
	if err == nil {
		l.show(thread{more: !whole, read: time.Now()}, all)
	}
	return err
}

// show adds messages to a thread; of one that is there twice the newer reading stays.
func (l *loading) show(t thread, newer []json.RawMessage) {
	at := make(map[string]int, len(t.messages)+len(newer))
	all := slices.Clone(t.messages)
	for i, m := range all {
		at[m.ID] = i
	}
	for i, r := range newer {
		m, ok := convertMessage(r, l.accessKey)
		if !ok {
			continue
		}
		m.ID = cmp.Or(m.ID, "?"+strconv.Itoa(i))
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
	l.threads.Put(l.id, t)
	l.Messages, l.MoreMessages = model.SetOf(slices.Clone(all)...), t.more
	l.Conversation.HasMessages = len(all) > 0
}

// inboxes reads how the conversation stands in the inboxes of Bird's web application: the assignee and whether it was
// read belong to their items, not to the conversation. The assignee of an open one is the owner. A key that may not read
// them shows nothing of it. Of an item only id, feedId and closed were seen in an answer; the others are named like what
// can be searched for and set [assumed], and may be missing.
func (l *loading) inboxes(ctx context.Context) error {
	page, err := readPage(l.Client.Do(ctx, l.feedItems(l.id)))
	switch model.KindOf(err) {
	case "":
	case model.Forbidden:
		l.facts.Add("Inbox", "Inboxes", "not shown: the access key has no right to read them")
		return nil
	case model.NotFound, model.Unsupported:
		l.facts.Add("Inbox", "Inboxes", "not shown: the service has none to read")
		return nil
	case model.Invalid, model.Malformed:
		l.Account.Logf("inbox items: %v", err) // a shape of the call that is assumed: the conversation is there all the same
		return nil
	default:
		return err
	}
	items := providers.ConvertPage(page, providers.ObjectOf).Rows
	open := func(o *providers.Object) int { return strings.Index(strings.ToLower(string(o.Peek("closed"))), "true") }
	slices.SortStableFunc(items, func(a, b *providers.Object) int { return cmp.Compare(open(a), open(b)) })
	if len(items) == 0 {
		l.facts.Add("Inbox", "Inboxes", "in none")
	}
	for _, o := range items {
		l.inbox(ctx, o)
	}
	return nil
}

// inbox shows how the conversation stands in one inbox, which is called by its channel where that is known, else by kind
// and short id of the feed.
func (l *loading) inbox(ctx context.Context, o *providers.Object) {
	const group = "Inbox"
	feed, agent := o.Text("feedId"), o.Text("agentId")
	inbox := cmp.Or(feed, "inbox")
	kind, id, cut := strings.Cut(feed, ":")
	name, _ := l.namer(ctx)(id)
	if cut {
		inbox = kind + " " + id[:min(8, len(id))]
		if kind == "channel" && name != "" {
			inbox = name
		}
	}
	if agent != "" {
		name := l.agentName(ctx, agent)
		l.facts.Add(group, inbox+" assigned to", cmp.Or(name, agent))
		if l.Conversation.Owner == (model.Participant{}) {
			l.Conversation.Owner = model.Participant{Kind: model.KindUser, ID: agent, Name: name}
		}
	}
	if cut && inbox != name {
		l.facts.Add(group, inbox+" feed", feed)
	}
	for _, b := range []struct{ field, label, yes, no string }{{"closed", "", "closed", "open"}, {"seen", " read", "read", "not read"}} {
		if is, known := o.Bool(b.field); known && is {
			l.facts.Add(group, inbox+b.label, b.yes)
		} else if known {
			l.facts.Add(group, inbox+b.label, b.no)
		}
	}
	if agent == "" && o.Take("agentId") != nil {
		l.facts.Add(group, inbox+" assigned to", "nobody")
	}
	l.facts.Add(group, inbox+" team", o.Text("teamId"))
	o.Text("conversationId") // says where it was asked from
	l.facts.Rest(group, inbox, o)
}

// agentName returns the name of an agent, "" where it cannot be had: a courtesy that is not worth an error. Each is
// looked for once.
func (p *provider) agentName(ctx context.Context, id string) string {
	name, known := p.names.Get(id)
	if known {
		return name
	}
	found, err := p.lookupAgent(ctx, id)
	if err != nil {
		return ""
	}
	if len(found.Items) > 0 {
		name = found.Items[0].Name
	}
	p.names.Put(id, name)
	return name
}
