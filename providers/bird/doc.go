// Package bird is the adapter for Bird's Conversations API (https://api.bird.com): customer messaging in the
// conversations of one workspace. It is neither the old MessageBird API nor the newer platform, whose paging, errors
// and idempotency differ.
//
// Sources, checked 2026-11-20, all below https://docs.bird.com/api: conversations-api/api-reference (conversations
// management, messaging, participants), contacts-api/api-reference/manage-workspace-contacts,
// channels-api/api-reference/channels-management, api-access/common-api-usage. Nothing was tried against a live server.
//
// Lists take 1 to 100 rows a page, channels up to 1000; a create names at most five participants; a list row features at
// most five. 50 reads a second are allowed for a workspace (documented for a neighbouring API); this adapter stays at five.
//
// Participants are the whole list from the participants call, or unknown; the featured ones are for display. Of an edit of
// them removals come first, then demotions, then promotions, then additions.
//
// What is assumed or left open by the vendor, and how it is met:
//
//   - The values of status in a PATCH: only active and closed are sent; a conversation with another word cannot be
//     closed or reopened from here.
//   - Attributes, in the vendor's example of an update but not in its reference: the whole map is sent. Values that are no
//     strings are shown as text and sent back exactly as they came: Load keeps them, and Apply reads again where it cannot
//     tell. A service that refuses them names them, and the other edits are then sent without.
//   - Order of the list (newest created first) and no filter but by resource: an old conversation with a new message
//     is seen by a full walk only. A page token may end: on a 4xx for one the walk starts again, once.
//   - 409 for a read of a conversation, its messages or participants: repeated once after a second.
//   - Access keys, bots, agents and the like cannot be added to a conversation; flows are found by id only.
//   - A contact can have one active conversation on a channel: reopening a second, or creating one, is a conflict.
//   - Messages: only newer ones are asked for (dateFrom) for five minutes after all were.
//   - The inbox state of Bird's own application (assignee, team, read) belongs to items of feeds, another API. They are
//     searched, once, where everything of a conversation is asked for.
//   - A 401 beside the conversations may be a missing policy rather than a bad key: the list of conversations is then
//     tried with the same key. What the key may not read is named, and not asked for again while the program runs.
//
// What is left out, and why, stands in leftout.txt, which a test holds against the fact sheet; what is not in it is used.
package bird
