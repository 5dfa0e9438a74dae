// Package index holds the searchable part of every conversation in memory and
// answers which conversations a list holds, in which order, and how many.
//
// A list is a query: its members in its order. The lists of the tabs (Keep) are
// computed once and then move with every change of a row (Apply) and with the
// clock (Advance): the query is matched against the row as it is now, a bit
// tells whether the row was a member before, and order and count change by the
// difference. What a person searched last is kept in the same way. Any other
// query is a search over the smallest list that is known to hold all its
// matches (query.Narrows), split over the cores.
//
// Rows are addressed by key, the row number of the database. What is read comes
// from an immutable snapshot: writers copy the chunk of rows and the block of a
// list that they change, so searches and readers hold nothing that a writer
// waits for. All of one snapshot is as of one moment, the later of the last
// change and the last Advance.
//
// The values of the fields (Values), for completion, are counted when they are
// asked for first and then move with the rows, too. Reading them waits for
// nobody; their counts may be those of the next moment.
//
// query.Match over a query.Subject is the only meaning of a query here, and
// query.Compare the only order.
package index
