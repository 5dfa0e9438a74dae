package kona

import (
	"context"

	"confab/model"
	"confab/providers"
)

// The session is the source of the account's credential: whoever sends a request sees an access token, and knows
// nothing of refreshing.
var _ model.CredentialSource = (*session)(nil)

// Get implements model.CredentialSource: the access token to use, after a refresh where it was refused or ends soon.
func (s *session) Get(ctx context.Context) (string, error) {
	if err := s.gate.Enter(ctx); err != nil {
		return "", err
	}
	defer s.gate.Leave()
	err := s.replace(ctx)
	if err == nil {
		err = s.ready(ctx)
	}
	if model.KindOf(err) == model.Unauthorized {
		s.doubt(ctx)
	}
	if err != nil {
		return "", err
	}
	return s.held.Access, nil
}

// Reject implements model.CredentialSource. Nothing is done about a token that was refused because the password has
// expired: no other one would be taken.
func (s *session) Reject(refused string) {
	if s.expired.Load() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused = refused
}

// replace refreshes the token that was refused, once for all who wait for it. Where the configuration holds a token
// alone, that one is read again.
func (s *session) replace(ctx context.Context) error {
	s.mu.Lock()
	refused := s.refused
	s.refused = ""
	s.mu.Unlock()
	if refused == "" || refused != s.held.Access {
		return nil
	}
	again, err := s.renew(ctx, refused)
	if err == nil && !again || model.KindOf(err) == model.Unauthorized {
		read, failed := s.reread(ctx)
		switch {
		case failed != nil:
			return failed
		case read:
			return nil
		}
	}
	return err
}

// reread asks for the configured access token once more where the refused one came from it, and tells whether that
// brought another.
func (s *session) reread(ctx context.Context) (bool, error) {
	source := s.account.Credential
	if source == nil {
		return false, nil
	}
	secret, err := source.Get(ctx)
	was := providers.BareCredential(secret)
	if err != nil || s.held.Origin != origin(was) {
		return false, err
	}
	source.Reject(secret)
	now, err := get(ctx, source)
	if err != nil || now == "" || now == was {
		return false, err
	}
	return true, s.use(ctx, tokens{Origin: origin(now), Access: now})
}

// doubt drops what was refused for an exchange, so that the next one reads it again.
func (s *session) doubt(ctx context.Context) {
	for _, name := range []string{settingRefreshToken, settingClientSecret} {
		if source := s.account.Secrets[name]; source != nil {
			if secret, err := source.Get(ctx); err == nil {
				source.Reject(secret)
			}
		}
	}
}
