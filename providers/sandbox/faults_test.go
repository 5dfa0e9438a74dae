package sandbox

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestSameSeedSameFaults(t *testing.T) {
	run := func() (statuses []int) {
		s := newTestSandbox(t, Options{Seed: 3, Faults: map[string]float64{Fault429: 0.2, Fault500HTML: 0.2, FaultDropBefore: 0.2}})
		p := newProbe(t, s, "attention")
		for range 60 {
			r, err := p.try("GET", "/labels", "")
			if err != nil {
				r.status = -1
			}
			statuses = append(statuses, r.status)
		}
		return statuses
	}
	first := run()
	if !slices.Equal(first, run()) {
		t.Error("the same seed produced other faults")
	}
	for _, status := range []int{200, 429, 500, -1} {
		if !slices.Contains(first, status) {
			t.Errorf("no status %d among %v", status, first)
		}
	}
}

func TestFaultAnswers(t *testing.T) {
	s := newTestSandbox(t, Options{})
	p := newProbe(t, s, "attention")

	s.FailNext("attention", Fault429, 1)
	if r := p.want(429, "GET", "/labels", ""); r.header.Get("Retry-After") != "2" {
		t.Errorf("Retry-After is %q, want 2", r.header.Get("Retry-After"))
	}
	s.FailNext("attention", Fault429Date, 1)
	r := p.want(429, "GET", "/labels", "")
	at, err := http.ParseTime(r.header.Get("Retry-After"))
	if wait := at.Sub(testNow); err != nil || wait < 2*time.Second || wait > 3*time.Second {
		t.Errorf("Retry-After is %q, error %v; want a date two to three seconds ahead", r.header.Get("Retry-After"), err)
	}
	s.FailNext("attention", Fault500HTML, 2)
	for range 2 {
		if r := p.want(500, "GET", "/labels", ""); !strings.HasPrefix(r.header.Get("Content-Type"), "text/html") || !strings.HasPrefix(r.text, "<!DOCTYPE") {
			t.Errorf("got header %v and body %s, want a web page", r.header, r.text)
		}
	}
	p.want(200, "GET", "/labels", "")
	if n := len(s.Requests()); n != 5 {
		t.Errorf("%d requests recorded, want 5", n)
	}
}

func TestDropBeforeDoesNothing(t *testing.T) {
	s := newTestSandbox(t, Options{})
	p := newProbe(t, s, "attention")
	id := s.Attention().IDs()[0]
	s.Attention().Change(id, "private", false)
	s.FailNext("attention", FaultDropBefore, 1)
	_, err := p.try("PUT", "/conversations/"+id+"/change_privacy?privacy=private", "")
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "dial" || !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("got %v, want a refused connection", err)
	}
	if s.Attention().JSON(id)["attributes"].(map[string]any)["private"] != false {
		t.Error("the write was done, though the connection was refused")
	}
	if len(s.Requests()) != 0 {
		t.Error("a request that never arrived was recorded")
	}
}

func TestDropAfterDoesTheWrite(t *testing.T) {
	s := newTestSandbox(t, Options{})
	p := newProbe(t, s, "attention")
	id := s.Attention().IDs()[0]
	s.Attention().Change(id, "private", false)
	s.FailNext("attention", FaultDropAfter, 1)
	p.want(200, "GET", "/conversations/"+id, "") // reads are not affected
	_, err := p.try("PUT", "/conversations/"+id+"/change_privacy?privacy=private", "")
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "read" || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v, want a connection lost while reading", err)
	}
	if s.Attention().JSON(id)["attributes"].(map[string]any)["private"] != true {
		t.Error("the write was not done before the connection was lost")
	}
	requests := s.Requests()
	if last := requests[len(requests)-1]; !last.Write || last.Status != 200 || last.Method != "PUT" ||
		last.Path != "/v2/conversations/"+id+"/change_privacy" || last.Query != "privacy=private" {
		t.Errorf("the lost write is recorded as %+v", last)
	}
	s.ResetRequests()
	if len(s.Requests()) != 0 {
		t.Error("ResetRequests kept requests")
	}
}

