// Package attention is the adapter for Attention (attention.com), API v2 at https://api.attention.tech/v2. Vendor pages, read
// 2026-11-20, all under https://docs.attention.com/api-reference: conversation/list-conversations, .../list-conversations-optimized,
// .../get-conversation, .../change-conversation-title, -labels, -privacy, .../archive-conversation, user/list-users,
// organization/list-organization-users, team/get-team, label/get-label; and https://docs.attention.com/api-authentication.
//
// Lists are paged by number, with at most 50 rows a page. The vendor mentions a rate limit without figures; this adapter keeps
// two requests in flight, and sends three a second.
//
// What the vendor leaves open, and what the adapter does:
//
//   - Bearer or bare key: the setting auth_scheme says which is sent first. After a 401 the other form is tried once, for each
//     endpoint by itself, because endpoints may differ.
//   - Two paths of the list: the adapter asks /conversations/list, and /conversations once the first has answered 404, 405, 400
//     or 422.
//   - Single resources come bare or inside "data", lists as {"data":[…]}, {"data":null} or a bare array: it reads all forms.
//   - Order of the list, and the meaning of its dates: it never stops early because of a date, and lists a day more than asked for.
//   - Page size: pages may be smaller than requested, so it counts rows. Without any count in the answer, it asks for another
//     page after a first page that is not full. A 404 for a later page ends the walk, which is then not complete.
//   - Filters with several values: it sends one, because clients disagree on how to send more.
//   - No update time: Updated is finishedAt, or else createdAt.
//   - Statuses are open vocabularies: it shows one of the service's five statuses as the status, and all five as facts.
//   - Transcripts have four shapes; unfinished pieces are left out.
//   - Labels may have values other than texts; these are written back exactly as they were read.
//   - It believes the answer to a write only if it shows the new value; otherwise it reads the conversation.
//   - Recordings need an organisation-level key; the hint of a 403 says so.
//
// leftout.txt lists what is left out, and why; a test compares it with the fact sheet. Everything else is used.
package attention
