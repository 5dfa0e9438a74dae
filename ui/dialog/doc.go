// Package dialog holds what lies over the screen and asks: confirmations, the
// plan, conflicts, prompts, menus, progress and results.
//
// What may be relied on:
//
//   - A dialog decides nothing. It draws, scrolls, and holds what was typed;
//     the answer is taken by whoever opened it.
//   - The default of anything risky is No, and is drawn as the default.
//   - Every dialog fits any screen, down to one cell.
package dialog
