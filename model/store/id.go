package store

import (
	"crypto/rand"
	"strings"
	"sync"
	"time"
)

// digits are in ascending order, so that ids sort as text by time. Letters
// that look like digits are left out: people type these.
const digits = "0123456789abcdefghjkmnpqrstvwxyz"

var idClock struct {
	sync.Mutex
	last int64
	seq  int
}

// NewID makes an id of 14 characters that is unique and sorts after every id
// this process made before, whatever the clock does.
func NewID(now time.Time) string {
	idClock.Lock()
	at := now.UnixMilli()
	if at <= idClock.last {
		at = idClock.last
		idClock.seq++
		if idClock.seq >= 32*32 {
			at++
			idClock.seq = 0
		}
	} else {
		idClock.seq = 0
	}
	idClock.last = at
	seq := idClock.seq
	idClock.Unlock()

	var out [14]byte
	for i := 8; i >= 0; i-- {
		out[i] = digits[at&31]
		at >>= 5
	}
	out[9], out[10] = digits[seq>>5&31], digits[seq&31]
	var r [3]byte
	rand.Read(r[:])
	for i, b := range r {
		out[11+i] = digits[b&31]
	}
	return string(out[:])
}

// passID makes later ids sort after one that another process made, or this one
// before the clock was set back.
func passID(id string) {
	if len(id) != 14 {
		return
	}
	var at int64
	for _, c := range id[:9] {
		d := strings.IndexRune(digits, c)
		if d < 0 {
			return
		}
		at = at<<5 | int64(d)
	}
	idClock.Lock()
	defer idClock.Unlock()
	if at >= idClock.last {
		idClock.last, idClock.seq = at+1, 0
	}
}
