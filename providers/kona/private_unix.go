//go:build unix

package kona

import (
	"io/fs"
	"syscall"
)

// openSafely keeps an open from following a link or waiting for the other end of a pipe.
const openSafely = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

func owner(info fs.FileInfo) (uid int, known bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return int(stat.Uid), true
}
