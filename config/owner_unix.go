//go:build unix

package config

import (
	"io/fs"
	"os"
	"syscall"
)

// openNonblock keeps an open from waiting for a writer when the path is a pipe.
const openNonblock = syscall.O_NONBLOCK

func ownerOf(info fs.FileInfo) (owner, bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return owner{}, false
	}
	return owner{uid: int(stat.Uid), user: os.Geteuid(), mode: info.Mode()}, true
}
