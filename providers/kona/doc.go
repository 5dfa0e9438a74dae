// Package kona is the adapter for Kona (later Deltek Collaboration): conversations of teams, in spaces.
//
// Sources, checked 2026-11-20: github.com/KonaTeam/kona-api, branches production (2016-10-28) and master
// (2017-02-02), its files README.md and sections/*.md; github.com/KonaTeam/omniauth-kona and CustomerManagerStandard
// for signing in; support.kona.com for what the product does. Nothing was tried against a live server; no update of
// the documentation was found after 2017, so the service may be gone or changed.
//
// What callers may rely on:
//
//   - The participants are known only if the service sent both lists completely. A list is sent whole, and only if it changed.
//   - Unknown numbers of roles and audiences are shown ("role 7"), and sent back unchanged.
//   - Rotated tokens are stored in a file of mode 0600, which is replaced in one step, and read only if nobody else could have
//     written or read it. After a password has expired, nothing is refreshed.
//   - A sync emits the rows first. Names follow, in a bounded number of requests.
//   - An id that is no whole number is refused before anything is sent. href and Location are never followed.
//
// What the vendor leaves open, and what the adapter does:
//
//   - No page documents an update of a conversation. A PUT is sent as for other resources, with the changed keys only. After a 404
//     or 405 for a conversation that can still be read, all such edits are ruled out for the run.
//   - A conversation may have created_at and updated_at. If it has not, the newest comment that was read serves as the update time.
//     A new comment is not documented to move the conversation in the list, so only a full walk sees everything.
//   - Pages count from 1. A walk ends at a page with fewer than 25 rows, the default size, because the server may silently limit
//     per_page. It also ends at a page without a new row, but is then not complete.
//
// Not supported: moving to another space, tags (read-only), unread state (the API has only a total), and a web address (none is
// documented).
//
// leftout.txt lists what is left out, and why; a test compares it with the fact sheet. Everything else is used.
package kona
