// Package model is the domain of confab: conversations, participants, edits,
// plans, capabilities, conflicts, projection, cleaning of remote text, errors
// by kind, and the Provider contract that every adapter fulfils. Every value
// that crosses from the engine to a screen is defined here too.
//
// What may be relied on:
//
//   - The package is pure. It does no I/O, starts no goroutine and has no
//     clock: a function that needs a time takes one.
//   - Values hold the provider's exact text. Text is cleaned (see Clean and
//     CleanLine) where it leaves for a screen, a log, a clipboard, an argument
//     or plain output, and nowhere before.
//   - A set is either known or not loaded (see Set). Nothing in here turns
//     "not loaded" into "empty".
//   - What is shown is always Project(server state, pending edits).
//   - No edit exists without the base it was made from.
package model
