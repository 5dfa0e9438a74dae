// Package notes is the adapter of a made-up service. Together with a stand-in for package sandbox, which is data, it shows what a
// fifth provider costs. Only tests use it: one adds it to the registry and runs the whole program, and the conformance suite
// treats it like the other adapters.
//
// The service keeps notes that are visible to everybody or to the people on them. It takes an API key in the header X-Key. A page
// of the list has 20 notes, newest first, the total number of notes, and the number of the next page, or null at the end. The
// answer to a PUT is the note. data/services/notes.json declares the calls. leftout.txt lists what the adapter leaves out, and
// why.
package notes
