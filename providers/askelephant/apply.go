package askelephant

import (
	"fmt"
	"net/http"
	"strings"

	"confab/model"
	"confab/providers"
)

// plan is the part of providers.Adapter that knows AskElephant, which has one
// call that writes: it replaces the whole set of managed contacts.
func (p *provider) plan(fresh model.Conversation) func(model.Edit) providers.Planned {
	return func(e model.Edit) providers.Planned {
		ids, err := contactIDs(e.Target.Set())
		switch {
		case !fresh.Contacts.Known:
			return providers.Refuse(providers.Unsupported(e.Kind.Op(),
				"the service did not deliver the contacts of this engagement, and replacing the set without knowing it would wipe it"))
		case err != nil:
			return providers.Refuse(err)
		}
		return providers.Change(p.replaceContacts(fresh.Ref.ID, ids), fresh, e)
	}
}

// contactIDs returns the ids to send, in order and once each. Anything but a
// contact is refused, so that nobody is dropped without a word.
func contactIDs(people []model.Participant) ([]string, *model.Error) {
	out := make([]string, 0, len(people))
	seen := map[string]bool{}
	for _, c := range people {
		if !contactID.MatchString(c.ID) {
			return nil, providers.Invalid(model.EditContacts.Op(),
				fmt.Sprintf("%s is no contact of AskElephant (a contact's id begins with cnt_)", c.Display()))
		}
		if !seen[c.ID] {
			seen[c.ID] = true
			out = append(out, c.ID)
		}
	}
	return out, nil
}

func (p *provider) replaceContacts(id string, ids []string) *providers.Write {
	call := p.replace.Of(id, map[string][]string{"contact_ids": ids}) // not nil: null could be read as "no change"
	call.Params["engagement_id"] = id
	w := providers.Single(model.EditContacts, call)
	w.Shows = func(a *providers.Answer) (model.Conversation, providers.Tells, bool) {
		raw, _ := a.JSON()
		c, err := p.convert(raw)
		return c.Conversation, func(model.EditKind) bool { return c.Contacts.Known }, err == nil
	}
	w.Reads = readRefusal
	w.Assumed = &providers.Assumption{
		Probe:   calls.Get.Of(id, nil),
		Proves:  func(*providers.Answer) bool { return true },
		Missing: p.missing,
	}
	return w
}

// readRefusal tells a contact that is not there from an engagement that is not,
// and a right that the credential lacks from one to this engagement.
func readRefusal(e *model.Error) providers.Lesson {
	said := words(e)
	switch {
	case e.Kind == model.NotFound && (strings.Contains(said, "cnt_") || strings.Contains(said, "contact_id")):
		e.Kind = model.Invalid
	case e.Kind == model.Forbidden && strings.Contains(e.Message, "engagements:write"):
		return providers.Lesson{Everywhere: true, Reason: "the credential lacks the scope engagements:write"}
	case e.Kind == model.Forbidden:
		return providers.Lesson{Nothing: true}
	}
	return providers.Lesson{}
}

// missing names the setting that would put the call right.
func (p *provider) missing(status int) (hint, reason string) {
	setting := settingReplacePath
	if status == http.StatusMethodNotAllowed {
		setting = settingReplaceMethod
	}
	call := p.replace.Method + " " + p.replace.Path
	return "the endpoint's shape seems different from " + call + ", which is assumed; see the setting " + setting,
		"the service refused " + call + "; see the setting " + setting
}
