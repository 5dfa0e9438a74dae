// Package status draws the last line of the screen: the state of the accounts, the waiting edits,
// and the position in the list.
//
// Guarantees: the line is exactly as wide as asked for; it shows clock times, never ages; each piece
// is drawn whole or left out; and what needs a person is never left out.
package status
