// Package theme names styles by what they mean. A part asks for the style of
// a private conversation or of an error; which colour that is stands here, or
// in the [themes] tables of the config.
//
// What may be relied on:
//
//   - dark, light and mono use the sixteen colours of the terminal, so they go
//     with whatever the person chose for it, and look the same over SSH; no text
//     in them has the background's colour in any palette that is in common use.
//   - solarized, nord and high-contrast bring their own colours, for either
//     background; a terminal of sixteen colours shows dark or light in their place.
//   - mono uses no colour at all, only bold, faint, underline and reverse.
//   - No meaning is carried by a colour alone: the parts draw a sign or a word
//     beside it.
//   - A Theme is a value; it is never changed after it was made.
package theme
