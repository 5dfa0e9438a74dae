package ui

import (
	"os"

	"golang.org/x/sys/unix"
)

// tcoon lets a terminal write again; the package of system calls has no name for it.
const tcoon = 1

// discardOutput drops what a terminal has not taken yet and wakes who waits to
// write to it: else what restores the terminal would wait behind that.
func discardOutput(f *os.File) {
	unix.IoctlSetInt(int(f.Fd()), unix.TCFLSH, unix.TCOFLUSH)
	unix.IoctlSetInt(int(f.Fd()), unix.TCXONC, unix.TCOOFF)
	unix.IoctlSetInt(int(f.Fd()), unix.TCXONC, tcoon)
}
