// Package kona is the adapter for Kona (later Deltek Collaboration): conversations of teams, in spaces.
//
// Sources, checked 2026-11-20: github.com/KonaTeam/kona-api, branches production (2016-10-28) and master
// (2017-02-02), its files README.md and sections/*.md; github.com/KonaTeam/omniauth-kona and CustomerManagerStandard
// for signing in; support.kona.com for what the product does. Nothing was tried against a live server; no update of
// the documentation was found after 2017, so the service may be gone or changed.
//
// What may be relied on:
//
//   - Every call is declared a read or a write in client.go. What is sent is built by pure functions; Requests and
//     Apply use the same ones.
//   - Participants are known only where the service sent both lists whole: null and missing are not [].
//   - Numbers of roles and audiences that are not known are shown ("role 7") and sent back as they came.
//   - A list of participants is sent whole, made from the fresh one with the edit's changes, and only the list that
//     changed; an empty one is sent as [].
//   - One refresh of the token runs at a time, among goroutines and processes. Rotated tokens are kept in a file of
//     mode 0600, replaced in one step, and read only where nobody else could have written or read it. A password that
//     has expired refreshes nothing.
//   - The identity of an account names its user, so that two people who sign in under one name never meet each other's
//     rows; user.go says where the user comes from.
//   - The rows of a sync come first. Names follow, in a bounded number of requests; what was listed is not listed again
//     for half a day.
//   - An id that is no whole number is refused before anything is sent.
//   - href and Location are never followed.
//
// What is assumed, since the vendor does not say, and how it is met:
//
//   - Conversations can be updated: the page has no update. PUT is sent as for sibling resources, with the changed
//     keys only. A 404 or 405 for a conversation that can still be read switches every such edit off for the run.
//   - Lists in a PUT replace: the answer is compared, as sets, by the caller.
//   - The role number 3 means the same for a participant as for default_role.
//   - A conversation may carry created_at and updated_at. Where it does not, its newest comment that has been read
//     stands in; a new comment is not promised to move it in the list, so only a full walk sees everything.
//   - Pages count from 1. A walk ends at a page of fewer than 25 rows (the default size, since per_page may be capped
//     in silence), or at one that brings nothing new; only the former counts as complete.
//   - Token parameters go as a form rather than in the query string, which is the only documented way; token_request
//     chooses, and they are never sent in both.
//   - A DELETE that answers 404 means that the conversation is already gone.
//   - A first comment follows the rules of comments: markup escaped, new lines as <br>.
//
// Not offered: moving to another space, tags (read-only), unread state (only a total exists), a web address (none is
// documented).
//
// What is left out, and why, stands in leftout.txt. A test holds that list against the fact sheet; what is not in it
// is used.
package kona
