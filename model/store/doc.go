// Package store keeps confab's local state in one SQLite database: the cache
// of conversations, the outbox, the journal, triage marks, drafts and cursors.
// The pace that processes share stands in small files beside it.
//
// What may be relied on:
//
//   - A method that returned without error is on disk (WAL with
//     synchronous=FULL). An edit is therefore durable before it is shown. What
//     was read from a service, its cursors and the kept views are written
//     without waiting for the disk: they may be lost with the power, in order,
//     and are read again.
//   - What a list shows is always the projection of the server's state with
//     the pending edits. Its folded form, the packed subject of a query, is
//     written in the same transaction as any change of the cache, the outbox or
//     the marks, with the revision of that transaction.
//   - query.Match alone defines what a query means: the store has no SQL for it.
//     It streams subjects (Entries) to an index, and reads rows by key (Rows). A
//     key stands for one conversation for ever.
//   - Entries since a revision are exact, whichever process wrote. Where rows
//     came or went otherwise than one by one, the epoch changes.
//   - What waits, needs a person, was delivered, is counted by triggers: no
//     count grows with the outbox, and no code path can forget one. rev of a
//     submission is the revision that last changed one of its edits.
//   - Many edits or marks change in slices of some milliseconds, and others write
//     in between. An act is whole all the same: what enters is not sent before
//     all of it is in the outbox, and what a process leaves halfway is ended by
//     the next one (see atOnce).
//   - Message and transcript bodies, and recording links, are never written.
//   - The database has a version and is migrated forward. A newer one is
//     refused (ErrNewer), one of another host is refused (ErrHost), a damaged
//     one is set aside with what of its outbox can be read carried over.
//   - Opening reads little, and writes only what has changed. The whole database
//     is read (Check) after an unclean end, behind the screen. Damage that any
//     statement meets ends writing in every process (ErrDamaged); the next start
//     that is alone sets the database aside.
//   - Several processes may have the database open at once. A claim on an
//     edit belongs to a living process, proved by a lock the kernel drops
//     when that process dies, and never expires by time.
//   - Times are stored as milliseconds since 1970 UTC, 0 for unknown.
package store
