// Package welcome draws the first screen, for a person without an account.
//
// Guarantees: it does no I/O, and every key it names works there.
package welcome
