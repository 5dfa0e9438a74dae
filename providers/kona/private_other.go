//go:build !unix

package kona

import (
	"errors"
	"os"
)

const openSafely = 0

// checkPrivate refuses what is no plain file; who may read it is for the access lists of the system.
func checkPrivate(path string) error {
	info, err := os.Lstat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New(path + " is not a regular file")
	}
	return err
}
