// Package status draws the last line of the screen: how the accounts do, what
// is on its way, and where in the list the cursor is.
//
// What may be relied on: the line is exactly as wide as asked for, it names
// clock times and never ages, each piece of it is whole or absent, and what
// needs a person is never the part that is left out.
package status
