//go:build unix

package cli

import (
	"github.com/charmbracelet/x/term"
	"golang.org/x/sys/unix"
)

// hideTyping turns the echo off, apart from that of line ends.
func hideTyping(s *term.State) {
	s.Lflag &^= unix.ECHO
	s.Lflag |= unix.ECHONL | unix.ICANON
}
