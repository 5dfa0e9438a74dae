// Package uitest holds what the tests of several packages share: keys by name,
// a real pseudo-terminal, the submissions of an engine in memory, a free port.
package uitest
