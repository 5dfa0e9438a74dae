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

func ownerOf(info fs.FileInfo) owner {
	stat := info.Sys().(*syscall.Stat_t)
	return owner{uid: int(stat.Uid), user: os.Geteuid(), mode: info.Mode(), links: uint64(stat.Nlink)}
}
