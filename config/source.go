package config

import "context"

// Source reads one secret when it is first asked for and keeps it in memory. It is safe for concurrent use; while one
// caller reads, the others wait for its answer or their own context. Failures are not kept: the next Get tries again.
type Source struct {
	credential Credential
	resolver   Resolver
	// kept holds one text, "" for none; who reads or compares takes it and puts one back. A channel, because fmt and
	// encoding/json show what a field holds, but not what is in a channel.
	kept chan string
}

// Source returns a source for a credential; nothing is read yet.
func (r Resolver) Source(c Credential) *Source {
	s := &Source{credential: c, resolver: r, kept: make(chan string, 1)}
	s.kept <- ""
	return s
}

// Get returns the secret. Errors are those of Resolver.Resolve, or the context's when it ended while waiting.
func (s *Source) Get(ctx context.Context) (secret string, err error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	select {
	case secret = <-s.kept:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	if secret == "" {
		secret, err = s.resolver.Resolve(ctx, s.credential)
	}
	s.kept <- secret
	return secret, err
}

// Reject drops a secret that the service refused, so that the next Get reads again. One that is no longer kept has
// been read again already. It waits while another caller reads, as the next Get would.
func (s *Source) Reject(refused string) {
	kept := <-s.kept
	if kept == refused {
		kept = ""
	}
	s.kept <- kept
}
