// Package providers is what the adapters share: the registry value, the HTTP client of one account, the mapping of failures
// to model.Error, decoding that survives whatever a service sends, and the one road that a write takes (see Adapter).
//
// What may be relied on:
//
//   - Each endpoint is declared, as a read or a write (see Endpoint). A read-only account refuses every write in the client.
//   - Reads with GET are repeated once, quickly, after a lost connection or a 502, 503 or 504 without Retry-After; what stays
//     wrong, as a name or a certificate, is not asked for again. Writes are sent once, but for a replay after a 401: a request
//     that was not authorised did nothing.
//   - A credential that was refused is asked for once more for all calls that wait for it, and each is replayed once if that
//     brought another.
//   - Every request waits for the account's Pacer and for a place among those in flight, ends with its context, and is bounded
//     in time and size.
//   - The credential goes to the account's own scheme, host and port alone: a redirect elsewhere is an error.
//   - Every error is a *model.Error without a credential and without a query string. Log gets no words of a service.
//   - Requests shows exactly what Apply sends, made by the same code. What widens who can see a conversation is sent last, and
//     not at all once an edit of the same Apply has failed.
//   - There is no global state, and no goroutine of the package's own: all of it works inside a testing/synctest bubble.
//
// # Adding a provider
//
// A provider is a package below this one, its Factory in the registry of the main package, and a stand-in in package sandbox.
// Nothing else knows it by name. Package conformance/notes is the least that one can be; the test fifth.txtar drives the
// whole program with it. The four that are there have the same files:
//
//   - service.json: the Factory and model.Description as data: settings, pace, endpoints, what can be edited by which call and
//     why not, who can see a conversation, what else comes of an edit. A call that no page documents is "assumed".
//   - doc.go: the vendor's pages with the day they were read, what they leave open and how that is met. leftout.txt: every
//     documented call and parameter that is not used, a line each, as "GET /path parameter: why".
//   - client.go: how calls are made, and how pages and error bodies read.
//   - convert.go: a conversation made of what the service sends. Everything that has no field of its own becomes a fact (see
//     Facts); so does a word that the field does not know, by Object.Put. A set that is absent, null or has a member without
//     an id is not known, or an edit would wipe it.
//   - sync.go, load.go or provider.go, lookup.go: the reading half of model.Provider. Walk the list to its end (see SyncWalk)
//     or say that the walk is not complete: rows that a complete walk lacks are taken to be gone. A row that the moving list
//     repeats is given once, and a cursor that is not the adapter's own starts anew. Whoever can be added to a conversation is
//     found by Lookup; see Kept and CutPage for a directory that is read whole. model.Creator is here too.
//   - apply.go: the writing half, a pure function from edits to steps. Where an edit leads is told by Change; an unknown word
//     counts as widening. A call that no page documents gets an Assumption.
//
// Write the stand-in from the vendor's pages, not from the adapter. Describe both in a conformance.Service, and the documented
// calls in a file of conformance/testdata/facts: the suite then tries every edit alone and with the others, every refusal of
// every request, lost and broken answers, rotated credentials, redirects and lists that move, counts requests, and holds what
// is sent against what is documented.
package providers
