package providers

import (
	"context"
	"strings"
	"sync/atomic"
	"unicode"

	"confab/model"
)

// The words that stand before a secret in a header.
const (
	Bearer = "Bearer"
	Raw    = "" // the secret alone
)

// Credential says how a service takes the credential of an account.
type Credential struct {
	Source model.CredentialSource // nil is Account.Credential
	Header string                 // "" is Authorization
	// Schemes are the forms that the service may take; empty is Bearer alone. As long as none has worked, a call whose form
	// is refused is sent once more in the next one.
	Schemes []string
	// RawPrefix begins the secrets that are sent raw whatever Schemes says.
	RawPrefix string
}

func (c Credential) forms(secret string) []string {
	switch {
	case c.RawPrefix != "" && strings.HasPrefix(secret, c.RawPrefix):
		return []string{Raw}
	case len(c.Schemes) == 0:
		return []string{Bearer}
	}
	return c.Schemes
}

// BareCredential returns a credential without the blanks, the quotes and the scheme (Bearer always is one) that were pasted
// along with it.
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

// authorization is the use of a Credential by all the calls of one client. However many calls wait, the source is asked
// again once: a call whose secret was refused takes the newer one that another call brought, and asks itself only if no
// call has asked since it began. The same holds for a source that gives an error.
type authorization struct {
	Credential
	gate   Gate                   // of one place: its holder may ask the source, and change what follows
	failed error                  // of the source, when it was asked last
	asked  atomic.Int64           // how often the source was asked again, or failed
	scheme atomic.Pointer[string] // the form that has worked
}

type attempt struct {
	since    int64 // authorization.asked when the call began
	replayed bool
	form     int // which form is sent as long as none has worked
}

// proof is a credential as one request carries it; the zero value is none.
type proof struct {
	secret string // as the source gave it
	bare   string // without what was pasted along
	scheme string
}

func (p proof) value() string {
	if p.scheme == Raw {
		return p.bare
	}
	return p.scheme + " " + p.bare
}

func (a *authorization) begin() *attempt {
	if a == nil {
		return nil
	}
	return &attempt{since: a.asked.Load()}
}

func (a *authorization) proof(ctx context.Context, t *attempt) (proof, error) {
	if a.Source == nil {
		return proof{}, &model.Error{Kind: model.NoCredential, Message: "no credential is configured"}
	}
	if err := a.gate.Enter(ctx); err != nil {
		return proof{}, err
	}
	defer a.gate.Leave()
	secret, err := a.get(ctx, t)
	if err != nil {
		return proof{}, err
	}
	p := proof{secret: secret, bare: BareCredential(secret, a.Schemes...)}
	forms := a.forms(p.bare)
	if p.scheme = forms[t.form%len(forms)]; len(forms) > 1 {
		if worked := a.scheme.Load(); worked != nil {
			p.scheme = *worked
		}
	}
	switch {
	case p.bare == "":
		err = &model.Error{Kind: model.NoCredential, Message: "the credential is empty"}
	case strings.ContainsFunc(p.bare, func(r rune) bool { return r < ' ' || r > '~' }): // what servers agree on
		err = &model.Error{Kind: model.Unauthorized, Message: "the credential holds a character that can't be sent"}
	default:
		return p, nil
	}
	a.drop(t, secret)
	return proof{}, err
}

func (a *authorization) accepted(p proof) {
	if a != nil {
		a.scheme.Store(&p.scheme)
	}
}

// refused tells whether a call whose credential was refused is to be sent once more: with a newer secret, another form, or
// what the source gives when it is asked again.
func (a *authorization) refused(ctx context.Context, t *attempt, p proof) (again bool, err error) {
	if err := a.gate.Enter(ctx); err != nil {
		return false, err
	}
	defer a.gate.Leave()
	if t.replayed {
		a.drop(t, p.secret)
		return false, nil
	}
	t.replayed = true
	now, err := a.get(ctx, t)
	if err != nil || now != p.secret {
		return err == nil, err
	}
	if len(a.forms(p.bare)) > 1 {
		if worked := a.scheme.Load(); worked == nil {
			t.form++
			return true, nil
		} else if *worked != p.scheme {
			return true, nil
		}
	}
	if !a.drop(t, p.secret) {
		return false, nil
	}
	now, err = a.get(ctx, t)
	return err == nil && now != p.secret, err
}

// get asks the source, unless it has failed since the call began. The gate is held, as in drop.
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

// drop has the source asked again, unless that was done since the call began.
func (a *authorization) drop(t *attempt, secret string) bool {
	fresh := a.asked.Load() == t.since
	if fresh {
		a.asked.Add(1)
		a.Source.Reject(secret)
	}
	return fresh
}
