// Package query is the language in which conversations are searched: it parses, prints, matches, sorts and completes queries.
//
// The language:
//
//	budget acme            both words, in the title, the people or the last message
//	"quarterly review"     a phrase; \" and \\ inside quotes are a quote and a backslash
//	-acme  -(a OR b)       not
//	a b OR c               OR in capitals binds looser than the space, which means and
//	title:x with:ann       fields
//	label:"Deal stage"="Closed won"
//	is:private has:recording
//	updated:<7d            less than seven days ago; also >7d, units m h d w mo y
//	created:2026-01..2026-02
//	sort:title sort:-title
//
// Texts are compared folded (model.FoldText), that is without case and accents. The fields title, with, owner, team, space,
// channel and company match texts that contain the value; account, provider, kind, status, role and label match texts that
// equal it; id matches the exact id or ref.
//
// A word with a colon is a field if only letters stand before the colon. An unknown field is an error that suggests the
// nearest one, so a text such as http://x or Re: must be in quotes. Other words may contain colons (12:30). A dash between
// blanks is a word.
//
// What may be relied on:
//
//   - Parse, Complete and Match never panic, whatever the input. A query has at most MaxLength bytes and MaxDepth levels of
//     parentheses and dashes.
//   - The package is pure: the time and the zone are arguments. Only SetServices and SetDomains, called once at the start,
//     leave something behind. Queries and subjects never change after they were made and may be shared by goroutines.
//   - Query.Match defines what a query means. A database may only prefilter. Match follows the rules of logic: a AND b matches
//     what both a and b match, and so on. The only exception are tombstones, which nothing matches.
//   - An unknown time matches no date term.
//   - Clock.Changes, Query.Narrows and Query.Rank claim nothing that does not follow from Match and Compare. They say until
//     when an answer stays, which of two queries matches less, and by which number to sort, so that an index can maintain its
//     lists without interpreting queries itself.
//   - Query.Compare is a total order, so the order of conversations is never a matter of chance.
package query
