// Package askelephant is the adapter for AskElephant, public API v2 at https://app.askelephant.ai/api. Vendor pages, read
// 2026-11-20, all under https://docs.askelephant.ai: /getting-started, /pagination, /searching-engagements, /bulk-exports,
// /errors, and under /api-reference: engagements/list-engagements, engagements/get-engagement-by-id,
// engagements/replace-engagement-contacts, contacts/list-contacts, contacts/get-contact-by-id, companies/list-companies,
// users/list-users, tags/list-tags.
//
// 100 rows a page; no rate is published, so one request is in flight at a time and a poll comes at most once a minute.
//
// Gaps in what the vendor documents, and how each is met:
//
//   - Method and path of "replace engagement contacts" are not shown anywhere: PUT /v2/engagements/{engagement_id}/contacts is
//     assumed, and both are settings. A 405, or a 404 where the same engagement can be read, says so and names them.
//   - Contacts that were asked for and did not come are not loaded, never empty: replacing the set would wipe it.
//   - Whether expanded contacts hold calendar resources is not said: what has no cnt_ id, or is a resource by its kind or
//     address, is a participant of kind room, user or other, and never sent.
//   - API keys go bare, tokens with Bearer; the reference says Bearer for both, the guides do not. auth_scheme overrides.
//   - A credential cannot tell its scopes: a 403 names the one it needs. An expansion that is refused is left out from then on.
//   - Whether filters are repeated with a cursor is unclear: all are. A cursor that is refused restarts the walk.
//   - X-Api-Version is logged once, and Check warns where it changed. ETag is kept and compared, never sent.
//   - Shapes of companies, tags, signals, action items and CRM links are not documented: whatever they hold is shown as facts.
//   - Tags are shown as labels without a value, for local queries; no call applies them.
//
// What is left out, and why, stands in leftout.txt, which a test holds against the fact sheet; what is not in it is used.
package askelephant
