package askelephant

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"confab/model"
	"confab/providers"
)

// plan implements providers.Adapter.Plan. AskElephant has one call that writes: it replaces the whole set of managed contacts.
func (p *provider) plan(fresh model.Conversation) func(model.Edit) providers.Planned {
	return func(e model.Edit) providers.Planned {
		ids, err := contactIDs(e.Target.Set())
		if err != nil {
			return providers.Refuse(err)
		}
		return providers.Change(p.replaceContacts(fresh.Ref.ID, ids), fresh, e)
	}
}

// contactIDs returns the ids to send, in order and without repetitions. It refuses a participant who is no contact, rather than
// silently leave somebody out.
func contactIDs(people []model.Participant) ([]string, *model.Error) {
	out := make([]string, 0, len(people))
	for _, c := range people {
		if !contactID.MatchString(c.ID) {
			return nil, providers.Invalid(model.EditContacts.Op(),
				fmt.Sprintf("%s is no contact of AskElephant (a contact's id begins with cnt_)", c.Display()))
		}
		if !slices.Contains(out, c.ID) {
			out = append(out, c.ID)
		}
	}
	return out, nil
}

func (p *provider) replaceContacts(id string, ids []string) *providers.Write {
	call := p.replace.Of(id, map[string][]string{"contact_ids": ids}) // never null, which may mean "no change"
	call.Params["engagement_id"] = id
	w := providers.Single(model.EditContacts, call)
	w.Shows = func(a *providers.Answer) (model.Conversation, bool) {
		c, err := p.convert(a.Body)
		return c.Conversation, err == nil
	}
	w.Learn = learn
	w.Assumed = &providers.Assumption{
		Probe:   calls.Get.Of(id, nil),
		Proves:  func(*providers.Answer) bool { return true },
		Missing: p.missing,
	}
	return w
}

// learn implements providers.Write.Learn. It distinguishes an unknown contact from an unknown engagement, and a right that the
// credential lacks altogether from a right to this engagement.
func learn(e *model.Error) providers.Lesson {
	text := allText(e)
	switch {
	case e.Kind == model.NotFound && (strings.Contains(text, "cnt_") || strings.Contains(text, "contact_id")):
		e.Kind = model.Invalid
	case e.Kind == model.Forbidden && strings.Contains(e.Message, "engagements:write"):
		return providers.Lesson{Everywhere: true, Reason: "the credential lacks the scope engagements:write"}
	case e.Kind == model.Forbidden:
		return providers.Lesson{Ignore: true}
	}
	return providers.Lesson{}
}

// missing implements providers.Assumption.Missing. It names the setting that may correct the call.
func (p *provider) missing(status int) (hint, reason string) {
	setting := settingReplacePath
	if status == http.StatusMethodNotAllowed {
		setting = settingReplaceMethod
	}
	call := p.replace.Method + " " + p.replace.Path
	return "the endpoint's shape seems different from " + call + ", which is assumed; see the setting " + setting,
		"the service refused " + call + "; see the setting " + setting
}
