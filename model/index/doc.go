// Package index holds the searchable part of every conversation in memory. It answers which conversations a list has, in
// which order, and how many.
//
// A list has the matches of a query, in its order. The lists of the tabs (Keep) are computed once and then updated with every
// change of a row (Apply): the query is matched against the changed row, a bit says whether the row was in the list before, and
// order and count change by the difference. A list whose query depends on the time knows when time next changes it, and is
// computed anew then (Advance). The lists of the last searches are kept in the same way. Any other query is searched for on
// all cores, in the smallest list that is known to contain all its matches (query.Narrows).
//
// A row is addressed by its key, the row number of the database. Readers and searches use an immutable snapshot. Writers copy
// the chunk of rows and the block of a list that they change, so nobody waits for a reader. A snapshot is the state at one
// moment, that of the last change or the last Advance.
//
// The values of fields (Values), for completion, are counted when they are first asked for and then updated with the rows.
// Nobody waits to read them; their counts may be a little newer than the snapshot.
//
// A query has no meaning in this package but query.Match over a query.Subject, and no order but query.Compare.
package index
