// Package dialog holds the overlays that ask or report: confirmations, plans, conflicts,
// prompts, menus, progress, results, help, the palette and the welcome screen.
//
// What may be relied on:
//
//   - A dialog decides nothing. It draws, scrolls and holds what was typed; whoever opened
//     it acts on the answer.
//   - The default of anything risky is No, and is drawn as the default.
//   - Every dialog fits any screen, down to one cell.
package dialog
