package bird

import (
	"fmt"

	"confab/model"
	"confab/providers"
)

// accessWidth orders the words of accessibility by how many can join. A word that is not in here is taken to be
// narrower than all, so that leaving it counts as widening.
var accessWidth = map[string]int{accessInviteOnly: 1, accessRequest: 2, accessOpen: 3}

// directionOf tells where a change of a field leads.
func directionOf(fresh model.Conversation, e model.Edit) providers.Direction {
	switch e.Kind {
	case model.EditPrivacy:
		if e.Target.String() == string(model.PrivacyPrivate) {
			return providers.Narrows
		}
		return providers.Widens
	case model.EditAccess:
		if accessWidth[e.Target.String()] < accessWidth[fresh.Access] {
			return providers.Narrows
		}
		return providers.Widens
	}
	return providers.Neutral
}

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
		if accessWidth[target] == 0 {
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
