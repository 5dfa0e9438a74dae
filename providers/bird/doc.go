// Package bird is the adapter for Bird's Conversations API (https://api.bird.com): customer messaging in the
// conversations of one workspace. It is neither the old MessageBird API nor the newer platform, whose paging, errors
// and idempotency differ.
//
// Sources, checked 2026-11-20, all below https://docs.bird.com/api: conversations-api/api-reference (conversations
// management, messaging, participants), contacts-api/api-reference/manage-workspace-contacts,
// channels-api/api-reference/channels-management, api-access/common-api-usage. Nothing was tried against a live server.
//
// Limits: lists take 1 to 100 rows a page, channels up to 1000; a page token is opaque, at most 8,000 characters; a
// create names at most five participants; a list row features at most five. 50 reads a second are allowed for a
// workspace (documented for a neighbouring API); this adapter stays at five.
//
// What may be relied on:
//
//   - Every call is declared a read or a write in client.go. What is sent is built by pure functions; Requests and
//     Apply use the same ones.
//   - Participants are the whole list from the participants call, or unknown; the featured ones are for display.
//   - What narrows is sent before and what widens after everything else; if narrowing fails nothing that widens is
//     sent. Of participants, removals come first, then demotions, then promotions, then additions.
//   - Fields that no edit changes are not sent.
//
// What is assumed or left open by the vendor, and how it is met:
//
//   - The values of status in a PATCH: only active and closed are sent; a conversation with another word cannot be
//     closed or reopened from here.
//   - Attributes, in the vendor's example of an update but not in its reference: merged or replaced is not said, so
//     the whole map is sent. Values that are no strings are shown as text and sent back exactly as they came: Load
//     keeps them, and Apply reads again where it cannot tell. A service that refuses them names them, and the other
//     edits are then sent without.
//   - null for name or description: never sent, "" clears.
//   - Order of the list (newest created first) and no filter but by resource: an old conversation with a new message
//     is seen by a full walk only.
//   - A page token may end: on a 4xx for one the walk starts again, once. A token that comes twice is an error.
//   - 409 for a read of a conversation, its messages or participants: repeated once after a second.
//   - Access keys, bots, agents and the like cannot be added to a conversation; flows are found by id only, users
//     also by name and e-mail among the agents (GET /agents); that the id of an agent is that of the user is [assumed].
//   - A contact can have one active conversation on a channel: reopening a second, or creating one, is a conflict,
//     and the existing conversation is named where the service names it.
//   - Messages: only newer ones are asked for (dateFrom) for five minutes after all were; changes of delivery to older
//     ones show up after that.
//   - No address of the web application is documented, so there is none to open.
//   - The inbox state of Bird's own application (assignee, team, read) belongs to items of feeds, another API. They are
//     searched, once, where everything of a conversation is asked for; the assignee of an open one is shown as the owner.
//     The path of the search was seen in running code alone, and the names of most fields are [assumed].
//   - A 401 beside the conversations may be a missing policy rather than a bad key: the list of conversations is then
//     tried with the same key. What the key may not read is named, and not asked for again while the program runs.
//
// What is left out, and why, stands in leftout.txt. A test holds that list against the fact sheet; what is not in it
// is used.
package bird
