// Package palette lists every action with its key and why it is off, narrowed
// by what is typed.
//
// What may be relied on: an entry that is off can be seen and not chosen, and
// what is typed only ever narrows the list.
package palette
