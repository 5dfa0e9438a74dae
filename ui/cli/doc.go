// Package cli is confab without a screen: the commands, their flags, what they print, the exit status, and the linear mode of
// --plain. It drives the same engine as the inbox, through the interface Engine. Main opens the engine when a command needs it.
//
// What may be relied on:
//
//   - Results go to standard output, questions and errors to standard error.
//   - Text is cleaned on its way out. JSON holds the exact text, escaped by its own rules; a list is one object a line.
//   - Nothing is written to a service before the plan has been shown and, without --yes, agreed to. --dry-run never writes.
//   - The set-up of an account stores nothing before all questions are answered. A typed secret is never shown, and never in the
//     config.
//   - The exit status is the first of 130, 5, 3, 2, 1, 4 that applies, else 0; see the topic exit-codes.
//   - The commands get the clock, the environment and the terminal from Program. Only sync reads GOGC itself, and host.go holds
//     what main needs of the host.
package cli
