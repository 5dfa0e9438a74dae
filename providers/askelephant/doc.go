// Package askelephant is the adapter for AskElephant, public API v2 at https://app.askelephant.ai/api. Vendor pages, read
// 2026-11-20, all under https://docs.askelephant.ai: /getting-started, /pagination, /searching-engagements, /bulk-exports,
// /errors, and under /api-reference: engagements/list-engagements, engagements/get-engagement-by-id,
// engagements/replace-engagement-contacts, contacts/list-contacts, contacts/get-contact-by-id, companies/list-companies,
// users/list-users, tags/list-tags.
//
// Lists have 100 rows a page. The vendor publishes no rate, so one request is in flight at a time, and polls are at least a minute
// apart.
//
// What the vendor leaves open, and what the adapter does:
//
//   - No page shows method and path of "replace engagement contacts". PUT /v2/engagements/{engagement_id}/contacts is assumed,
//     and both are settings. A 405, or a 404 for an engagement that can be read, produces an error that names them.
//   - Contacts that were requested and did not come are unknown, never empty: replacing the set would wipe it.
//   - Whether expanded contacts include calendar resources is not documented. A contact without a cnt_ id, or one that is a
//     resource by its type or address, becomes a participant of kind room, user or other, and is never sent.
//   - API keys are sent bare, and tokens with Bearer. The reference says Bearer for both, the guides do not. The setting
//     auth_scheme overrides this.
//   - A credential can't list its scopes, but a 403 names the scope it lacks. An expansion that is refused is left out from then on.
//   - Whether filters must be repeated with a cursor is unclear: all are. If a cursor is refused, the walk starts again.
//   - X-Api-Version is logged once, and Check warns if it changed. The ETag is kept and compared, but never sent.
//   - The shapes of companies, tags, signals, action items and CRM links are not documented: all their values become facts.
//   - Tags become labels without a value, for local queries. No call applies them.
//
// leftout.txt lists what is left out, and why; a test compares it with the fact sheet. Everything else is used.
package askelephant
