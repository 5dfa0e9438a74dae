//go:build !unix

package kona

import "io/fs"

const openSafely = 0

// owner is unknown, because the access lists of the system decide who may read a file.
func owner(fs.FileInfo) (uid int, known bool) { return 0, false }
