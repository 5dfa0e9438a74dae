// Package edit holds what is filled in: the form of a conversation, the table
// of its people, the picker that looks people up.
//
// What may be relied on:
//
//   - Nothing in here decides what is sent. A form gives changes, each with
//     the value the person was looking at.
//   - A field that was not touched gives no change, whatever cleaning did to
//     the text that was filled in.
//   - What can't be edited is shown with the reason, and can't be reached.
//   - What was typed can be written to a draft and read back.
package edit
