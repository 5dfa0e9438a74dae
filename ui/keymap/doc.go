// Package keymap is the table of keys: which key does what, where, in whose
// words. Help, palette, footer and config validation all read this table.
//
// What may be relied on:
//
//   - Every action has a name that is stable, since people write it into their
//     config, and one line of help.
//   - ctrl+c, enter, esc and the arrows always do what they do by default: a
//     config may add keys, and may not take these away.
//   - A Map is never changed after it was made.
//   - A key sequence is written with spaces between its keys: "g g".
package keymap
