// Package askelephant is the adapter for AskElephant, public API v2 at
// https://app.askelephant.ai/api. Vendor pages, read 2026-11-20, all under
// https://docs.askelephant.ai: /getting-started, /pagination,
// /searching-engagements, /bulk-exports, /errors, and under /api-reference:
// engagements/list-engagements, engagements/get-engagement-by-id,
// engagements/replace-engagement-contacts, contacts/list-contacts,
// contacts/get-contact-by-id, companies/list-companies, users/list-users,
// tags/list-tags.
//
// Limits. 100 rows a page; no rate is published, so one request is in flight
// at a time and a poll comes at most once a minute.
//
// Gaps in what the vendor documents, and how each is met:
//
//   - Method and path of "replace engagement contacts" are not shown anywhere:
//     PUT /v2/engagements/{engagement_id}/contacts is assumed, and both are
//     settings. A 405, or a 404 where the same engagement can be read, says
//     so and names the settings; nothing else is tried.
//   - Its answer is expected to lack the contacts, which the caller then reads.
//   - Contacts that were asked for and did not come (an expansion the service
//     left out, a missing scope) are not loaded, never empty: replacing the
//     set would wipe it.
//   - Whether expanded contacts hold calendar resources is not said: what has
//     no cnt_ id, or is a resource by its kind or address, is a participant of
//     kind room, user or other, and never sent.
//   - API keys go bare, tokens with Bearer; the reference says Bearer for
//     both, the guides do not. The setting auth_scheme overrides.
//   - A credential cannot tell its scopes: a 403 names the one it needs. An
//     expansion that is refused is left out from then on, and Check says so.
//   - Whether filters are repeated with a cursor is unclear: all are. A cursor
//     that is refused restarts the walk.
//   - There is no update or delete of an engagement, and none is offered.
//     Deletions are seen by a full walk alone.
//   - X-Api-Version is logged once, and Check warns where it changed.
//   - ETag is kept and compared, never sent.
//   - Shapes of companies, tags, signals, action items and CRM links are
//     not documented: whatever they hold is shown as facts.
//   - Tags are shown as labels without a value, for local queries; no call
//     applies them.
//
// Left out, and why. A test holds this list against the fact sheet; what is not
// in it is used.
//
//   - GET /v2/engagements search: how it compares titles is not said, and a query matches without accents
//   - GET /v2/engagements filter[updated_at][gt], filter[updated_at][lte]: the other two limits say the same
//   - GET /v2/engagements filter[company_ids][in]: of several companies that a query names one is enough to narrow
//   - GET /v2/engagements filter[contact_ids][eq], filter[contact_ids][in]: with: also finds users and rooms, which this may not know
//   - GET /v2/engagements filter[start_at][gt], filter[start_at][gte]: the query language has no word for the start
//   - GET /v2/engagements filter[start_at][lt], filter[start_at][lte]: the query language has no word for the start
//   - GET /v2/engagements filter[crm_associations][eq]: the query language has no word for CRM objects
//   - POST /v2/engagements: a new engagement needs a recording or transcript, which confab does not have
//   - GET /v2/engagements/{engagement_id}/transcript_timeline: its texts are not shown; the transcript expansion is read
//   - POST /v2/engagements/{engagement_id}/transcript_comments: comments can't be read back
//   - GET /v2/contacts, /v2/companies, /v2/users order_by, filter[updated_at][gt]: searched, not kept up to date
//   - GET /v2/contacts, /v2/companies, /v2/users filter[updated_at][gte], filter[updated_at][lt]: searched, not kept up to date
//   - GET /v2/contacts, /v2/companies, /v2/users filter[updated_at][lte]: searched, not kept up to date
//   - GET /v2/contacts, /v2/companies filter[crm_associations][eq]: people and companies are looked for by name, address and id
//   - GET /v2/companies filter[domain][eq]: companies are looked for by name
//   - PATCH /v2/contacts/{contact_id}: editing contacts themselves is not offered
//   - POST /v2/contacts: its path and body are not shown; contacts are chosen from those there are
//   - PUT /v2/contacts/{contact_id}/crm_association: CRM links are shown, not edited
//   - POST /v2/companies: editing companies is not offered
//   - PUT /v2/companies/{company_id}/crm_association: CRM links are shown, not edited
//   - GET /v2/users/{user_id}: the owner comes expanded, and users are looked for in their list
//   - GET /v2/tags order_by, filter[updated_at][gt], filter[updated_at][gte]: listed for a picker, not kept up to date
//   - GET /v2/tags filter[updated_at][lt], filter[updated_at][lte]: listed for a picker, not kept up to date
package askelephant
