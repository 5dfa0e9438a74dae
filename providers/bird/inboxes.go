package bird

import (
	"cmp"
	"context"
	"encoding/json"
	"strings"

	"confab/model"
	"confab/providers"
)

// loadInboxes reads how a conversation stands in the inboxes of Bird's web application: the assignee and whether it was
// read belong to their items, not to the conversation. The assignee of an open one is the owner. A key that may not read
// them shows nothing of it.
func (p *provider) loadInboxes(ctx context.Context, id string, c *model.Conversation, facts *providers.Facts) error {
	page, err := readPage(p.client.Do(ctx, p.client.feedItems(id)))
	switch model.KindOf(err) {
	case "":
	case model.Forbidden:
		facts.Add("Inbox", "Inboxes", "not shown: the access key has no right to read them")
		return nil
	case model.NotFound, model.Unsupported:
		facts.Add("Inbox", "Inboxes", "not shown: the service has none to read")
		return nil
	case model.Invalid, model.Malformed:
		p.account.Logf("inbox items: %v", err) // a shape of the call that is assumed: the conversation is there all the same
		return nil
	default:
		return err
	}
	items := convertInboxItems(page.Rows, p.namer(ctx))
	if len(items) == 0 {
		facts.Add("Inbox", "Inboxes", "in none")
	}
	for _, it := range items {
		if it.agent != "" {
			name := p.agentName(ctx, it.agent)
			facts.Add("Inbox", it.inbox+" assigned to", cmp.Or(name, it.agent))
			if c.Owner == (model.Participant{}) {
				c.Owner = model.Participant{Kind: model.KindUser, ID: it.agent, Name: name}
			}
		}
		facts.AddAll(it.facts)
	}
	return nil
}

// inboxItem is how a conversation stands in one inbox. Only id, feedId and closed were seen in an answer; the others
// are named like what can be searched for and set [assumed], and may be missing.
type inboxItem struct {
	inbox string // the name of its channel where it is known, else kind and short id of the feed
	agent string // the assignee's id
	facts []model.Fact
}

// convertInboxItems takes the items of one conversation, open ones first.
func convertInboxItems(raw []json.RawMessage, channel func(id string) (name, platform string)) []inboxItem {
	var open, done []inboxItem
	for _, r := range raw {
		o, ok := providers.ObjectOf(r)
		if !ok {
			continue
		}
		feed := o.Text("feedId")
		it := inboxItem{inbox: cmp.Or(feed, "inbox"), agent: o.Text("agentId")}
		var facts providers.Facts
		if kind, id, ok := strings.Cut(feed, ":"); ok {
			it.inbox = kind + " " + id[:min(8, len(id))]
			if name, _ := channel(id); kind == "channel" && name != "" {
				it.inbox = name
			} else {
				facts.Add("Inbox", it.inbox+" feed", feed)
			}
		}
		closed, known := o.Bool("closed")
		if known {
			facts.Add("Inbox", it.inbox, map[bool]string{true: "closed", false: "open"}[closed])
		}
		if seen, known := o.Bool("seen"); known {
			facts.Add("Inbox", it.inbox+" read", map[bool]string{true: "read", false: "not read"}[seen])
		}
		if it.agent == "" && o.Has("agentId") {
			facts.Add("Inbox", it.inbox+" assigned to", "nobody")
			o.Take("agentId")
		}
		facts.Add("Inbox", it.inbox+" team", o.Text("teamId"))
		o.Text("conversationId") // says where it was asked from
		facts.Rest("Inbox", it.inbox, o)
		it.facts = facts.List()
		if closed {
			done = append(done, it)
		} else {
			open = append(open, it)
		}
	}
	return append(open, done...)
}

// agentName returns the name of an agent, "" where it cannot be had: a courtesy that is not worth an error. Each is
// looked for once.
func (p *provider) agentName(ctx context.Context, id string) string {
	name, known := p.agents.Get(id)
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
	p.agents.Put(id, name)
	return name
}
