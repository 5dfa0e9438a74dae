// Package ui is the inbox on the screen: the one tea.Model of the program. What is drawn is in packages
// of its own, which draw into rectangles.
//
// Model is the root: it passes keys, messages and news on, and draws the areas. What has a state of its own is a part,
// which holds the parts that it rests on and tells the root of the rest by functions that New sets:
//
//	loop            commands and their results, the clock, the message line, the size of the screen
//	overlays        on the loop: what is open over the screen or waits for its turn, operations, drafts
//	listing         the views, the list of the open one, and the reading of its rows
//	conversation    the open or previewed conversation, on the listing
//	marks, triage   what is marked, and local marks that are being written
//	guard           keeps a key from acting on what appeared too late to be seen
//	planning, undo  have edits, or the undo of an act, planned, confirmed and submitted
//	followed        the newest submission: its line, and its results
//	decisions       what a person decides about edits that wait
//	outboxView      the screen of the outbox and the history
//	forms, session, quitting
//
// Guarantees:
//
//   - Update and View do no I/O. Of Backend they call only the methods of AccountReader, which answer from
//     memory; every other method is called inside a tea.Cmd.
//   - A result that is no longer wanted is dropped.
//   - The selection is a conversation, never a row number. A key acts on the conversation that was
//     under the cursor when it was typed.
//   - Nothing is submitted without a plan. A plan that is risky, or that changes two conversations
//     or more, has been shown and confirmed; so has sending an edit again that is risky.
//   - Remote text is cleaned before it is drawn, copied or used as a title.
//   - Without input and without news nothing is written to the terminal.
//   - After a dropped connection the next start goes back to the view, the filter and the
//     conversation. After the person quits, it starts at the top.
//
// A handler returns nothing: loop.do collects the commands it starts, and Update returns them as one.
//
// One key, all the way:
//
//	key, listKey    look p up in the key table
//	intent          fixes the conversations that the key is about
//	run             carries the intent out, or shows why the action is off
//	plan            asks the engine, in a command, what would change
//	planArrived     shows the plan and asks (askChanges), if it needs confirmation
//	submit          writes the edits to the outbox, in a command
//	submitted       clears what was typed; followed.follow follows the submission
//	news            reads again what an announcement of the engine may be about
//	listing.reload  reads the row, now pending, which pageArrived shows; followed.line shows that the edit is delivered,
//	                or what it needs
//
// The documentation of package inbox describes the steps in between.
package ui
