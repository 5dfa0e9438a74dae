package bird

import (
	"fmt"
	"slices"

	"confab/model"
	"confab/providers"
)

// check refuses targets that the service is known not to take, before anything is sent.
func check(e model.Edit) *model.Error {
	target := e.Target.String()
	switch e.Kind {
	case model.EditPrivacy:
		if target != string(model.PrivacyPrivate) && target != string(model.PrivacyPublic) {
			return providers.Invalid(providers.Op(e.Kind), fmt.Sprintf("%q is neither private nor public", target))
		}
	case model.EditStatus:
		if target != model.StatusOpen && target != model.StatusClosed {
			return providers.Invalid(providers.Op(e.Kind), fmt.Sprintf("%q is neither open nor closed", target))
		}
	case model.EditAccess:
		if !slices.Contains(accesses(), target) {
			return providers.Invalid(providers.Op(e.Kind), fmt.Sprintf("%q is none of open, request-to-join, invite-only", target))
		}
	case model.EditAttributes:
		if e.Key == "" {
			return providers.Invalid(providers.Op(e.Kind), "the attribute has no name")
		}
	case model.EditParticipants:
		if e.Target.People == nil {
			return providers.Invalid(providers.Op(e.Kind), "the edit holds no participants")
		}
	case model.EditCreate:
		if e.Target.New == nil {
			return providers.Invalid(providers.Op(e.Kind), "the edit holds no conversation")
		}
	}
	return nil
}

// accesses are the words of accessibility.
func accesses() []string { return []string{accessOpen, accessRequest, accessInviteOnly} }
