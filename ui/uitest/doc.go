// Package uitest holds test helpers of several packages: a real pseudo-terminal, comparing cells by
// what is visible, the submissions of an engine in memory, and a free port.
package uitest
