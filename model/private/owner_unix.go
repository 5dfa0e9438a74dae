//go:build unix

package private

import (
	"io/fs"
	"os"
	"syscall"
)

const (
	// openNonblock opens a pipe without waiting for its other end.
	openNonblock = syscall.O_NONBLOCK
	// openNoFollow makes opening a symbolic link fail.
	openNoFollow = syscall.O_NOFOLLOW
)

func ownerOf(info fs.FileInfo) owner {
	stat := info.Sys().(*syscall.Stat_t)
	return owner{uid: int(stat.Uid), user: os.Geteuid(), mode: info.Mode(), links: uint64(stat.Nlink)}
}
