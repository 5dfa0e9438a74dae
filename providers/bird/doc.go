// Package bird is the adapter for Bird's Conversations API (https://api.bird.com): customer messaging in the
// conversations of one workspace. It is neither the old MessageBird API nor the newer platform, whose paging, errors
// and idempotency differ.
//
// Sources, checked 2026-11-20, all below https://docs.bird.com/api: conversations-api/api-reference (conversations
// management, messaging, participants), contacts-api/api-reference/manage-workspace-contacts,
// channels-api/api-reference/channels-management, api-access/common-api-usage. Nothing was tried against a live server.
//
// Lists have 1 to 100 rows a page, channels up to 1000. A create names at most five participants, and a row of the list features at
// most five. For a neighbouring API, 50 reads a second are documented for a workspace; this adapter sends at most five.
//
// The participants are either the whole list from the participants call, or unknown. The featured participants are for display.
// An edit of participants is sent as removals, then demotions, then promotions, then additions.
//
// What is assumed or left open by the vendor, and what the adapter does:
//
//   - The values of status in a PATCH: it sends only active and closed. A conversation with another status can't be closed or
//     reopened.
//   - Attributes are in the vendor's example of an update, but not in its reference: it sends the whole map. Values that are no
//     strings are shown as text, and sent back exactly as they came: Load keeps them, and Apply asks for another Load if it can't
//     tell them from strings. A service that refuses attributes names them, and the other edits are then sent without.
//   - The list comes newest created first, and can be narrowed only by resource: only a full walk sees an old conversation with a
//     new message. Page tokens may expire: after a 4xx for one, the walk starts again, once.
//   - A 409 for a read of a conversation, its messages or its participants: the read is repeated once, after a second.
//   - Access keys, bots, agents and the like can't be added to a conversation. Flows are found by id only.
//   - A contact can have one active conversation on a channel: reopening or creating a second one is a conflict.
//   - The inbox state of Bird's own application (assignee, team, read) belongs to the items of feeds, in another API. They are
//     searched once if everything about a conversation is requested.
//   - A 401 for a call other than those of conversations may be a missing policy rather than a bad key: the same key is then tried
//     on the list of conversations. A part that the key may not read is named, and not requested again by this run.
//
// leftout.txt lists what is left out, and why; a test compares it with the fact sheet. Everything else is used.
package bird
