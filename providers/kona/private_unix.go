//go:build unix

package kona

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// openSafely follows no link in place of the file, and waits for no other end of a pipe.
const openSafely = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

// checkPrivate refuses a file that others may have read or written.
func checkPrivate(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	remedy := "; try: confab forget, then confab login"
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		return fmt.Errorf("%s is a link, and tokens are not read through one%s", path, remedy)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a regular file%s", path, remedy)
	case ok && int(stat.Uid) != os.Geteuid():
		return fmt.Errorf("%s belongs to another user (uid %d)%s", path, stat.Uid, remedy)
	case info.Mode().Perm()&0o077 != 0:
		return fmt.Errorf("%s is open to group or others (mode %04o); try: chmod 600 %s", path, info.Mode().Perm(), path)
	}
	return nil
}
