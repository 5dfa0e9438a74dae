package store

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"sync"
	"time"
)

// digits are in ascending order, so that ids sort as text by time. Letters
// that look like digits are left out: people type these.
var digits = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// An id is a number of idTime digits, followed by idRandom random ones. The number is a
// time in milliseconds, followed by idSequence bits that tell ids of one millisecond
// apart; it is encoded as the first of 64 bits.
const (
	idTime, idRandom = 11, 3
	idSequence       = 10
	idRest           = 64 - 5*idTime
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
	defer lastID.Unlock()
	lastID.n = max(lastID.n+1, now.UnixMilli()<<idSequence)
	var random [2]byte
	rand.Read(random[:])
	return digits.EncodeToString(binary.BigEndian.AppendUint64(nil, uint64(lastID.n)<<idRest))[:idTime] +
		digits.EncodeToString(random[:])[:idRandom]
}

// passID makes later ids sort after one that another process made, or this one
// before the clock was set back.
func passID(id string) {
	if len(id) != idTime+idRandom {
		return
	}
	raw, err := digits.DecodeString(id[:idTime] + "00")
	if err == nil {
		lastID.Lock()
		defer lastID.Unlock()
		lastID.n = max(lastID.n, int64(binary.BigEndian.Uint64(raw)>>idRest))
	}
}
