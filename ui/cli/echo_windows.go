package cli

import (
	"github.com/charmbracelet/x/term"
	"golang.org/x/sys/windows"
)

// hideTyping turns the echo off.
func hideTyping(s *term.State) { s.Mode &^= windows.ENABLE_ECHO_INPUT }
