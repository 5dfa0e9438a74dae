// Package store keeps confab's local state in one SQLite database: the cache
// of conversations, the outbox, the journal, triage marks, drafts, cursors and
// the pace that processes share.
//
// What may be relied on:
//
//   - A method that returned without error is on disk (WAL with
//     synchronous=FULL). An edit is therefore durable before it is shown.
//   - What a list shows is always the projection of the server's state with
//     the pending edits. The projected, folded columns are rewritten in the
//     same transaction as any change of the cache or the outbox.
//   - query.Match defines what a query means. The SQL made from a query gives
//     the same rows; a property test compares the two.
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
