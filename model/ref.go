package model

import (
	"errors"
	"strings"
)

// The names of the four services, as they stand in the config file.
const (
	Attention   = "attention"
	Bird        = "bird"
	AskElephant = "askelephant"
	Kona        = "kona"
)

// Ref names one conversation of one account. ID is the provider's own id, unchanged; it may hold any character.
type Ref struct {
	Account string
	ID      string
}

// String returns "account:id". Account names contain no colon, so ParseRef can read it whatever the id contains.
func (r Ref) String() string { return r.Account + ":" + r.ID }

// IsZero reports whether the ref names nothing.
func (r Ref) IsZero() bool { return r == Ref{} }

// ErrRef is the error of ParseRef for a text that is not "account:id".
var ErrRef = errors.New(`a conversation is written "account:id"`)

// ParseRef reads what Ref.String wrote.
func ParseRef(s string) (Ref, error) {
	if account, id, _ := strings.Cut(s, ":"); account != "" && id != "" {
		return Ref{Account: account, ID: id}, nil
	}
	return Ref{}, ErrRef
}

// MarshalText makes a Ref a JSON string and a JSON map key.
func (r Ref) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText is the inverse of MarshalText. It accepts an empty id, because the ref of a create names only the account.
func (r *Ref) UnmarshalText(b []byte) (err error) {
	var ok bool
	if r.Account, r.ID, ok = strings.Cut(string(b), ":"); !ok {
		err = ErrRef
	}
	return err
}
