// Package ui is the inbox on the screen: the one tea.Model of the program,
// with parts that draw into rectangles.
//
// What may be relied on:
//
//   - Update and View do no I/O. Of the engine they call only Facts, which
//     answers from memory; everything else of Backend runs inside a tea.Cmd.
//   - A result that comes late is dropped: it carries the generation of what
//     asked for it.
//   - The selection is a conversation, never a row number. A key is applied to
//     the conversation that was under the cursor when it was pressed.
//   - Nothing is submitted without a plan. A plan that is risky, or that
//     touches two conversations or more, has been shown and confirmed.
//   - Remote text is cleaned before it is drawn, copied or used as a title.
//   - Without input and without news nothing is written to the terminal.
package ui
