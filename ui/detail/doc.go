// Package detail shows one conversation: overview, people, messages, the edits made here,
// and the answer of the service.
//
// What may be relied on:
//
//   - A part that was not loaded says so; it is never drawn as empty.
//   - All text is cleaned and wrapped. Lines are made once for a width, not for every
//     frame.
//   - A search looks at the text that is shown.
package detail
