// Package conformance is the suite that every adapter must pass. It knows the
// contract of model.Provider and nothing of any service: what a service is
// like, and how to look behind its back, comes in a Service.
//
// What may be relied on:
//
//   - Run is the whole suite; a part is left out only where the data of the
//     Service says that there is no such thing, and a kind of edit that an
//     account declares without a case to try it is a failure.
//   - Every subtest has a stand-in and an account of its own, inside a
//     testing/synctest bubble: time is exact, and nothing sleeps. An Open must
//     therefore answer in memory.
//   - Whatever an account returns or logs, in any subtest, is searched for the
//     credentials of the account; every error must be a *model.Error with one of
//     the kinds of the model.
//   - The numbers of requests are exact. A change that costs one more is a
//     change of the Budget, made on purpose.
package conformance
