//go:build unix

package config

import (
	"io/fs"
	"os"
	"syscall"
)

const (
	// openNonblock keeps an open from waiting for the other end when the path is a pipe.
	openNonblock = syscall.O_NONBLOCK
	// openNoFollow makes an open fail where the path is a symbolic link.
	openNoFollow = syscall.O_NOFOLLOW
)

func ownerOf(info fs.FileInfo) (owner, bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return owner{}, false
	}
	return owner{uid: int(stat.Uid), user: os.Geteuid(), mode: info.Mode()}, true
}

// linksTo counts the names of a file.
func linksTo(info fs.FileInfo) uint64 {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(stat.Nlink)
	}
	return 1
}
