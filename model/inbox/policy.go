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
	// Services lock out clients that retry a rejected credential often.
	rejectedPause = 15 * time.Minute
)

type rule struct {
	state  model.EditState
	wait   time.Duration // until the next try; 0 means longer with every try
	unsent bool          // the request certainly changed nothing
	// shuts means that every edit of the account would fail the same way, so none is sent until the next try. Unless
	// wait is set, the service may say when that is.
	shuts bool
}

// rules is the policy. An error of a kind without a rule refuses the edit, which changed nothing.
var rules = map[model.ErrorKind]rule{
	model.RateLimited:    {state: model.RetryAt, unsent: true, shuts: true},
	model.Unavailable:    {state: model.RetryAt, unsent: true, shuts: true},
	model.Malformed:      {state: model.RetryAt, shuts: true},
	model.UnknownOutcome: {state: model.RetryAt},
	model.Unauthorized:   {state: model.RetryAt, wait: rejectedPause, unsent: true, shuts: true},
	model.NoCredential:   {state: model.RetryAt, wait: rejectedPause, unsent: true, shuts: true},
	model.Unverified:     {state: model.NotVerified},
	model.Canceled:       {state: model.Queued},
	model.Local:          {state: model.RetryAt, unsent: true},
}

// applyPolicy returns the ending of an edit that met an error in this number of tries, and whether it stops the account
// until the next try.
func applyPolicy(err *model.Error, tries int, now time.Time) (end ending, shut bool) {
	r, ok := rules[err.Kind]
	switch {
	case ok:
	case err.Kind == model.ConflictKind && tries < 2 && err.Existing == "":
		// The present state of the service forbids the edit. That may pass, unless a conversation is in the way.
		r = rule{state: model.RetryAt, wait: time.Second, unsent: true}
	default:
		r = rule{state: model.Refused, unsent: true}
	}
	end = ending{state: r.state, unsent: r.unsent}
	switch {
	case r.state != model.RetryAt:
	case r.wait > 0: // a rejected credential is not tried sooner, whatever the service says
		end.next = now.Add(r.wait)
	case err.RetryAt.After(now):
		end.next = err.RetryAt
	default:
		end.next = now.Add(backoff(tries))
	}
	return end, r.shuts
}

// backoff grows from two seconds to five minutes, less up to a fifth at random.
func backoff(tries int) time.Duration {
	d := firstPause
	for i := 1; i < tries && d < longPause; i++ {
		d *= 2
	}
	d = min(d, longPause)
	return d - time.Duration(rand.Int64N(int64(d)/5+1))
}
