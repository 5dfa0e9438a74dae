// Package detail shows one conversation: overview, people, messages, the edits
// made here, and what the service sent.
//
// What may be relied on:
//
//   - What has not been loaded is said to be so; it is never drawn as empty.
//   - All text is cleaned and wrapped. Lines are made once for a width, not
//     for every frame.
//   - Searching looks at the text that is shown.
package detail
