// Package notes is the adapter of a made-up service and, in data, its stand-in for package sandbox: what a fifth provider
// costs. It is used by tests alone. The whole program runs with it where it is added to the registry, and the conformance
// suite takes it as it takes the others.
//
// The service keeps notes that are seen by everybody or by the people on them.
// It takes an API key in the header X-Key. A list of notes holds 20, newest
// first, their number in all, and the number of the next page, null at the end.
// Its calls stand in data/services/notes.json; the answer to a PUT is the note. What the adapter leaves out, and why, stands in
// leftout.txt.
package notes
