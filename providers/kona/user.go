package kona

import (
	"context"
	"fmt"
	"net/http"

	"confab/model"
	"confab/providers"
)

// What an account of Kona sees follows from who signed in, so its identity names the user. The user of a credential is
// asked for once, by /userinfo, when that credential is first used, and kept with the tokens; opening an account reads
// the file and nothing else. Until the user is known the identity is the host alone, and what is stored meanwhile is
// this user's, which the file remembers too (tokens.Rows).

// hostIdentity is the identity of an account whose user is not known.
func hostIdentity(a providers.Account) string { return model.Kona + " " + a.Base(DefaultBaseURL) }

// identityOf returns the identity of an account, and the one under which rows of the same user may have been stored
// before the user was known.
func identityOf(a providers.Account, kept tokens) (identity, formerly string) {
	host := hostIdentity(a)
	switch {
	case kept.User == "" && kept.Rows == "":
		return host, ""
	case kept.User == "":
		return host + " user unknown", ""
	case kept.User == kept.Rows:
		formerly = host
	}
	return host + " user " + kept.User, formerly
}

// use takes a pair that no refresh brought: it finds out whose it is, where that is not known, and keeps that. A token
// that is refused stays: its first use tells, and leads to a refresh. The gate is held.
func (s *session) use(ctx context.Context, t tokens) error {
	was := t
	err := s.accept(ctx, &t)
	if t != was {
		if err := s.remember(ctx, t); err != nil {
			return err
		}
	}
	if e := model.AsError(err); e != nil && (e.Status != http.StatusUnauthorized || e.Hint == hintPassword) {
		return err
	}
	s.hold(t)
	return nil
}

// accept makes sure that a pair is that of the user whom this run is about, and notes the user in it.
func (s *session) accept(ctx context.Context, t *tokens) error {
	if s.file.path == "" {
		return nil // there is no place to keep a user
	}
	if t.User == "" {
		who, err := s.whoIs(ctx, t.Access)
		if saysNobody(err) && s.userID() == "" {
			return nil
		}
		if err != nil {
			return err
		}
		t.User = who.ID
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.user == "" {
		s.user = t.User
		if t.Rows == "" {
			t.Rows = t.User
		}
	}
	if s.user != t.User {
		return &model.Error{Kind: model.Unauthorized, Op: "sign in",
			Message: fmt.Sprintf("the account was opened for user %s, and its credential is that of user %s", s.user, t.User),
			Hint:    "start confab again: what is kept of each user stays apart"}
	}
	return nil
}

func saysNobody(err error) bool {
	switch model.KindOf(err) {
	case model.Forbidden, model.NotFound, model.Unsupported, model.Malformed:
		return true
	}
	return false
}

func (s *session) userID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.user
}

func (s *session) whoIs(ctx context.Context, access string) (model.Participant, error) {
	s.hide(access)
	c := client{s.plain}
	authorization := http.Header{"Authorization": {providers.Bearer + " " + access}}
	raw, err := c.one(ctx, keyUsers, providers.Call{Endpoint: userinfo, Header: authorization})
	if err != nil {
		return model.Participant{}, err
	}
	who, _ := convertNamed(keyUsers, raw)
	if !isID(who.ID) {
		return model.Participant{}, providers.Malformed(userinfo.Name, "the answer does not say who is signed in")
	}
	return who, nil
}

// remember keeps whose a pair is. A configured token is not written down, and a pair that another process has brought
// since is left alone.
func (s *session) remember(ctx context.Context, t tokens) error {
	unlock, err := s.lock(ctx, "keep the user")
	if err != nil {
		return err
	}
	defer unlock()
	kept, err := s.kept()
	if err != nil {
		return err
	}
	switch {
	case kept.Access != "" && kept.Access != t.Access && (kept.Origin == t.Origin || kept.Origin == originLogin):
		return nil
	case kept.Access != t.Access:
		t.Access, t.Refresh = "", ""
	}
	if kept.Rows != "" {
		t.Rows = kept.Rows
	}
	return s.keep(t, false)
}
