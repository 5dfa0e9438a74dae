// Package prompt is the line at the bottom of the screen into which a filter, a search or a command is typed, with
// completions, the texts typed earlier, and what is wrong with the text.
//
// Guarantees: it does no I/O; Update returns what is to be done, and answers to earlier requests are dropped. A key that
// follows a tab takes effect after it, even if the completions were not there yet. A typed letter alone changes only
// the line itself; completions and problems follow when typing rests.
package prompt
