// Package query is the language in which conversations are looked for: parse,
// print, match, order, complete.
//
// The language:
//
//	budget acme            both words, in the title, the people or the last message
//	"quarterly review"     a phrase; \" and \\ inside quotes are a quote and a backslash
//	-acme  -(a OR b)       not
//	a b OR c               OR in capitals binds looser than the and of a blank
//	title:x with:ann       fields
//	label:"Deal stage"="Closed won"
//	is:private has:recording
//	updated:<7d            younger than seven days; also >7d, units m h d w mo y
//	created:2026-01..2026-02
//	sort:title sort:-title
//
// Texts are compared folded (model.FoldText): without case and accents. title,
// with, owner, team, space, channel and company contain their value; account,
// provider, kind, status, role and label equal it; id equals the id or the
// whole ref to the letter.
//
// A word with a colon whose left part is made of letters is a field. If there
// is no such field that is an error that names the nearest one: a text like
// http://x or Re: is searched for in quotes. Other words may hold colons
// (12:30). A dash that stands alone between blanks is a word.
//
// What may be relied on:
//
//   - Parse, Complete and Match never panic, whatever the input. A query has
//     at most MaxLength bytes and MaxDepth levels of parentheses and dashes.
//   - The package is pure: now and the zone are passed in. Queries and subjects
//     are never changed after they were made, and may be shared by goroutines.
//   - Query.Match defines what a query means. A database may only prefilter.
//     It follows the rules of logic: a AND b matches what both match, and so
//     on. The one exception are tombstones, which nothing matches.
//   - A time that is not known matches no date term.
//   - Query.Changes, Narrows and Rank say no more than follows from Match and
//     Compare: until when an answer stays, which of two queries matches less, and
//     a number to sort by. They let an index keep its lists without a meaning of
//     its own.
//   - Query.Compare is a total order: two conversations never change places
//     by chance.
package query
