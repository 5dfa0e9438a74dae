package inbox

import (
	"math/rand/v2"
	"time"

	"confab/model"
)

// The pauses between tries of one edit or one refresh.
const (
	firstPause = 2 * time.Second
	longPause  = 5 * time.Minute
	// A rejected credential is tried again rarely by itself: the person has
	// to do something, and services lock out who knocks too often.
	rejectedPause = 15 * time.Minute
)

// decision is what a failure means for an edit.
type decision struct {
	state model.EditState
	// next is when to try again, for RetryAt.
	next time.Time
	// unsent says that the request certainly changed nothing.
	unsent bool
	// pause shuts the account's delivery until next: every other edit would
	// meet the same failure.
	pause bool
}

// decide is the policy by error kind. tries counts the claims of the edit,
// this one included.
func decide(err *model.Error, tries int, now time.Time) decision {
	wait := now.Add(backoff(tries))
	switch err.Kind {
	case model.RateLimited:
		if err.RetryAt.After(now) {
			wait = err.RetryAt
		}
		return decision{state: model.RetryAt, next: wait, unsent: true, pause: true}
	case model.Unavailable, model.Malformed:
		if err.RetryAt.After(now) {
			wait = err.RetryAt
		}
		return decision{state: model.RetryAt, next: wait, unsent: err.Kind == model.Unavailable, pause: true}
	case model.UnknownOutcome:
		return decision{state: model.RetryAt, next: wait}
	case model.Unauthorized, model.NoCredential:
		return decision{state: model.RetryAt, next: now.Add(rejectedPause), unsent: true, pause: true}
	case model.ConflictKind:
		// The service is in a state that does not allow it. One more look is
		// worth it, unless it names what stands in the way.
		if tries < 2 && err.Existing == "" {
			return decision{state: model.RetryAt, next: now.Add(time.Second), unsent: true}
		}
		return decision{state: model.Refused, unsent: true}
	case model.Unverified:
		return decision{state: model.NotVerified}
	case model.Canceled:
		return decision{state: model.Queued, unsent: true}
	case model.Local:
		return decision{state: model.RetryAt, next: wait, unsent: true}
	}
	return decision{state: model.Refused, unsent: true}
}

// backoff grows from two seconds to five minutes, with a fifth of jitter so
// that many confabs do not come back at once.
func backoff(tries int) time.Duration {
	d := firstPause
	for i := 1; i < tries && d < longPause; i++ {
		d *= 2
	}
	d = min(d, longPause)
	return d - time.Duration(rand.Int64N(int64(d)/5+1))
}
