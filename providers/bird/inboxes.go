package bird

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"confab/model"
	"confab/providers"
)

// inboxItem is how a conversation stands in one inbox of Bird's web application. Only id, feedId and closed were seen
// in an answer; the others are named like what can be searched for and set [assumed], and may be missing.
type inboxItem struct {
	inbox  string // the name of its channel where it is known, else kind and short id of the feed
	agent  string // the assignee's id
	closed bool
	facts  []model.Fact
}

// loadInboxes reads the inbox items of a conversation: the assignee and whether it was read belong to them, not to the
// conversation. The assignee of an open one is the owner. A key that may not read them shows nothing of it.
func (p *Provider) loadInboxes(ctx context.Context, id string, c *model.Conversation, facts *providers.Facts) error {
	answer, err := p.client.do(ctx, p.client.searchFeedItems(id))
	if err != nil {
		e := model.AsError(err)
		switch e.Kind {
		case model.Forbidden, model.NotFound, model.Unsupported:
			facts.Add(groupInbox, "Inboxes", "not shown: "+inboxesClosed(e))
			return nil
		case model.Invalid, model.Malformed:
			p.account.Logf("inbox items: %v", err) // a shape of the call that is assumed: the conversation is there all the same
			return nil
		}
		return err
	}
	pg, err := readPage(answer)
	if err != nil {
		p.account.Logf("inbox items: %v", err)
		return nil
	}
	items := convertInboxItems(pg.Rows, p.namer(ctx))
	if len(items) == 0 {
		facts.Add(groupInbox, "Inboxes", "in none")
	}
	for _, it := range items {
		if it.agent == "" {
			facts.AddAll(it.facts)
			continue
		}
		name := p.agentName(ctx, it.agent)
		facts.Add(groupInbox, it.inbox+" assigned to", nonEmpty(name, it.agent))
		facts.AddAll(it.facts)
		if c.Owner == (model.Participant{}) {
			c.Owner = model.Participant{Kind: model.KindUser, ID: it.agent, Name: name}
		}
	}
	return nil
}

func inboxesClosed(e *model.Error) string {
	if e.Kind == model.Forbidden {
		return "the access key has no right to read them"
	}
	return "the service has none to read"
}

// convertInboxItems takes the items of one conversation, open ones first.
func convertInboxItems(raw []json.RawMessage, channel func(id string) (name, platform string)) []inboxItem {
	var out []inboxItem
	for _, r := range raw {
		o, ok := providers.ParseObject(r)
		if !ok {
			continue
		}
		feed := o.Text("feedId")
		it := inboxItem{inbox: nonEmpty(feed, "inbox"), agent: o.Text("agentId")}
		var facts providers.Facts
		if kind, id, ok := strings.Cut(feed, ":"); ok {
			it.inbox = kind + " " + id[:min(8, len(id))]
			if name, _ := channel(id); kind == "channel" && name != "" {
				it.inbox = name
			} else {
				facts.Add(groupInbox, it.inbox+" feed", feed)
			}
		}
		closed, known := o.Bool("closed")
		it.closed = closed
		if known {
			facts.Add(groupInbox, it.inbox, word(closed, "closed", "open"))
		}
		if seen, known := o.Bool("seen"); known {
			facts.Add(groupInbox, it.inbox+" read", word(seen, "read", "not read"))
		}
		if it.agent == "" && o.Has("agentId") {
			facts.Add(groupInbox, it.inbox+" assigned to", "nobody")
			o.Take("agentId")
		}
		facts.Add(groupInbox, it.inbox+" team", o.Text("teamId"))
		o.Text("conversationId") // says where it was asked from
		facts.Rest(groupInbox, it.inbox, o)
		it.facts = facts.List()
		out = append(out, it)
	}
	slices.SortStableFunc(out, func(a, b inboxItem) int { return order(a.closed) - order(b.closed) })
	return out
}

func word(is bool, yes, no string) string {
	if is {
		return yes
	}
	return no
}

func order(last bool) int {
	if last {
		return 1
	}
	return 0
}

// agentName gives the name of an agent, "" where it cannot be had. Each is looked for once.
func (p *Provider) agentName(ctx context.Context, id string) string {
	if id == "" {
		return ""
	}
	if name, known := p.agents.get(id); known {
		return name
	}
	found, err := p.lookupAgent(ctx, id)
	if err != nil {
		return "" // a courtesy that is not worth an error
	}
	name := ""
	if len(found.Items) > 0 {
		name = found.Items[0].Name
	}
	p.agents.put(id, name)
	return name
}
