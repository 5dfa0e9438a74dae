// Package model is the domain of confab: conversations, participants, edits, plans, capabilities, conflicts, projection, the
// cleaning of remote text, errors by kind, and the Provider contract that every adapter fulfils. It also defines every value
// that crosses from the engine to a screen.
//
// What may be relied on:
//
//   - The package is pure. It does no I/O, starts no goroutine and has no clock: a function that needs the time takes it as an
//     argument.
//   - Values hold the provider's exact text. Text is cleaned (see Clean and CleanLine) where it leaves for a screen, a log, a
//     clipboard, an argument or plain output, and nowhere before.
//   - A set is either known or not loaded (see Set). Nothing in this package turns "not loaded" into "empty".
//   - What is shown is always Project(server state, pending edits).
//   - Every edit has the base it was made from.
package model
