// Package list is the list of conversations: a window of rows, a cursor that
// stays on its conversation, and marks.
//
// What may be relied on:
//
//   - The list never holds more than the window it was given; rows outside it
//     are drawn as not yet there and can't be acted on.
//   - After a new window the cursor is on the same conversation if it is still
//     in the list, else at the same place.
//   - A row is one line of exactly the width of the rectangle. Where there is no
//     room the account goes first, then people, then the time; the privacy and the
//     title stay.
//   - What is normal is silent: a status is there only where it is not plain. Bold
//     means unseen, and nothing else.
package list
