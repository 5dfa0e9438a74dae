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

// An id is a number of idTime digits, followed by idRandom random ones. The number is a
// time in milliseconds, followed by idSequence bits that tell ids of one millisecond apart.
const (
	idTime, idRandom = 11, 3
	idSequence       = 10
)

// lastID is the number of the newest id.
var lastID struct {
	sync.Mutex
	n int64
}

// NewID makes an id of 14 characters that is unique and sorts after every id
// this process made before, whatever the clock does.
func NewID(now time.Time) string {
	lastID.Lock()
	lastID.n = max(lastID.n+1, now.UnixMilli()<<idSequence)
	n := lastID.n
	lastID.Unlock()

	var out [idTime + idRandom]byte
	rand.Read(out[idTime:])
	for i := range out[idTime:] {
		out[idTime+i] = digits[out[idTime+i]&31]
	}
	for i := idTime - 1; i >= 0; i-- {
		out[i] = digits[n&31]
		n >>= 5
	}
	return string(out[:])
}

// passID makes later ids sort after one that another process made, or this one
// before the clock was set back.
func passID(id string) {
	if len(id) != idTime+idRandom {
		return
	}
	var n int64
	for _, c := range id[:idTime] {
		d := strings.IndexRune(digits, c)
		if d < 0 {
			return
		}
		n = n<<5 | int64(d)
	}
	lastID.Lock()
	defer lastID.Unlock()
	lastID.n = max(lastID.n, n)
}
