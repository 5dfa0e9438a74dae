package sandbox

import (
	"encoding/json"
	"slices"
)

// birdFeedFilters are the documented members of a search for inbox items; others are refused.
var birdFeedFilters = []string{
	"conversationIds", "itemIds", "ticketNumbers", "itemType", "itemTypes", "agentIds", "teamIds", "closed", "archived", "seen",
	"replyStatus", "tagIds", "conversationName", "conversationChannelIds", "conversationStatuses", "participants", "fromContact",
	"dateFrom", "dateTo", "searchTerm", "itemStatuses", "indexType", "indexId", "sort", "countOnly",
}

// searchFeedItems answers for named conversations, which is all that was seen in use. An item is in the feed of the
// channel; every third conversation has a closed one of before in another feed, and every fifth none yet. Of an item
// only id, feedId and closed were seen; the others are named like what can be searched for [assumed].
func (b *Bird) searchFeedItems(r birdRequest) birdAnswer {
	if a, ok := r.only("limit", "pageToken", "reverse"); !ok {
		return a
	}
	members, a, ok := r.object()
	if !ok {
		return a
	}
	problems := birdProblems{}
	birdUnknown(problems, "", members, birdFeedFilters...)
	var ids []string
	if json.Unmarshal(members["conversationIds"], &ids) != nil {
		problems.add(".conversationIds", "must be an array of ids")
	}
	if len(problems) > 0 {
		return problems.answer()
	}
	results := []any{}
	for _, id := range ids {
		c := b.find(id)
		if c == nil || c.row%5 == 4 {
			continue
		}
		channel, _ := c.doc["channelId"].(string)
		if c.row%3 == 0 {
			results = append(results, b.feedItem(c, "inbox:"+b.seed.id(birdTeamKind, 0), true))
		}
		results = append(results, b.feedItem(c, "channel:"+channel, c.doc["status"] == "closed"))
	}
	return birdOK(map[string]any{"results": results})
}

func (b *Bird) feedItem(c *birdConversation, feed string, closed bool) map[string]any {
	item := map[string]any{
		"id": "item-" + b.seed.conversationID(c.row), "feedId": feed, "closed": closed, "seen": c.row%2 == 0, "archived": false,
		"itemType": "conversation", "agentId": nil, "teamId": nil,
	}
	if c.row%4 != 1 && !closed {
		item["agentId"], item["teamId"] = b.seed.userID(c.row%birdUsers), b.seed.id(birdTeamKind, c.row%birdTeams)
	}
	return item
}

// lacks reports whether the key has no policy for a path, which answers 401 as a bad key does.
func (b *Bird) lacks(path []string) bool {
	return slices.ContainsFunc(b.switches.NoRights, func(word string) bool { return slices.Contains(path, word) })
}
