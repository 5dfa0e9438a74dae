// Package uitest holds what the tests of several packages share: cells as they are seen, a real pseudo-terminal, the
// submissions of an engine in memory, a free port.
package uitest
