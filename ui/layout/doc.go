// Package layout holds rectangles and the arithmetic of cells: how wide a text
// is, and how it is cut, filled and wrapped to a width.
//
// What may be relied on:
//
//   - Measure is the only place in the program that knows what a grapheme cluster
//     is drawn as and how many cells it takes. Everything that draws asks it for
//     widths, and every line that reaches the terminal has been through Draw.
//   - Fit gives exactly the width that was asked for, whatever the text holds.
//   - Splitting never gives a negative size, down to a terminal of 0x0.
package layout
