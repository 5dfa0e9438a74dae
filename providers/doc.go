// Package providers is the core that the adapters share: the registry value,
// the HTTP client of one account, the mapping of failures to model.Error, and
// decoding that survives whatever a service sends.
//
// What may be relied on:
//
//   - Each endpoint is declared, as a read or a write (see Endpoint). A
//     read-only account refuses every write in the client, before anything is
//     sent.
//   - Reads with GET are repeated once, quickly, after a lost connection or a
//     502, 503 or 504 without Retry-After; what stays wrong, as a name or a
//     certificate, is not asked for again. Writes are sent once; the one
//     exception is a replay after a 401, since a request that was not
//     authorised did nothing.
//   - Adapters say in a Credential how their service takes the credential. One
//     that was refused is asked for once more for all calls that wait for it,
//     and each is replayed once if that brought another.
//   - Every request waits for the account's Pacer and for a free place among
//     those in flight, ends with its context, and is bounded in time and size.
//   - The credential goes to the account's own scheme, host and port alone: a
//     redirect elsewhere is an error.
//   - Every error is a *model.Error without a credential and without a query
//     string. Log gets no words of a service: Account.Logf writes of an error
//     what was tried, its kind and its status.
//   - Client.Request gives exactly the request that Client.Do sends, made by
//     the same code.
//   - There is no global state, and no goroutine of the package's own. With an
//     Account.Transport that has none either, all of it works inside a
//     testing/synctest bubble.
package providers
