// Package sandbox is stand-in servers for the vendor APIs confab speaks: Attention, Bird, AskElephant and Kona. They serve the
// demo over HTTP on loopback, `confab sandbox` for development, and tests through an in-memory [http.RoundTripper].
//
// What may be relied on:
//
//   - The servers are written from what the vendors publish and from what others met in the field (read 2026-11-20), not from
//     confab's adapters, and are as strict and as odd as those sources say. Where a vendor is silent the server takes one
//     plausible reading and a switch takes the other, see [Switches]. Documented calls and filters that confab doesn't use are
//     not served: they answer as an unknown path or parameter does.
//   - The same [Options.Seed], [Options.Conversations] and start time give the same data, byte for byte. The seed chooses ids
//     and faults, not what the conversations say.
//   - At rest there is no goroutine, no timer and no socket. Waiting is done with time.Timer and the request's context, so
//     everything works inside a testing/synctest bubble with its fake clock.
//   - A [Sandbox] and all its accessors may be used from several goroutines.
//   - A conversation is made when asked for: 100,000 cost no more at rest than 400.
//
// No data is written anywhere and every credential is made up.
//
// A service is described by a file in data/services (see spec): its calls with their parameters and bodies, what it refuses and
// in which words, its directories, its switches with their meanings, and how somebody else changes a conversation meanwhile. What
// is one service's own way is Go on top of that: it embeds server and defines some of parts. A service without any needs no Go;
// providers/conformance/notes is one.
//
// What the servers hold stands in data, too: a folder for each world (see [Options]), and in it the people and one file for each
// service, with its directories and conversations as records in the service's own words (see record). People are named by a
// word, times are relative to the start of the sandbox and to a conversation's creation. A sandbox of more conversations than
// the file has repeats them with other ids and times, and of other people (see telling). What clients and other people change
// lies over the records (see rows).
package sandbox
