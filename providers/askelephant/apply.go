package askelephant

import (
	"fmt"
	"net/http"
	"strings"

	"confab/model"
	"confab/providers"
)

// plan is the part of providers.Editor that knows AskElephant, which has one
// call that writes.
func (p *provider) plan(fresh model.Conversation, edits []model.Edit) []providers.Planned {
	out := make([]providers.Planned, len(edits))
	for i, e := range edits {
		ids, err := contactIDs(e.Target.Set())
		switch {
		case !fresh.Contacts.Known:
			out[i] = providers.Refuse(providers.Unsupported(providers.Op(e.Kind),
				"the service did not deliver the contacts of this engagement, and replacing the set without knowing it would wipe it"))
		case err != nil:
			out[i] = providers.Refuse(err)
		default:
			out[i] = providers.Change(p.replaceContacts(fresh.Ref.ID, ids), fresh, e)
		}
	}
	return out
}

// contactIDs gives the ids to send, in order and once each. Anything but a
// contact is refused, so that nobody is dropped without a word.
func contactIDs(people []model.Participant) ([]string, *model.Error) {
	out := make([]string, 0, len(people))
	seen := map[string]bool{}
	for _, c := range people {
		if !contactID.MatchString(c.ID) {
			return nil, providers.Invalid(providers.Op(model.EditContacts),
				fmt.Sprintf("%s is no contact of AskElephant (a contact's id begins with cnt_)", c.Display()))
		}
		if !seen[c.ID] {
			seen[c.ID] = true
			out = append(out, c.ID)
		}
	}
	return out, nil
}

// replaceContacts is the write whose method and path are settings.
func (p *provider) replaceContacts(id string, ids []string) *providers.Write {
	w := providers.Single(model.EditContacts, p.client.callReplace(id, ids))
	w.Shows = func(a *providers.Answer) (model.Conversation, func(model.EditKind) bool, bool) {
		c, err := convert(a.Body, p.frame())
		return c.Conversation, func(model.EditKind) bool { return c.Contacts.Known }, err == nil
	}
	w.Reads = readRefusal
	w.Assumed = &providers.Assumption{
		Probe:   providers.Call{Endpoint: endpointGet, Params: params(id)},
		Proves:  func(*providers.Answer) bool { return true },
		Missing: p.missing,
	}
	return w
}

// readRefusal tells a contact that is not there from an engagement that is not,
// and a right that the credential lacks from one to this engagement.
func readRefusal(e *model.Error) providers.Lesson {
	switch {
	case e.Kind == model.NotFound && aboutContacts(e):
		e.Kind = model.Invalid
	case e.Kind == model.Forbidden && strings.Contains(e.Message, "engagements:write"):
		return providers.Lesson{Everywhere: true, Reason: "the credential lacks the scope engagements:write"}
	case e.Kind == model.Forbidden:
		return providers.Lesson{Nothing: true}
	}
	return providers.Lesson{}
}

// aboutContacts reports whether a refusal speaks of a contact rather than of
// the engagement or the path.
func aboutContacts(e *model.Error) bool {
	text := e.Message
	for _, f := range e.Fields {
		text += " " + f.Field + " " + f.Message
	}
	return strings.Contains(text, "cnt_") || strings.Contains(text, "contact_id")
}

// missing names the setting that would put the call right.
func (p *provider) missing(status int) (hint, reason string) {
	setting := "replace_contacts_path"
	if status == http.StatusMethodNotAllowed {
		setting = "replace_contacts_method"
	}
	call := p.client.replace.Method + " " + p.client.replace.Path
	return "the endpoint's shape seems different from " + call + ", which is assumed; see the setting " + setting,
		"the service refused " + call + "; see the setting " + setting
}
