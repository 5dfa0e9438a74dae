// Package providers holds what the adapters share: the registry of services, the HTTP client of an account, the mapping of
// failures to model.Error, JSON decoding that survives whatever a service sends, and the path that every write takes (see
// Adapter).
//
// What callers may rely on:
//
//   - Each endpoint is declared as a read or a write (see Endpoint). The client of a read-only account refuses every write.
//   - A GET is repeated once, quickly, after a lost connection or after a 502, 503 or 504 without Retry-After. It is not
//     repeated after an error that would stay the same, such as an unknown host or a bad certificate. A write is sent once,
//     except for a replay after a 401: a request that was not authorised changed nothing.
//   - When a credential is refused, its source is asked once more on behalf of all waiting calls. Each call is replayed once
//     if the source returned a different credential.
//   - Every request waits for the account's Pacer and for a free slot among the requests in flight, ends with its context, and
//     is bounded in time and size.
//   - The credential is sent only to the account's own scheme, host and port. A redirect elsewhere is an error.
//   - Every error is a *model.Error without a credential and without a query string. The log never receives text from a service.
//   - Requests returns exactly what Apply sends, built by the same code. An edit that widens who can see a conversation is sent
//     last, and not at all once another edit of the same Apply has failed.
//   - The package has no global state and starts no goroutine, so all of it works inside a testing/synctest bubble.
//
// # Adding a provider
//
// A provider is a package below this one, its Factory in the registry of package main, and a stand-in in package sandbox.
// No other code knows it by name. Package conformance/notes is a minimal example; the test fifth.txtar runs the whole program
// with it. The four real adapters consist of the same files:
//
//   - service.json: the Factory and the model.Description as data: settings, pace, endpoints, which call makes which edit or why
//     none does, who can see a conversation, and side effects of edits. A call that no vendor page documents is "assumed".
//   - doc.go: the vendor's pages with the day they were read, what they leave open, and how the adapter copes. leftout.txt
//     lists every documented call and parameter that is not used, one a line: "GET /path parameter: why".
//   - provider.go: how accounts are opened and checked, how calls are made, and how pages and error bodies are read.
//   - convert.go: builds a conversation from what the service sends. A value without a field of its own becomes a fact (see
//     Facts), and so does a word that the field does not know (see Object.PutBack). A set that is absent, is null or has a
//     member without an id counts as unknown; otherwise an edit could wipe it.
//   - sync.go, load.go or names.go: the reading half of model.Provider. Sync walks the list to its end (see
//     SyncWalk) or reports that the walk is incomplete, because rows missing from a complete walk are taken to be deleted. A row
//     that the moving list repeats is emitted once, and an unknown cursor starts from the beginning. Lookup finds whoever can
//     be added to a conversation; see Cached and Search for a directory that is read whole. model.Creator is here too.
//   - apply.go: the writing half, a pure function from edits to steps. Change derives the direction of an edit; an unknown word
//     counts as widening. A call that no page documents gets an Assumption.
//
// Write the stand-in from the vendor's pages, not from the adapter. Describe both in a conformance.Service, and the documented
// calls in a file of conformance/testdata/facts. The suite then tries every edit alone and combined, every refusal of every
// request, lost and broken answers, rotated credentials, redirects and lists that move; it counts requests, and compares what
// is sent with what is documented.
package providers
