// Package outbox is the screen of what was submitted: one line a submission,
// which opens.
//
// What may be relied on:
//
//   - What needs a person stands first, then what is on its way, then what is
//     settled; each newest first.
//   - The cursor stays on its submission or edit while others come and go.
package outbox
