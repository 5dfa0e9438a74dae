package providers

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"unicode"

	"golang.org/x/sync/semaphore"

	"confab/model"
)

// Schemes: the word before a secret in a header.
const (
	Bearer = "Bearer"
	Raw    = "" // the secret alone
)

// Credential describes how a service expects the credential of an account.
type Credential struct {
	Source model.CredentialSource // nil is Account.Credential
	Header string                 // "" is Authorization
	// Schemes lists the schemes that the service may accept; empty means Bearer alone. A call that is refused with one scheme is
	// sent once more with the next, unless its endpoint has accepted the first: endpoints of one service may differ.
	Schemes []string
	// RawPrefix is the beginning of secrets that are always sent raw.
	RawPrefix string
}

func (c Credential) schemes(secret string) []string {
	switch {
	case c.RawPrefix != "" && strings.HasPrefix(secret, c.RawPrefix):
		return []string{Raw}
	case len(c.Schemes) == 0:
		return []string{Bearer}
	}
	return c.Schemes
}

// BareCredential strips the blanks, quotes and scheme that were pasted along with a credential. Bearer is always recognised
// as a scheme.
func BareCredential(secret string, schemes ...string) string {
	secret = strings.TrimSpace(secret)
	if n := len(secret); n > 1 && strings.ContainsRune(`"'`, rune(secret[0])) && secret[n-1] == secret[0] {
		secret = strings.TrimSpace(secret[1 : n-1])
	}
	word, rest := secret, ""
	if i := strings.IndexFunc(secret, unicode.IsSpace); i >= 0 {
		word, rest = secret[:i], secret[i:]
	}
	for _, scheme := range append([]string{Bearer}, schemes...) {
		if scheme != Raw && strings.EqualFold(word, scheme) {
			return strings.TrimSpace(rest)
		}
	}
	return secret
}

// authorization shares a Credential among all calls of a client. However many calls wait, the source is asked again only
// once: a call whose secret was refused uses the newer secret that another call obtained, and asks the source only if no
// call has asked since it began. The same holds for a source that returned an error.
type authorization struct {
	Credential
	lock   *semaphore.Weighted    // held to ask the source, and to change the fields below
	failed error                  // the error with which the source answered last
	asked  atomic.Int64           // how often the source was asked again, or failed
	scheme atomic.Pointer[string] // the scheme that was accepted last
	takes  sync.Map               // name of a call: the scheme that was accepted last, as a string
}

// attempt is the state of one call in an authorization.
type attempt struct {
	call     string
	since    int64 // authorization.asked when the call began
	replayed bool
	refused  *string // the scheme not to send again
}

// proof is the credential as one request carries it.
type proof struct {
	secret string // as the source returned it
	bare   string // see BareCredential
	scheme string
}

func (p proof) value() string {
	if p.scheme == Raw {
		return p.bare
	}
	return p.scheme + " " + p.bare
}

func (a *authorization) begin(call string) *attempt {
	if a == nil {
		return nil
	}
	return &attempt{call: call, since: a.asked.Load()}
}

func (a *authorization) proof(ctx context.Context, t *attempt) (proof, error) {
	if err := a.lock.Acquire(ctx, 1); err != nil {
		return proof{}, err
	}
	defer a.lock.Release(1)
	secret, err := a.get(ctx, t)
	if err != nil {
		return proof{}, err
	}
	p := proof{secret: secret, bare: BareCredential(secret, a.Schemes...)}
	schemes := a.schemes(p.bare)
	p.scheme = schemes[0]
	if accepted := a.scheme.Load(); accepted != nil && len(schemes) > 1 {
		p.scheme = *accepted
		if own, ok := a.takes.Load(t.call); ok {
			p.scheme = own.(string)
		}
	}
	if t.refused != nil && *t.refused == p.scheme {
		p.scheme = schemes[(slices.Index(schemes, p.scheme)+1)%len(schemes)]
	}
	switch {
	case p.bare == "":
		err = &model.Error{Kind: model.NoCredential, Message: "the credential is empty"}
	case strings.ContainsFunc(p.bare, func(r rune) bool { return r < ' ' || r > '~' }): // only printable ASCII is safe in a header
		err = &model.Error{Kind: model.Unauthorized, Message: "the credential holds a character that can't be sent"}
	default:
		return p, nil
	}
	a.drop(t, secret)
	return proof{}, err
}

func (a *authorization) accepted(call string, p proof) {
	if a != nil {
		a.scheme.Store(&p.scheme)
		a.takes.Store(call, p.scheme)
	}
}

// refused reports whether a call whose credential was refused is to be sent once more: with a newer secret, with another
// scheme, or with what the source returns when it is asked again.
func (a *authorization) refused(ctx context.Context, t *attempt, p proof) (again bool, err error) {
	if err := a.lock.Acquire(ctx, 1); err != nil {
		return false, err
	}
	defer a.lock.Release(1)
	if t.replayed {
		a.drop(t, p.secret)
		return false, nil
	}
	t.replayed = true
	now, err := a.get(ctx, t)
	if err != nil || now != p.secret {
		return err == nil, err
	}
	own, _ := a.takes.Load(t.call)
	another := len(a.schemes(p.bare)) > 1 && own != p.scheme
	if accepted := a.scheme.Load(); !another || accepted != nil && *accepted == p.scheme {
		if a.drop(t, p.secret) {
			now, err = a.get(ctx, t)
		}
		if err != nil || now != p.secret || !another {
			return err == nil && now != p.secret, err
		}
	}
	t.refused = &p.scheme
	return true, nil
}

// get asks the source, unless it has failed since the call began. The caller holds the lock, as for drop.
func (a *authorization) get(ctx context.Context, t *attempt) (string, error) {
	if a.failed != nil && a.asked.Load() != t.since {
		return "", a.failed
	}
	secret, err := a.Source.Get(ctx)
	if err == nil {
		a.failed = nil
	} else if ctx.Err() == nil {
		a.failed = err
		a.asked.Add(1)
	}
	return secret, err
}

// drop rejects the secret, so that the source is asked again. It returns false if that was done since the call began.
func (a *authorization) drop(t *attempt, secret string) bool {
	fresh := a.asked.Load() == t.since
	if fresh {
		a.asked.Add(1)
		a.Source.Reject(secret)
	}
	return fresh
}
