package config

import "context"

// Source reads one secret when it is first asked for and keeps it in memory. It is safe for concurrent use; while one
// caller reads, the others wait for its answer or their own context. Failures are not kept: the next Get tries again.
type Source struct {
	credential Credential
	resolver   Resolver
	turn       chan struct{} // its one place belongs to who reads
	// kept always holds one text, "" for none; who takes it puts one back at once. A channel, because fmt and
	// encoding/json show what a field holds, but not what is in a channel.
	kept chan string
}

// Source returns a source for a credential; nothing is read yet.
func (r Resolver) Source(c Credential) *Source {
	s := &Source{credential: c, resolver: r, turn: make(chan struct{}, 1), kept: make(chan string, 1)}
	s.kept <- ""
	return s
}

// Get returns the secret. Errors are those of Resolver.Resolve, or the context's when it ended while waiting.
func (s *Source) Get(ctx context.Context) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	defer func() { <-s.turn }()
	kept := <-s.kept
	s.kept <- kept
	if kept != "" {
		return kept, nil
	}
	secret, err := s.resolver.Resolve(ctx, s.credential)
	if err != nil {
		return "", err
	}
	<-s.kept
	s.kept <- secret
	return secret, nil
}

// Reject drops a secret that the service refused, so that the next Get reads again. One that is no longer kept has
// been read again already.
func (s *Source) Reject(refused string) {
	kept := <-s.kept
	if kept == refused {
		kept = ""
	}
	s.kept <- kept
}
