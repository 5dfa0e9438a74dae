// Package attention is the adapter for Attention (attention.com), API v2 at https://api.attention.tech/v2. Vendor pages, read
// 2026-11-20, all under https://docs.attention.com/api-reference: conversation/list-conversations, .../list-conversations-optimized,
// .../get-conversation, .../change-conversation-title, -labels, -privacy, .../archive-conversation, user/list-users,
// organization/list-organization-users, team/get-team, label/get-label; and https://docs.attention.com/api-authentication.
//
// Lists are paged by number, at most 50 a page. A rate limit exists, without figures: two requests in flight, three a second.
//
// Gaps in what the vendor documents, and how each is met:
//
//   - Bearer or bare key: the setting auth_scheme says which is sent first. On a 401 the other form is tried once.
//   - Two list paths: /conversations/list is asked, and /conversations from then on where the first answers 404 or 405.
//   - Single resources bare or inside "data", lists as {"data":[…]}, {"data":null} or a bare array: all are read.
//   - Order of the list and meaning of its dates: nothing stops early on a date; how far back to list is widened by a day.
//   - Pages may be smaller than asked for: rows are counted, and without any count in the answer a first page that is not
//     full is followed by another request. A 404 for a later page ends the walk, and it is not complete.
//   - Array filters: one value is sent; clients disagree on several.
//   - No update time: Updated is finishedAt, else createdAt.
//   - Statuses are open vocabularies: one word is chosen from the five the service has, and all five are facts.
//   - Transcripts have four shapes; pieces still in flux are left out.
//   - Labels may hold other values than texts; those are written back exactly as they were read.
//   - The answer of a write is trusted for a field only where it holds it.
//   - Recordings need an organisation-level key; a 403 says so.
//
// What is left out, and why, stands in leftout.txt, which a test holds against the fact sheet; what is not in it is used.
package attention
