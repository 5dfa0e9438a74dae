// Package outbox is the screen of the outbox and the history: one line for each submission, which opens to show its edits.
//
// What may be relied on:
//
//   - Submissions that need a person stand first, then those on their way, then the settled
//     ones; each newest first.
//   - The cursor stays on its submission or edit while others come and go.
package outbox
