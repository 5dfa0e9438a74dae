// Package inbox is the engine of confab: the use cases, and the only writer of the store. It
// syncs accounts, plans and submits edits, delivers them, verifies them, keeps the journal,
// and undoes edits.
//
// What callers may rely on:
//
//   - When Submit returns, every edit is on disk. Delivery follows in the background, or when
//     Deliver is called.
//   - Before a write is sent, the conversation is read afresh and the edited field compared
//     with the base. If somebody else changed it, the edit stops; if it already has the target
//     value, nothing is sent.
//   - After a write, the answer or a fresh read must show the intended value.
//   - A write of unknown outcome is only repeated after a read has shown the base again. A
//     create is looked for before it is repeated.
//   - The kind of an error alone decides what happens to an edit, in one place (policy.go).
//   - A slow or failing account never delays another, since each has its own workers.
//   - Killing the process at any point loses nothing: the next process finds the edits that
//     were being sent (store.Recover) and treats their outcome as unknown.
//   - Changes by another process with the same database are noticed within a second, and
//     announced like one's own.
//
// Every method that does I/O takes a context. Accounts, Describe and Capabilities do none and
// may be called from anywhere.
//
// One edit from key to history, continued from package ui. It takes four write transactions
// (numbered) and two requests; an edit that is already so, or in conflict, takes one request.
//
//	Plan               plans each conversation with planRow, which calls Load for a base that
//	                   the cache lacks, and Lookup for people that a change names
//	Submit             1 store.Enqueue writes the edits to the outbox; announce makes ui show
//	                   the new value as pending; deliverLoop wakes
//	deliverNext        2 store.Claim claims the due edits of one conversation
//	delivery.edits     carries them through the following steps
//	load               reads the conversation from its service
//	compare            returns nil for an edit to send, else how it ended: already so, in
//	                   conflict, refused
//	store.Sent         3 records what was read, and that the write may have left
//	Provider.Apply     sends
//	verify             looks for the target in the answer, or in one more read; failed applies
//	                   the policy to an error
//	settle             4 store.Settle adds the edit to the journal, or store.Park returns it
//	                   to the outbox with a reason
//	announce           names the conversation, which ui reads again with the submissions that changed
//
// A create is delivered by delivery.create instead of delivery.edits.
package inbox
