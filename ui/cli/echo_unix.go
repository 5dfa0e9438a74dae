//go:build unix

package cli

import (
	"github.com/charmbracelet/x/term"
	"golang.org/x/sys/unix"
)

// hideTyping has a terminal show nothing of what is typed but the end of a line.
func hideTyping(s *term.State) {
	s.Lflag &^= unix.ECHO
	s.Lflag |= unix.ECHONL | unix.ICANON
}
