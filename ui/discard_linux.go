package ui

import (
	"os"

	"golang.org/x/sys/unix"
)

// tcoon is TCOON, which restarts output; package unix does not define it.
const tcoon = 1

// discardOutput drops the output that a terminal has not taken yet and wakes the goroutine that waits
// to write it, which would block whoever restores the terminal.
func discardOutput(f *os.File) {
	unix.IoctlSetInt(int(f.Fd()), unix.TCFLSH, unix.TCOFLUSH)
	unix.IoctlSetInt(int(f.Fd()), unix.TCXONC, unix.TCOOFF)
	unix.IoctlSetInt(int(f.Fd()), unix.TCXONC, tcoon)
}
