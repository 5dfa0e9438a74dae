// Package inbox is the engine of confab: the use cases, and the only writer of
// the store. It syncs accounts, plans and submits edits, delivers them, checks
// what became of them, keeps the journal, and takes edits back.
//
// What may be relied on:
//
//   - Submit has put every edit on disk when it returns; delivery follows in
//     the background, or when Deliver is called.
//   - Before a write is sent, the conversation is read afresh and the edited
//     field compared with the base. Somebody else's change stops the edit; a
//     value that already is the target sends nothing.
//   - After a write, the answer or a fresh read must show the intended value.
//   - A write whose outcome is not known is never repeated before a read has
//     shown the base again. A create is looked for before it is repeated.
//   - Policy is decided by the kind of an error alone, in one place (policy.go).
//   - One slow or failing account never delays another: each has workers of
//     its own.
//   - Killing the process at any point loses nothing: edits that were being
//     sent are found again by Recover and treated as of unknown outcome.
//   - Changes made by another process with the same database are noticed
//     within a second and announced like one's own.
//
// Every method that does I/O takes a context. Accounts, Describe and
// Capabilities do none and may be called from anywhere.
//
// One key, all the way, where package ui leaves off. An edit takes four write
// transactions (numbered) and two requests; "already so" and a conflict take
// one request.
//
//	Plan         planRow for each conversation; a base that the cache does not
//	             hold is read first
//	Submit       1 the edits enter the outbox; announce: the row shows the new
//	             value as pending; deliverLoop wakes
//	claim        2 the due edits of one conversation belong to this process
//	load         reads the conversation
//	compare      nil: send it; else the ending: already so, conflict, refused
//	edits        3 notes that the write may leave, with what was read;
//	             Provider.Apply sends
//	verify       the answer, or one more read, shows the target; failed applies
//	             the policy to an error
//	settle       4 the journal has the edit, or the outbox why it waits
//	announce     names the conversation and the submission; ui reads these again
//
// A create is delivered by create instead of load, compare and verify.
package inbox
