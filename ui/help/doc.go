// Package help draws the keys from the live table.
//
// What may be relied on: every binding of the table is listed, with the keys
// the person gave it, and one without a key shows the command that does it.
package help
