package sandbox

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// The faults that a [Sandbox] can inject.
const (
	// Fault429 answers 429 with Retry-After in seconds (2). Nothing is done.
	Fault429 = "429"
	// Fault429Date answers 429 with Retry-After as an HTTP date two to three seconds ahead (HTTP dates have whole seconds).
	// Nothing is done.
	Fault429Date = "429-date"
	// Fault500HTML answers 500 with an HTML page, as a gateway would. Nothing is done.
	Fault500HTML = "500-html"
	// FaultDropBefore loses the connection before anything is done.
	FaultDropBefore = "drop-before"
	// FaultDropAfter does the write and then loses the connection instead of answering. It only meets writes.
	FaultDropAfter = "drop-after"
	// FaultSlow handles the request and holds the answer back for 20 seconds.
	FaultSlow = "slow"
	// FaultConcurrent lets somebody else change a conversation right before a read of it is answered or a write to it applied.
	FaultConcurrent = "concurrent"
)

const (
	retryAfter = 2 * time.Second
	slowDelay  = 20 * time.Second
)

// FaultNames returns the names of all faults in the order of their documentation.
func FaultNames() []string {
	return []string{Fault429, Fault429Date, Fault500HTML, FaultDropBefore, FaultDropAfter, FaultSlow, FaultConcurrent}
}

func checkFault(name string, rate float64) error {
	if !slices.Contains(FaultNames(), name) {
		return fmt.Errorf("there is no fault %q; there are %s", name, strings.Join(FaultNames(), ", "))
	}
	if math.IsNaN(rate) || rate < 0 || rate > 1 {
		return fmt.Errorf("the rate of %s is from 0 to 1, not %v", name, rate)
	}
	return nil
}

// writesOnly reports whether a planned fault waits for a write.
func writesOnly(fault string) bool { return fault == FaultDropAfter || fault == FaultConcurrent }

// SetFault sets the rate of a fault; 0 turns it off. It panics on an unknown name or a rate outside 0..1.
func (s *Sandbox) SetFault(name string, rate float64) {
	if err := checkFault(name, rate); err != nil {
		panic(err)
	}
	defer s.hold()()
	s.rates[name] = rate
}

// SetLatency sets the delay that is added to every answer.
func (s *Sandbox) SetLatency(d time.Duration) {
	defer s.hold()()
	s.latency = d
}

// FailNext injects a fault into the next n requests to the provider, whatever the rates; drop-after and concurrent wait for
// writes. Several calls queue up. It panics on an unknown provider or fault.
func (s *Sandbox) FailNext(provider, fault string, n int) {
	if err := checkFault(fault, 0); err != nil {
		panic(err)
	}
	s.Of(provider)
	defer s.hold()()
	s.planned[provider] = append(s.planned[provider], slices.Repeat([]string{fault}, n)...)
}

// SetOffline makes every connection to the provider fail, or to all providers if provider is empty. In memory the error is
// "connection refused"; over a socket, which is open already, the connection is closed without an answer. It panics on an
// unknown provider.
func (s *Sandbox) SetOffline(provider string, down bool) {
	if provider != "" {
		s.Of(provider)
	}
	defer s.hold()()
	for _, v := range s.services {
		if p := v.own().Provider; provider == "" || provider == p {
			s.offline[p] = down
		}
	}
}

// Revoke makes the provider answer 401 to its credential from now on. It panics on an unknown provider.
func (s *Sandbox) Revoke(provider string) {
	s.Of(provider).revoke()
}

// faultsFor returns the faults to inject into a request.
func (s *Sandbox) faultsFor(provider string, write bool) map[string]bool {
	defer s.hold()()
	met := map[string]bool{}
	queue := s.planned[provider]
	if i := slices.IndexFunc(queue, func(fault string) bool { return write || !writesOnly(fault) }); i >= 0 {
		met[queue[i]] = true
		s.planned[provider] = slices.Delete(queue, i, i+1)
	}
	for _, name := range FaultNames() {
		// Draw for every fault with a rate, so that the draws of one don't depend on the outcome of another.
		if rate := s.rates[name]; rate > 0 && s.rng.Float64() < rate && (write || name != FaultDropAfter) {
			met[name] = true
		}
	}
	return met
}

// pause waits for d, or returns the context's error when that ends earlier.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
