// Package store keeps confab's local state in one SQLite database: the cache of
// conversations, the outbox, the journal, triage marks, drafts and cursors. The pace that
// processes share is kept in small files beside it.
//
// What callers may rely on:
//
//   - A method that returned without error is on disk (WAL with synchronous=FULL), so an
//     edit is durable before it is shown. Data read from a service, its cursors and the kept
//     views are written without waiting for the disk: a power failure may lose the newest
//     of them, and they are read again.
//   - A list always shows the server's state with the pending edits laid over it. The packed
//     subject of that row, which queries match, is written in the same transaction as any
//     change of the cache, the outbox or the marks, with the revision of the transaction.
//   - Only query.Match defines what a query means; the store has no SQL for it. It streams
//     subjects to an index (Entries) and reads rows by key (Rows). A key always stands for
//     the same conversation.
//   - Entries returns exactly what changed since a revision, whichever process changed it.
//     If rows came or went other than one by one, the epoch changes.
//   - Triggers count the edits that wait, need a person, or were delivered, so reading a
//     count does not get slower as the outbox grows. The rev of a submission is the revision
//     that last changed one of its edits.
//   - A change of many edits or marks is made in slices of a few milliseconds, between which
//     others can write. It is atomic all the same: no edit of a submission is sent before
//     all of them are in the outbox, and the next process finishes what a dead one left
//     half done (see atOnce).
//   - Bodies of messages and transcripts, and links to recordings, are never written.
//   - The database has a version and is migrated forward. Open refuses a newer one
//     (ErrNewer) and one of another host (ErrHost). It sets a damaged one aside and copies
//     what can be read of its outbox, history, marks and drafts into a new one.
//   - Open reads little, and writes only what has changed. After an unclean end the whole
//     database is to be read once in the background (Check). If any statement finds damage,
//     every process stops writing (ErrDamaged), and the next start that is alone sets the
//     database aside.
//   - Several processes may have the database open. A claim on an edit belongs to a living
//     process, proved by a lock that the kernel drops when the process dies, and never
//     expires by time.
//   - Times are stored as milliseconds since 1970 UTC, 0 for unknown.
package store
