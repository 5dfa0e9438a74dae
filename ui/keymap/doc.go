// Package keymap holds the table of keys: which key runs which action in which context, and how help describes it. The
// help screen, the palette, footers and the validation of the config all read this table.
//
// What may be relied on:
//
//   - The name of an action never changes, since people write it into their config. Every action has one line of help.
//   - ctrl+c, enter, esc and the arrows always do what they do by default: the config may add keys to their actions but
//     can't bind these keys to others.
//   - A Map never changes after New has returned it.
//   - A key sequence is written with a blank between its keys: "g g".
package keymap
