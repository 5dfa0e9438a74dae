// Package theme holds what the parts of the screen share: looks and signs by their meaning, boxes and pages, text that is
// being typed, and the words for edits, people, times and counts. A part asks for the look of a private conversation or
// of an error; the colours stand in looks.txt and in the [themes] tables of the config.
//
// What may be relied on:
//
//   - dark, light and mono use only the sixteen colours of the terminal, so they follow the palette that the person has
//     chosen for it, also over SSH. No text in dark or light has the colour of the background in any palette in common use.
//   - solarized, nord and high-contrast have their own colours, for either background. A terminal of sixteen colours shows
//     dark or light instead.
//   - mono uses no colours, only bold, faint, underline and reverse.
//   - No meaning is shown by colour alone: the parts draw a sign or a word too.
//   - A Theme never changes after New has returned it.
package theme
