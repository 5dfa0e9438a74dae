// Package outbox is the screen of edits on their way and edits delivered.
//
// What may be relied on:
//
//   - What needs a person stands first.
//   - The cursor stays on its edit while others come and go.
package outbox
