package sandbox

import "slices"

// maxRequests bounds the log of requests, so that a demo left running for days doesn't grow. Older ones go first.
const maxRequests = 1 << 16

// Request is one request a server received. Requests whose connection was refused or dropped before they were handled are
// not among them.
type Request struct {
	Provider, Method string
	// Path is the path after the provider's prefix, escaped as received.
	Path string
	// Query is the query as received, without the question mark.
	Query string
	Body  []byte
	// Status is the status answered, or that would have been answered had the connection not been dropped.
	Status int
	// Write tells whether the request means to change a resource, whether or not it was carried out.
	Write bool
}

// Requests returns the requests received since the start or the last [Sandbox.ResetRequests], in the order they were
// handled; the last 65,536 are certain to be kept.
func (s *Sandbox) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := slices.Clone(s.requests)
	for i := range all {
		all[i].Body = slices.Clone(all[i].Body)
	}
	return all
}

// ResetRequests forgets the requests received so far.
func (s *Sandbox) ResetRequests() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = nil
}

func (s *Sandbox) record(r Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.requests) >= 2*maxRequests {
		s.requests = slices.Clone(s.requests[maxRequests:])
	}
	s.requests = append(s.requests, r)
}
