// Package layout holds rectangles, scrolling, and the arithmetic of cells: how wide a text is, and how it is cut, filled
// and wrapped to a width.
//
// What may be relied on:
//
//   - Measure is the only place in the program that knows how a grapheme cluster is drawn and how many cells it takes.
//     Everything that draws asks Measure for widths, and every line goes through Measure.Draw on its way to the terminal.
//   - Fit returns a line of exactly the requested width, whatever the text holds.
//   - No method of Rect returns a negative size, not even for a terminal of 0x0.
package layout
