// Package edit holds the overlays in which values are entered: the form of a conversation,
// the table of its people, and the picker that looks people up.
//
// What may be relied on:
//
//   - Nothing in here decides what is sent. A form returns changes, each with the value
//     that the person was looking at.
//   - A field that was not touched makes no change, even where cleaning altered the text
//     that was filled in.
//   - A field that can't be edited is shown with the reason, and can't be reached.
//   - What was typed can be written to a draft and read back.
package edit
