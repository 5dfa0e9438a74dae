// Package list is the list of conversations: the rows in sight, a cursor that stays on its conversation, and marks.
//
// What may be relied on:
//
//   - The list holds only the window of rows that SetPage was last given. Rows outside it are drawn as an ellipsis and
//     can't be acted on.
//   - After SetPage the cursor is on the same conversation if that is still in the list, else on the same line.
//   - A row is drawn as one line of exactly the width of the rectangle. Where room is short the account is left out
//     first, then the people, then the time; the privacy and the title stay.
//   - A status is drawn only if it is neither open nor finished. Bold means unseen, and nothing else.
package list
