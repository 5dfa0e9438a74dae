//go:build !linux

package ui

import "os"

// discardOutput does nothing: there is no portable way to drop the output of a terminal without waiting for it.
func discardOutput(*os.File) {}