func TestConcurrentChangesTheSameFieldFirst(t *testing.T) {
	s := newTestSandbox(t, Options{})
	p := newProbe(t, s, "attention")
	id := s.Attention().IDs()[0]
	s.Attention().Change(id, "title", "base")
	s.SetFault(FaultConcurrent, 1)
	r := p.want(200, "GET", "/conversations/"+id, "")
	if got := r.object(t)["attributes"].(map[string]any)["title"]; got == "base" {
		t.Error("the title was not changed concurrently")
	}
	s.SetFault(FaultConcurrent, 0)
	if again := p.want(200, "GET", "/conversations/"+id, ""); again.text != r.text {
		t.Error("with a rate of 0, another concurrent change was made")
	}

	e := newProbe(t, s, "askelephant")
	eid := s.AskElephant().IDs()[0]
	before := s.AskElephant().Contacts(eid)
	s.FailNext("askelephant", FaultConcurrent, 1)
	e.want(200, "GET", "/v2/engagements/"+eid, "")
	if !slices.Equal(before, s.AskElephant().Contacts(eid)) {
		t.Error("a planned concurrent change happened at a read")
	}
	updated := s.AskElephant().JSON(eid)["updated_at"]
	s.AskElephant().Set(Switches{"IgnoreWrite": true})
	e.want(200, "PUT", "/v2/engagements/"+eid+"/contacts", `{"contact_ids":[]}`)
	if slices.Equal(before, s.AskElephant().Contacts(eid)) || s.AskElephant().JSON(eid)["updated_at"] == updated {
		t.Error("the contacts were not changed concurrently")
	}
}

func TestSlowAndLatencyFollowTheClockAndTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := New(Options{Latency: 300 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		p := newProbe(t, s, "attention")
		start := time.Now()
		p.want(200, "GET", "/labels", "")
		if d := time.Since(start); d != 300*time.Millisecond {
			t.Errorf("the answer took %v, want the latency of 300ms", d)
		}
		s.SetLatency(0)
		s.FailNext("attention", FaultSlow, 2)
		start = time.Now()
		p.want(200, "GET", "/labels", "")
		if d := time.Since(start); d != slowDelay {
			t.Errorf("the slow answer took %v, want %v", d, slowDelay)
		}

		id := s.Attention().IDs()[0]
		s.Attention().Change(id, "private", false)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		start = time.Now()
		_, err = p.send(p.request(ctx, "PUT", "/conversations/"+id+"/change_privacy?privacy=private", ""))
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 5*time.Second {
			t.Errorf("the request whose context ended returned after %v: %v; want its deadline after 5s", time.Since(start), err)
		}
		if s.Attention().JSON(id)["attributes"].(map[string]any)["private"] != true {
			t.Error("the write of a slow request was not done")
		}

		// The timeout of an http.Client is a deadline of the context.
		s.FailNext("attention", FaultSlow, 1)
		client := &http.Client{Transport: s.Transport(), Timeout: time.Second}
		start = time.Now()
		_, err = client.Do(p.request(t.Context(), "GET", "/labels", ""))
		var timeout net.Error
		if !errors.As(err, &timeout) || !timeout.Timeout() || time.Since(start) != time.Second {
			t.Errorf("the client returned after %v: %v; want its timeout after 1s", time.Since(start), err)
		}
	})
}

func TestCanceledRequestDoesNotReachTheServer(t *testing.T) {
	s := newTestSandbox(t, Options{})
	p := newProbe(t, s, "attention")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.send(p.request(ctx, "GET", "/labels", "")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	if len(s.Requests()) != 0 {
		t.Error("the canceled request was recorded")
	}
}

func TestOffline(t *testing.T) {
	s := newTestSandbox(t, Options{})
	a, e := newProbe(t, s, "attention"), newProbe(t, s, "askelephant")
	s.SetOffline("attention", true)
	if _, err := a.try("GET", "/labels", ""); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("one provider offline: got %v, want a refused connection", err)
	}
	e.want(200, "GET", "/v2/tags", "")
	s.SetOffline("", true)
	if _, err := e.try("GET", "/v2/tags", ""); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("all providers offline: got %v, want a refused connection", err)
	}
	s.SetOffline("", false)
	a.want(200, "GET", "/labels", "")
	e.want(200, "GET", "/v2/tags", "")
}

func TestRevoke(t *testing.T) {
	s := newTestSandbox(t, Options{})
	a, e := newProbe(t, s, "attention"), newProbe(t, s, "askelephant")
	s.Revoke("attention")
	a.want(401, "GET", "/labels", "")
	e.want(200, "GET", "/v2/tags", "")
	s.Revoke("askelephant")
	e.want(401, "GET", "/v2/tags", "")
}

func TestTooLargeBody(t *testing.T) {
	s := newTestSandbox(t, Options{})
	p := newProbe(t, s, "attention")
	req := p.request(t.Context(), "PUT", "/conversations/x/title", "x")
	req.Body = io.NopCloser(bytes.NewReader(make([]byte, maxBody+1)))
	if r, err := p.send(req); err != nil || r.status != 413 {
		t.Errorf("got status %d, error %v; want 413", r.status, err)
	}
}
