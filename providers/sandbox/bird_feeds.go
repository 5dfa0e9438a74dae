package sandbox

import (
	"slices"
	"strings"
	"time"
)

// birdItemFilters are the members of a search that are served; the vendor's page lists more, and rejects any other.
var birdItemFilters = []string{
	"conversationIds", "itemIds", "itemType", "agentIds", "teamIds", "closed", "seen", "conversationChannelIds",
	"conversationStatuses", "searchTerm",
}

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
	c := b.at(row)
	channel, _ := c.doc["channelId"].(string)
	if channel == "" || !c.created.IsZero() && now.Sub(c.created) < 3*time.Second {
		return nil
	}
	item := birdItem{
		row: row, id: b.seed.id(birdItemKind, 2*row), feed: "channel:" + channel, team: b.seed.id(birdTeamKind, row%birdTeams),
		closed: c.doc["status"] == "closed", seen: row%4 != 1,
	}
	if assignee, ok := c.doc["assigneeId"].(string); ok {
		item.agent = assignee
	} else if row%3 == 0 {
		item.agent = b.seed.id(birdUserKind, row%birdUsers)
	}
	all := []birdItem{item}
	if row%9 == 2 {
		item.id, item.feed, item.agent, item.closed, item.seen = b.seed.id(birdItemKind, 2*row+1), "team:"+item.team, "", true, true
		all = append(all, item)
	}
	return all
}

// searchItems answers POST search/feed-items. The page of the vendor is that of a saved inbox; the call itself and the
// members id, feedId and closed of an item were met in the field, the others are named like the filters and the members of an
// update [assumed].
func (b *Bird) searchItems(x *exchange) {
	if b.switches.FeedsMissing {
		x.notFound("Path")
	}
	p := problems{}
	lists, flags := map[string][]string{}, map[string]bool{}
	for name, raw := range x.fields {
		var ok bool
		switch name {
		case "closed", "seen":
			flags[name], ok = read[bool](raw)
		case "itemType", "searchTerm":
			var s string
			s, ok = read[string](raw)
			lists[name] = []string{s}
		default:
			lists[name], ok = read[[]string](raw)
		}
		if !ok {
			p.add("."+name, "has the wrong type")
		}
	}
	p.refuse()
	among := func(name string, value any) bool {
		want, ok := lists[name]
		s, _ := value.(string)
		return !ok || slices.Contains(want, s)
	}
	is := func(name string, value bool) bool {
		want, ok := flags[name]
		return !ok || want == value
	}
	var found []birdItem
	for row := range b.rows() {
		if !among("conversationIds", b.id(row)) {
			continue
		}
		doc := b.at(row).doc
		name, _ := doc["name"].(string)
		for _, i := range b.items(row, x.now) {
			if among("itemIds", i.id) && among("itemType", "conversation") && among("agentIds", i.agent) && among("teamIds", i.team) &&
				is("closed", i.closed) && is("seen", i.seen) && among("conversationChannelIds", doc["channelId"]) &&
				among("conversationStatuses", doc["status"]) &&
				(lists["searchTerm"] == nil || strings.Contains(strings.ToLower(name), strings.ToLower(lists["searchTerm"][0]))) {
				found = append(found, i)
			}
		}
	}
	b.page(x, birdList{
		n:   len(found),
		key: func(i int) (string, string) { return b.at(found[i].row).doc["createdAt"].(string), found[i].id },
		find: func(id string) (int, bool) {
			i := slices.IndexFunc(found, func(f birdItem) bool { return f.id == id })
			return i, i >= 0
		},
		render: func(i int) any { return b.showItem(found[i]) },
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
