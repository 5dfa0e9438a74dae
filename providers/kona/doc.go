// Package kona is the adapter for Kona (later Deltek Collaboration): conversations of teams, in spaces.
//
// Sources, checked 2026-11-20: github.com/KonaTeam/kona-api, branches production (2016-10-28) and master
// (2017-02-02), its files README.md and sections/*.md; github.com/KonaTeam/omniauth-kona and CustomerManagerStandard
// for signing in; support.kona.com for what the product does. Nothing was tried against a live server; no update of
// the documentation was found after 2017, so the service may be gone or changed.
//
// What may be relied on:
//
//   - Participants are known only where the service sent both lists whole. A list is sent whole, and only if it changed.
//   - Numbers of roles and audiences that are not known are shown ("role 7") and sent back as they came.
//   - Rotated tokens are kept in a file of mode 0600, replaced in one step, and read only where nobody else could have
//     written or read it. A password that has expired refreshes nothing.
//   - The rows of a sync come first. Names follow, in a bounded number of requests.
//   - An id that is no whole number is refused before anything is sent. href and Location are never followed.
//
// What is assumed, since the vendor does not say, and how it is met:
//
//   - Conversations can be updated: the page has no update. PUT is sent as for sibling calls.Directories, with the changed
//     keys only. A 404 or 405 for a conversation that can still be read switches every such edit off for the run.
//   - A conversation may carry created_at and updated_at. Where it does not, its newest comment that has been read
//     stands in; a new comment is not promised to move it in the list, so only a full walk sees everything.
//   - Pages count from 1. A walk ends at a page of fewer than 25 rows (the default size, since per_page may be capped
//     in silence), or at one that brings nothing new; only the former counts as complete.
//
// Not offered: moving to another space, tags (read-only), unread state (only a total exists), a web address (none is
// documented).
//
// What is left out, and why, stands in leftout.txt, which a test holds against the fact sheet; what is not in it is used.
package kona
