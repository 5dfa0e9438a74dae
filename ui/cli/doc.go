// Package cli is confab without a screen: the commands, their flags, what
// they print and the exit status. It drives the same engine as the inbox,
// through the interface Engine, which main opens when a command first needs it.
//
// What may be relied on:
//
//   - Results go to standard output, questions and errors to standard error.
//   - Text is cleaned on its way out; JSON holds the exact text, escaped by
//     its own rules, one object a line where there is a list.
//   - Nothing is written to a service before the plan was shown and, without
//     --yes, agreed to. --dry-run never writes.
//   - Setting an account up keeps nothing before all is answered; a typed secret
//     is never shown, and never in the config.
//   - The exit status is the first of 130, 5, 3, 2, 1, 4 that applies, else 0.
//     See the topic exit-codes.
//   - The package reads no clock, environment or terminal of its own: Program
//     brings them.
package cli
