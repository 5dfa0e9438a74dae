package sandbox

import (
	"slices"
	"time"
)

// birdItem is a conversation's place in an inbox: who has it, and whether it was seen. It belongs to the inbox, not to the
// conversation, and a conversation can be in several.
type birdItem struct {
	row                   int
	id, feed, agent, team string
	closed, seen          bool
}

// items are the items of a row: one in the inbox of its channel, and for some a closed one in that of a team, where it was
// before. A new conversation gets its item after a few seconds.
func (b *Bird) items(row int, now time.Time) []birdItem {
	channel, _ := b.value(row, "channelId").(string)
	if channel == "" || row >= b.conversations && now.Sub(b.createdAt(row)) < 3*time.Second {
		return nil
	}
	item := birdItem{
		row: row, id: b.uuid("item", 2*row), feed: "channel:" + channel, team: b.uuid("team", row%birdTeams),
		closed: b.value(row, "status") == "closed", seen: row%4 != 1,
	}
	if assignee, ok := b.value(row, "assigneeId").(string); ok {
		item.agent = assignee
	} else if row%3 == 0 {
		item.agent = b.uuid("user", row%len(b.file.Agents.Rows))
	}
	all := []birdItem{item}
	if row%9 == 2 {
		item.id, item.feed, item.agent, item.closed, item.seen = b.uuid("item", 2*row+1), "team:"+item.team, "", true, true
		all = append(all, item)
	}
	return all
}

// searchItems answers for named conversations, the only of the documented filters that is served. The page of the vendor is
// that of a saved inbox; the call itself and the members id, feedId and closed of an item were met in the field, the others are
// named like the filters and the members of an update [assumed].
func (b *Bird) searchItems(x *exchange) {
	if b.switches.FeedsMissing {
		x.notFound("Path")
	}
	ids, ok := read[[]string](x.fields["conversationIds"])
	if !ok {
		x.badField("conversationIds", "invalid", "must be an array of ids")
	}
	var found []birdItem
	for _, id := range ids {
		if row, ok := b.find(id); ok {
			found = append(found, b.items(row, x.now)...)
		}
	}
	b.page(x, birdList{
		n: len(found),
		find: func(id string) (int, bool) {
			i := slices.IndexFunc(found, func(f birdItem) bool { return f.id == id })
			return i, i >= 0
		},
		render: func(i int) map[string]any { return b.showItem(found[i]) },
	})
}

func (b *Bird) showItem(i birdItem) map[string]any {
	out := map[string]any{"id": i.id, "feedId": i.feed, "closed": i.closed}
	if b.switches.BareItems {
		return out
	}
	out["conversationId"], out["teamId"], out["agentId"], out["seen"] = b.id(i.row), i.team, nil, i.seen
	if i.agent != "" {
		out["agentId"] = i.agent
	}
	return out
}
