// Package proof holds only tests. They prove that nothing is lost, that nothing is done twice, and that what confab says is true.
// They run the built program as processes of their own against stand-in servers that can hold, drop and count requests, and kill
// it at each step; they run the engine through thousands of random steps in fake time; and they run the examples of the README
// and the help, and count the bytes that a key writes to a terminal.
//
// The random tests have a short form, for `go test`, and a long one: with CONFAB_SOAK=2m each goes on for two minutes. CONFAB_SEED
// repeats a run.
package proof
