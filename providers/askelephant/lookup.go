package askelephant

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"confab/model"
	"confab/providers"
)

// directories are those that can be searched, and the kind of what is in them.
var directories = map[model.LookupKind]struct {
	endpoint providers.Endpoint
	kind     string
}{
	model.LookupContacts: {endpointContacts, model.KindContact},
	model.LookupUsers:    {endpointUsers, model.KindUser},
	model.LookupCompany:  {endpointCompanies, string(model.LookupCompany)},
	model.LookupTags:     {endpointTags, string(model.LookupTags)},
	model.LookupLabels:   {endpointTags, string(model.LookupTags)},
}

// Lookup implements model.Provider. Contacts, users and companies are searched
// by the service (contacts and users by name and address, companies by name),
// tags locally within each page. A contact's id finds exactly that contact.
func (p *provider) Lookup(ctx context.Context, req model.LookupRequest) (model.LookupPage, error) {
	d, ok := directories[req.Kind]
	if !ok {
		return model.LookupPage{}, providers.Unsupported("look up", "AskElephant has no directory of this kind")
	}
	if req.Kind == model.LookupContacts && contactID.MatchString(req.Text) {
		return providers.FoundOne(p.contact(ctx, req.Text))
	}
	limit, text := pageSize, req.Text
	if req.Limit > 0 {
		limit = min(limit, req.Limit)
	}
	tags := d.kind == string(model.LookupTags)
	if tags {
		text = ""
	}
	page, err := readPage(p.Client.Do(ctx, d.endpoint.With("limit", strconv.Itoa(limit), "search", text, "cursor", req.Cursor)))
	if err != nil {
		return model.LookupPage{}, err
	}
	found := providers.ConvertPage(page, func(raw json.RawMessage) (model.Participant, bool) {
		o, ok := providers.ObjectOf(raw)
		e := person(o, d.kind, &providers.Facts{}, "")
		return e, ok && (!tags || strings.Contains(strings.ToLower(e.Name), strings.ToLower(req.Text)))
	})
	return model.LookupPage{Items: found.Rows, Cursor: found.Next}, nil
}

func (p *provider) contact(ctx context.Context, id string) (who model.Participant, err error) {
	a, err := p.Client.Do(ctx, endpointContact.Of(id, nil))
	if err != nil {
		return who, err
	}
	o, err := a.Object()
	return person(o, model.KindContact, &providers.Facts{}, ""), err
}
