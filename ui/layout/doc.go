// Package layout holds rectangles and the arithmetic of cells: how wide a text
// is, and how it is cut, filled and wrapped to a width.
//
// What may be relied on:
//
//   - Measure is the only place in the program that knows how many cells a text
//     takes; everything that draws asks it.
//   - Fit gives exactly the width that was asked for, whatever the text holds.
//   - Splitting never gives a negative size, down to a terminal of 0x0.
package layout
