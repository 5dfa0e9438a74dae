package cli

import (
	"github.com/charmbracelet/x/term"
	"golang.org/x/sys/windows"
)

// hideTyping has a console show nothing of what is typed.
func hideTyping(s *term.State) { s.Mode &^= windows.ENABLE_ECHO_INPUT }
