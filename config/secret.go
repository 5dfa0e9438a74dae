package config

import (
	"context"
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

// Secret carries a credential without showing it: fmt, log/slog, encoding/json and go-toml get "[secret]". The value is
// kept in a function, because fmt also prints fields that it can't call methods on.
type Secret struct{ reveal func() string }

const shownSecret = "[secret]"

// NewSecret wraps a credential.
func NewSecret(value string) Secret { return Secret{func() string { return value }} }

// Reveal returns the credential itself, "" for the zero Secret.
func (s Secret) Reveal() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// IsZero tells whether there is nothing inside.
func (s Secret) IsZero() bool { return s.Reveal() == "" }

// Equal compares in constant time.
func (s Secret) Equal(other Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(other.Reveal())) == 1
}

// String returns "[secret]".
func (Secret) String() string { return shownSecret }

// GoString returns "[secret]".
func (Secret) GoString() string { return shownSecret }

// Format writes "[secret]" for every verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, shownSecret) }

// MarshalJSON writes "[secret]".
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + shownSecret + `"`), nil }

// MarshalText writes "[secret]".
func (Secret) MarshalText() ([]byte, error) { return []byte(shownSecret), nil }

// LogValue is "[secret]".
func (Secret) LogValue() slog.Value { return slog.StringValue(shownSecret) }

// Source reads one secret when it is first asked for and keeps it in memory. It is safe for concurrent use; while one
// caller reads, the others wait for its answer or their own context. Failures are not kept: the next Get tries again.
type Source struct {
	credential Credential
	resolver   Resolver
	turn       chan struct{} // of one place: its holder reads
	kept       chan Secret   // holds one; whoever takes it puts one back at once
}

// Source returns a source for a credential; nothing is read yet.
func (r Resolver) Source(c Credential) *Source {
	s := &Source{credential: c, resolver: r, turn: make(chan struct{}, 1), kept: make(chan Secret, 1)}
	s.kept <- Secret{}
	return s
}

// String names where the secret comes from.
func (s *Source) String() string { return s.credential.String() }

// Credential says where the secret comes from.
func (s *Source) Credential() Credential { return s.credential }

// Get returns the secret. Errors are those of Resolver.Resolve, or the context's when it ended while waiting.
func (s *Source) Get(ctx context.Context) (Secret, error) {
	if err := ctx.Err(); err != nil {
		return Secret{}, err
	}
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return Secret{}, ctx.Err()
	}
	defer func() { <-s.turn }()
	kept := <-s.kept
	s.kept <- kept
	if !kept.IsZero() {
		return kept, nil
	}
	value, err := s.resolver.Resolve(ctx, s.credential)
	if err != nil {
		return Secret{}, err
	}
	kept = NewSecret(value)
	<-s.kept
	s.kept <- kept
	return kept, nil
}

// Reject drops a secret that the service refused, so that the next Get reads again. One that is no longer kept has
// been read again already.
func (s *Source) Reject(refused Secret) {
	kept := <-s.kept
	if kept.Equal(refused) {
		kept = Secret{}
	}
	s.kept <- kept
}
