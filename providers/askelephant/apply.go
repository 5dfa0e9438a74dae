package askelephant

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"confab/model"
	"confab/providers"
)

// plan gives the request for the edits of one engagement, nil for none, and
// an error for each edit that no request is made for. It does no I/O. caps
// say what may be sent.
func (p *provider) plan(fresh model.Conversation, edits []model.Edit, caps model.Capabilities) (call *providers.Call, made []int, refused map[int]error) {
	refused = map[int]error{}
	for i, e := range edits {
		if c := caps.Of(e.Kind); !c.Can() {
			refused[i] = unsupported("change "+string(e.Kind), c.Reason)
			continue
		}
		if !fresh.Contacts.Known {
			refused[i] = unsupported(p.client.replace.Name,
				"the service did not deliver the contacts of this engagement, and replacing the set without knowing it would wipe it")
			continue
		}
		ids, err := contactIDs(e.Target.Set())
		if err != nil {
			refused[i] = err
			continue
		}
		c := p.client.callReplace(fresh.Ref.ID, ids)
		call, made = &c, append(made, i)
	}
	return call, made, refused
}

// contactIDs gives the ids to send, in order and once each. Anything but a
// contact is refused, so that nobody is dropped without a word.
func contactIDs(people []model.Participant) ([]string, error) {
	out := make([]string, 0, len(people))
	seen := map[string]bool{}
	for _, c := range people {
		if !contactID.MatchString(c.ID) {
			return nil, &model.Error{Kind: model.Invalid, Op: "replace contacts",
				Message: fmt.Sprintf("%s is no contact of AskElephant (a contact's id begins with cnt_)", c.Display())}
		}
		if !seen[c.ID] {
			seen[c.ID] = true
			out = append(out, c.ID)
		}
	}
	return out, nil
}

// Requests implements model.Provider.
func (p *provider) Requests(fresh model.Conversation, edits []model.Edit) ([]model.Request, error) {
	call, _, refused := p.plan(fresh, edits, p.Capabilities(fresh))
	for i := range edits {
		if err := refused[i]; err != nil {
			return nil, err
		}
	}
	if call == nil {
		return nil, nil
	}
	r, err := p.client.http.Request(*call)
	if err != nil {
		return nil, err
	}
	return []model.Request{r}, nil
}

// Apply implements model.Provider.
func (p *provider) Apply(ctx context.Context, fresh model.Conversation, edits []model.Edit) []model.Outcome {
	out := make([]model.Outcome, len(edits))
	call, made, refused := p.plan(fresh, edits, p.Capabilities(fresh))
	for i, err := range refused {
		out[i].Err = err
	}
	if call == nil {
		return out
	}
	a, err := p.client.do(ctx, *call)
	if err != nil {
		err = p.explain(ctx, fresh.Ref.ID, err)
		for _, i := range made {
			out[i].Err = err
		}
		return out
	}
	var after *model.Conversation
	if c, err := convert(a.Body, p.frame()); err == nil && c.Ref.ID == fresh.Ref.ID && c.Contacts.Known {
		after = &c.Conversation
	}
	for _, i := range made {
		out[i].After = after
	}
	return out
}

// explain tells a wrong method or path from a missing engagement or contact,
// and keeps for the run what it says about the account.
func (p *provider) explain(ctx context.Context, id string, err error) error {
	e := model.AsError(err)
	switch {
	case e.Status == http.StatusMethodNotAllowed:
		return p.shape(e, "replace_contacts_method")
	case e.Status == http.StatusNotFound && aboutContacts(e):
		e.Kind = model.Invalid
		return e
	case e.Status == http.StatusNotFound:
		if _, err := p.client.get(ctx, id, nil); err == nil {
			return p.shape(e, "replace_contacts_path")
		}
	case e.Kind == model.Forbidden && strings.Contains(e.Message, "engagements:write"):
		p.learned.Never(model.EditContacts, "the credential lacks the scope engagements:write")
	}
	return e
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

func (p *provider) shape(e *model.Error, setting string) error {
	e.Kind = model.Unsupported
	e.Hint = fmt.Sprintf("the endpoint's shape seems different from %s %s, which is assumed; see the setting %s",
		p.client.replace.Method, p.client.replace.Path, setting)
	p.learned.Never(model.EditContacts, "the service refused "+p.client.replace.Method+" "+p.client.replace.Path+"; see the setting "+setting)
	return e
}
