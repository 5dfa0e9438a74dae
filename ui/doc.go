// Package ui is the inbox on the screen: the one tea.Model of the program,
// with parts that draw into rectangles.
//
// What may be relied on:
//
//   - Update and View do no I/O. Of the engine they call only AccountReader, which
//     answers from memory; everything else of Backend runs inside a tea.Cmd.
//   - A result that comes late is dropped: it carries the generation of what
//     asked for it.
//   - The selection is a conversation, never a row number. A key is applied to
//     the conversation that was under the cursor when it was pressed.
//   - Nothing is submitted without a plan. A plan that is risky, or that
//     touches two conversations or more, has been shown and confirmed.
//   - Remote text is cleaned before it is drawn, copied or used as a title.
//   - Without input and without news nothing is written to the terminal.
//   - However a dropped link ends the program, the next start goes back to the
//     view, the filter and the conversation; who leaves by a key starts afresh.
//
// Update collects what it begins (Model.do) and returns it as one command, so a handler
// returns nothing.
//
// One key, all the way, by the methods of Model that carry it:
//
//	key          p, looked up in the key table
//	intent       the conversations it is about, as they are now
//	run          or the reason why it is off
//	plan         asks the engine, in a command, what would change
//	planCame     shows that and asks (askChanges), if it has to be asked
//	submit       writes the edits to the outbox, in a command
//	submitted    shows the new value as pending; followOn follows it
//	news         an announcement of the engine: what it names is read again
//	pageCame     the row, toldLine the message line: delivered, or what it needs
//
// Package inbox tells what happens in between.
package ui
