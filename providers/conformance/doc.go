// Package conformance contains the suite that every adapter must pass. The suite
// knows the contract of model.Provider but no particular service: a Service
// describes one, and how to look at its server directly.
//
// The suite guarantees the following:
//
//   - Run runs everything. It leaves a part out only if the Service says that the
//     service has no such thing, and fails if an account declares a kind of edit
//     that no case tries.
//   - Every subtest has a stand-in and an account of its own, inside a
//     testing/synctest bubble: time is exact, and nothing sleeps. An Open must
//     therefore answer in memory.
//   - Everything that an account returns or logs is searched for its credentials,
//     and every error must be a *model.Error with one of the kinds of the model.
//   - The numbers of requests are exact. A change that needs one more request has
//     to change the Budget on purpose.
package conformance
