// Package sandbox is stand-in servers for the vendor APIs confab speaks: Attention, Bird, AskElephant and Kona. They serve the
// demo over HTTP on loopback, `confab sandbox` for development, and tests through an in-memory [http.RoundTripper].
//
// What may be relied on:
//
//   - The servers are written from what the vendors publish and from what others met in the field (read 2026-11-20), not from
//     confab's adapters, and are as strict and as odd as those sources say. Where a vendor is silent the server takes one
//     plausible reading and a switch, see [AttentionSwitches] and its siblings, takes the other. Documented calls and filters
//     that confab doesn't use are not served: they answer as an unknown path or parameter does.
//   - The same [Options.Seed], [Options.Conversations] and start time give the same data, byte for byte. The seed chooses ids
//     and faults, not what the conversations say.
//   - At rest there is no goroutine, no timer and no socket. Waiting is done with time.Timer and the request's context, so
//     everything works inside a testing/synctest bubble with its fake clock.
//   - A [Sandbox] and all its accessors may be used from several goroutines.
//   - A conversation is made when asked for: 100,000 cost no more at rest than 400.
//
// No data is written anywhere and every credential is made up.
//
// What the servers hold stands in data: a folder for each world (see [Options]), and in it the people and one file for each
// vendor, with its directories and conversations as records in the service's own words (see record). People are named by a
// word, times are relative to the start of the sandbox and to a conversation's creation. A sandbox of more conversations than
// the file has repeats them with other ids and times.
//
// A vendor is a type around server with the methods of parts, a table of routes, a file of data and a line in vendors;
// vendor_test.go holds the smallest one. What clients and other people change lies over the records (see rows).
package sandbox
