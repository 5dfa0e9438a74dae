// Package uitest runs a whole program inside a virtual terminal: keys in, a
// screen out, under the clock of testing/synctest.
//
// What may be relied on:
//
//   - Start and everything after it must run inside one synctest bubble; time
//     is that of the bubble, so waiting costs nothing.
//   - After Press, Type, Paste, Click, Wheel and Resize the program is idle:
//     all that can happen without outside help has happened and is drawn.
//   - What is compared is the screen, never the stream of bytes; Bytes counts
//     those.
package uitest
