// Package sandbox contains stand-in servers for the vendor APIs that confab speaks: Attention, Bird, AskElephant and Kona. They
// serve the demo over HTTP on loopback, `confab sandbox` for development, and tests through an in-memory [http.RoundTripper].
//
// Callers may rely on this:
//
//   - The servers are written from what the vendors publish and from what others met in the field (read 2026-11-20), not from
//     confab's adapters, and are as strict and as odd as those sources say. Where a vendor is silent, the server takes one
//     plausible reading and a switch selects the other, see [Switches]. Documented calls and filters that confab doesn't use are
//     not served: they answer like an unknown path or parameter.
//   - The same [Options.Seed], [Options.Conversations] and start time produce the same data, byte for byte. The seed determines
//     ids and faults, not what the conversations say.
//   - An idle sandbox has no goroutine, timer or socket. It waits with a timeout of the request's context, so everything works
//     inside a testing/synctest bubble with its fake clock.
//   - A [Sandbox] and all its accessors may be used from several goroutines.
//   - A conversation is generated when it is asked for: an idle sandbox of 100,000 costs no more than one of 400.
//
// The sandbox writes nothing to disk, and every credential is made up.
//
// A file in data/services describes each service (see spec): its calls with their parameters and bodies, its refusals and their
// wording, its directories, its switches and what they mean, and how somebody else changes a conversation in the meantime.
// Behaviour that only one service has is written in Go: a type that embeds server and overrides methods of the service interface.
// A service without such behaviour needs no Go; providers/conformance/notes is an example.
//
// The data directory also holds what the servers contain: a folder for each world (see [Options]) with a file for its people and
// one for each service, which lists the service's directories and conversations as records in the vendor's format (see record).
// Records refer to people by number and give times relative to the start of the sandbox and to a conversation's creation. A
// sandbox with more conversations than the file repeats them with other ids, times and people (see telling). Changes by clients
// and by other people are kept apart from the records (see rows).
package sandbox
