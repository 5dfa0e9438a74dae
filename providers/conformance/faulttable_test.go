package conformance

import (
	"io"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"confab/model"
)

// fault is something that goes wrong, with the expected errors.
type fault struct {
	name string
	// arm injects the fault into all requests that tamper passes on.
	arm func(b *Bench, tamper func(Tamper))
	// read and write are the expected kinds of error. If write is "", the fault is
	// not tried on writes.
	read, write model.ErrorKind
	// retryMin and retryMax limit how far RetryAt must be ahead; both zero mean that
	// RetryAt must be zero.
	retryMin, retryMax time.Duration
	// done says that a write takes effect in spite of the fault.
	done bool
	// writeOK says that a write may also succeed, with an outcome that claims only what is known.
	writeOK bool
	// long says that the answer has the greatest length that an account reads.
	long bool
}

func statusFault(status int, read, write model.ErrorKind) fault {
	return fault{
		name: strconv.Itoa(status), read: read, write: write,
		arm: func(b *Bench, tamper func(Tamper)) {
			tamper(func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
				b.AnswerNext(status, 1) // in the service's own shape
				return next.RoundTrip(req)
			})
		},
	}
}

func bodyFault(name string, status int, contentType, body string, read, write model.ErrorKind) fault {
	return fault{name: name, read: read, write: write, arm: func(_ *Bench, tamper func(Tamper)) { tamper(instead(status, contentType, body)) }}
}

func connectionFault(name string, err error, read, write model.ErrorKind) fault {
	return fault{name: name, read: read, write: write, arm: func(_ *Bench, tamper func(Tamper)) {
		tamper(func(*http.Request, http.RoundTripper) (*http.Response, error) { return nil, err })
	}}
}

const theAnswer = "the answer "

const page = "<!DOCTYPE html><html><head><title>Bad day</title></head><body>It did not work.</body></html>"

