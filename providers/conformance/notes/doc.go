// Package notes is the adapter of a made-up service and its stand-in: what a
// fifth provider costs. It is used by tests alone. The whole program runs with
// it where it is added to the registry, and the conformance suite takes it as it
// takes the others.
//
// The service keeps notes that are seen by everybody or by the people on them.
// It takes an API key in the header X-Key. A list of notes holds 20, newest
// first, their number in all, and the number of the next page, null at the end.
//
//	GET /notes?page=N             {"notes":[…],"total":N,"next":N}
//	GET /notes/{id}               {"id","title","visibility","people":[{"id","name","email"}],"lines":[{"by","text"}],"created"}
//	PUT /notes/{id}/title         {"title"}
//	PUT /notes/{id}/visibility    {"visibility"}: private or public
//	PUT /notes/{id}/people        {"people":["id"]}: the whole set
//	DELETE /notes/{id}
//	GET /people                   {"people":[…]}: everybody at once
//
// The answer to a PUT is the note. What is left out, and why, stands in leftout.txt.
package notes
