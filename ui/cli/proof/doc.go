// Package proof holds no code, only tests that prove what confab promises:
// that nothing is lost, nothing is done twice, and that what it says is so.
// They run the built program as processes of their own against stand-in
// servers that can hold, drop and count requests, and kill it at each step; and
// they run the engine through thousands of random steps in fake time.
//
// Each has a short form, for `go test`, and a long one: with CONFAB_SOAK=2m each
// goes on for two minutes. CONFAB_SEED repeats a run.
package proof