func allFaults() []fault {
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	lost := &net.OpError{Op: "read", Net: "tcp", Err: io.ErrUnexpectedEOF}
	reset := &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	named := func(name string, n int) func(*Bench, func(Tamper)) {
		return func(b *Bench, tamper func(Tamper)) {
			tamper(func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
				b.Fault(name, n)
				return next.RoundTrip(req)
			})
		}
	}
	list := []fault{
		{name: "revoked", read: model.Unauthorized, write: model.Unauthorized, arm: func(b *Bench, _ func(Tamper)) { b.Revoke() }},
		{name: "offline", read: model.Unavailable, write: model.Unavailable, arm: func(b *Bench, _ func(Tamper)) { b.Offline(true) }},
		statusFault(400, model.Invalid, model.Invalid),
		statusFault(403, model.Forbidden, model.Forbidden),
		statusFault(404, model.NotFound, ""), // for writes see gone and lessons
		statusFault(405, model.Unsupported, ""),
		statusFault(410, model.NotFound, ""),
		statusFault(409, model.ConflictKind, model.ConflictKind),
		statusFault(412, model.ConflictKind, model.ConflictKind),
		statusFault(413, model.Invalid, model.Invalid),
		statusFault(422, model.Invalid, model.Invalid),
		statusFault(418, model.Invalid, model.Invalid),
		statusFault(429, model.RateLimited, model.RateLimited),
		statusFault(500, model.Unavailable, model.UnknownOutcome),
		statusFault(502, model.Unavailable, model.UnknownOutcome),
		statusFault(503, model.Unavailable, model.UnknownOutcome),
		statusFault(504, model.Unavailable, model.UnknownOutcome),
		{name: "429 with seconds", read: model.RateLimited, write: model.RateLimited, arm: named(FaultRate, 1), retryMin: 2 * time.Second, retryMax: 2 * time.Second},
		{name: "429 with a date", read: model.RateLimited, write: model.RateLimited, arm: named(FaultRateDate, 1), retryMin: 2 * time.Second, retryMax: 3 * time.Second},
		{name: "refused by the server", read: model.Unavailable, write: model.Unavailable, arm: named(FaultDropBefore, 1)},
		{name: "500 with a page", read: model.Unavailable, write: model.UnknownOutcome, arm: named(FaultPage, 1)},
		bodyFault("a page of success", 200, "text/html", page, model.Malformed, model.UnknownOutcome),
		bodyFault("a text of success", 200, "text/plain", "OK", model.Malformed, model.UnknownOutcome),
		bodyFault("broken JSON", 200, "application/json", `{"id":"x",,}`, model.Malformed, model.UnknownOutcome),
		bodyFault("half a JSON", 200, "application/json", `{"id":"x","data":[{"id":`, model.Malformed, model.UnknownOutcome),
		bodyFault("403 with a page", 403, "text/html", page, model.Forbidden, model.Forbidden),
		bodyFault("403 without a body", 403, "", "", model.Forbidden, model.Forbidden),
		bodyFault("422 with another shape", 422, "application/json", `[["no", {"object": 1}], null]`, model.Invalid, model.Invalid),
		bodyFault("301 to nowhere", 301, "", "", model.Unavailable, model.Unavailable),
		bodyFault("304", 304, "", "", model.Unavailable, model.Unavailable),
		bodyFault("303 to nowhere", 303, "", "", model.Unavailable, model.UnknownOutcome),
		connectionFault("connection refused", refused, model.Unavailable, model.Unavailable),
		connectionFault("no such host", &net.DNSError{Err: "no such host", Name: "service.example", IsNotFound: true}, model.Unavailable, model.Unavailable),
		connectionFault("connection lost before", lost, model.Unavailable, model.UnknownOutcome),
		connectionFault("connection reset", reset, model.Unavailable, model.UnknownOutcome),
		{name: "503 with Retry-After", read: model.RateLimited, write: model.UnknownOutcome, retryMin: 30 * time.Second, retryMax: 30 * time.Second,
			arm: func(_ *Bench, tamper func(Tamper)) {
				tamper(func(*http.Request, http.RoundTripper) (*http.Response, error) {
					return answer(503, "30", "text/plain", "later"), nil
				})
			}},
		{name: "429 with nonsense", read: model.RateLimited, write: model.RateLimited, arm: func(_ *Bench, tamper func(Tamper)) {
			tamper(func(*http.Request, http.RoundTripper) (*http.Response, error) {
				return answer(429, "soon", "text/plain", "later"), nil
			})
		}},
		{name: "429 for a year", read: model.RateLimited, write: model.RateLimited, retryMin: time.Minute, retryMax: 24 * time.Hour, arm: func(_ *Bench, tamper func(Tamper)) {
			tamper(func(*http.Request, http.RoundTripper) (*http.Response, error) {
				return answer(429, "31536000", "text/plain", "later"), nil
			})
		}},
		{name: "cut body", read: model.Unavailable, write: model.UnknownOutcome, done: true, arm: func(_ *Bench, tamper func(Tamper)) {
			tamper(cutBody(io.ErrUnexpectedEOF))
		}},
		{name: "body cut in silence", read: model.Malformed, write: model.UnknownOutcome, done: true, arm: func(_ *Bench, tamper func(Tamper)) {
			tamper(cutBody(nil))
		}},
		{name: "strange compression", read: model.Malformed, write: model.UnknownOutcome, arm: func(_ *Bench, tamper func(Tamper)) {
			tamper(func(*http.Request, http.RoundTripper) (*http.Response, error) {
				res := answer(200, "", "application/json", "\x28\xb5\x2f\xfd")
				res.Header.Set("Content-Encoding", "zstd")
				return res, nil
			})
		}},
		{name: "endless body", long: true, read: model.Malformed, write: model.UnknownOutcome, arm: func(b *Bench, tamper func(Tamper)) {
			var taken atomic.Int64
			tamper(flood(200, &taken))
			b.t.Cleanup(func() { bounded(b.t, taken.Load()) })
		}},
		{name: "endless error", long: true, read: model.Unavailable, write: model.UnknownOutcome, arm: func(b *Bench, tamper func(Tamper)) {
			var taken atomic.Int64
			tamper(flood(500, &taken))
			b.t.Cleanup(func() { bounded(b.t, taken.Load()) })
		}},
		{name: "bomb", long: true, read: model.Malformed, write: model.UnknownOutcome, arm: func(_ *Bench, tamper func(Tamper)) { tamper(bomb()) }},
	}
	for _, body := range []string{"", "{}", "[]", "null", "true", "7", `"text"`, `{"data":{}}`, `{"error":"no"}`, `[null]`, `{"id":null}`, `{"":""}`} {
		f := bodyFault(theAnswer+body, 200, "application/json", body, model.Malformed, "")
		f.writeOK = true
		list = append(list, f)
	}
	return list
}
