package bird

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"confab/model"
	"confab/providers"
)

const (
	messagePages     = 3  // for the detail view
	messagePagesMost = 20 // if everything is requested
	maxNamedContacts = 20
)

// The minimum numbers of conversations or names that are kept in memory.
const (
	maxRawAttributes = 1_000
	maxNames         = 5_000
)

// Load implements model.Provider. The participants come from their own list, never from the at most five that a conversation
// features. A list that the access key has no right to stays unknown, and a fact says so. If everything is requested, one more
// request reads the state of the conversation in the inboxes.
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
	c, _ := p.convert(answer.Body, p.channelNames(ctx))
	if c.Archived {
		return model.Detail{},
			&model.Error{Kind: model.NotFound, Op: calls.GetConversation.Name, Status: answer.Status, Message: reasonDeleted}
	}
	c.Ref.ID = id
	c.ETag = answer.Header.Get("ETag")
	p.rawAttributes.Put(id, o.Map("attributes"))
	if !o.Has("attributes") {
		c.Attributes = map[string]string{} // a single read always includes the attributes, if there are any
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
		err = l.part("Inbox", "Inboxes", l.inboxes(ctx))
	}
	if err != nil {
		return model.Detail{}, err
	}
	l.Conversation.Facts = l.facts.List()
	return l.Detail, nil
}

type loading struct {
	*provider
	model.Detail
	id         string
	everything bool
	facts      providers.Facts
}

// part returns the error of reading a part of the conversation, unless the access key has no right to that part, which the vendor
// documents as possible. Then it adds a fact instead.
func (l *loading) part(group, label string, err error) error {
	why := notShown(err)
	if why == "" {
		return err
	}
	l.facts.Add(group, label, why)
	return nil
}

// participants reads the participants. They stay unknown if the list could not be read completely.
func (l *loading) participants(ctx context.Context) error {
	all, whole, err := l.list(maxParticipantPages, func(token string) providers.Call {
		return l.page(calls.ListParticipants, l.id, pageLimit, token)
	}).All(ctx)
	if err != nil {
		return err
	}
	people, ok := convertParticipants(all, &l.facts)
	// The list may change while its pages are read.
	people = providers.Unseen(map[model.Participant]bool{}, people, func(p model.Participant) model.Participant {
		if p.ID != "" {
			p.Identifier = ""
		}
		return model.Participant{Kind: p.Kind, ID: p.ID, Identifier: strings.ToLower(p.Identifier)}
	})
	if l.everything {
		l.nameContacts(ctx, people)
	}
	if !whole || !ok {
		l.facts.Add("People", "Participants", "the list could not be read as a whole")
		l.Conversation.Featured = people
		return nil
	}
	l.Conversation.Participants = model.SetOf(people...)
	return nil
}

// nameContacts looks up the names of up to maxNamedContacts contacts that have none. It stops at the first error, because names
// are optional.
func (p *provider) nameContacts(ctx context.Context, people []model.Participant) {
	asked := 0
	for i, who := range people {
		if who.Kind != model.KindContact || who.Name != "" || who.ID == "" {
			continue
		}
		name, known := p.names.Get(who.ID)
		if !known {
			if asked++; asked > maxNamedContacts {
				return
			}
			contact, err := p.contact(ctx, who.ID)
			if k := model.KindOf(err); k != "" && k != model.NotFound && k != model.Malformed {
				return
			}
			name = contact.Name
			p.names.Put(who.ID, name)
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

// messages reads the messages. The list may change while its pages are read.
func (l *loading) messages(ctx context.Context) error {
	pages := messagePages
	if l.everything {
		pages = messagePagesMost
	}
	all, whole, err := l.list(pages, func(token string) providers.Call {
		return l.page(calls.ListMessages, l.id, pageLimit, token)
	}).All(ctx)
	if err != nil {
		return err
	}
	found := providers.ConvertPage(providers.RawPage{Rows: all}, func(raw json.RawMessage) (model.Message, bool) {
		return convertMessage(raw, l.accessKey)
	}).Rows
	found = providers.Unseen(map[string]bool{}, found, func(m model.Message) string { return m.ID })
	providers.SortMessages(found)
	l.Messages, l.MoreMessages = model.SetOf(found...), !whole
	l.Conversation.HasMessages = len(found) > 0
	return nil
}

// inboxes reads the state of the conversation in the inboxes of Bird's web application, whose items hold the assignee and whether
// the conversation was read. The assignee of an open item becomes the owner. In an answer, only id, feedId and closed of an item
// have been seen; the names of its other fields are those of documented parameters [assumed], and the fields may be missing.
func (l *loading) inboxes(ctx context.Context) error {
	page, err := readPage(l.Client.Do(ctx, l.feedItems(l.id)))
	switch model.KindOf(err) {
	case "":
	case model.Invalid, model.Malformed:
		l.Account.Logf("inbox items: %v", err) // the shape of the call is assumed, and the conversation is shown without it
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

// inbox adds the facts about one inbox. It is called by the name of its channel, or else by the kind and the short id of its feed.
func (l *loading) inbox(ctx context.Context, o *providers.Object) {
	const group = "Inbox"
	feed, agent := o.Text("feedId"), o.Text("agentId")
	inbox := cmp.Or(feed, "inbox")
	kind, id, cut := strings.Cut(feed, ":")
	name, _ := l.channelNames(ctx)(id)
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
	for _, b := range []struct{ field, label, no, yes string }{{"closed", "", "open", "closed"}, {"seen", " read", "not read", "read"}} {
		if is, known := o.Bool(b.field); known {
			l.facts.Add(group, inbox+b.label, map[bool]string{false: b.no, true: b.yes}[is])
		}
	}
	if agent == "" && o.Take("agentId") != nil {
		l.facts.Add(group, inbox+" assigned to", "nobody")
	}
	l.facts.Add(group, inbox+" team", o.Text("teamId"))
	o.Text("conversationId") // known already
	l.facts.Rest(group, inbox, o)
}

// agentName returns the name of an agent, or "". It looks each agent up once.
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
