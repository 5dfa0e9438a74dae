package askelephant

import (
	"context"
	"net/url"
	"strconv"
	"strings"

	"confab/model"
	"confab/providers"
)

// Lookup implements model.Provider. Contacts, users and companies are searched
// by the service (contacts and users by name and address, companies by name),
// tags locally within each page. A contact's id finds exactly that contact.
func (p *provider) Lookup(ctx context.Context, req model.LookupRequest) (model.LookupPage, error) {
	var (
		endpoint providers.Endpoint
		kind     string
	)
	switch req.Kind {
	case model.LookupContacts:
		if contactID.MatchString(req.Text) {
			return p.oneContact(ctx, req.Text)
		}
		endpoint, kind = endpointContacts, model.KindContact
	case model.LookupUsers:
		endpoint, kind = endpointUsers, model.KindUser
	case model.LookupCompany:
		endpoint, kind = endpointCompanies, string(model.LookupCompany)
	case model.LookupTags, model.LookupLabels:
		endpoint, kind = endpointTags, string(model.LookupTags)
	default:
		return model.LookupPage{}, providers.Unsupported("look up", "AskElephant has no directory of this kind")
	}
	limit := pageSize
	if req.Limit > 0 {
		limit = min(limit, req.Limit)
	}
	q := url.Values{"limit": {strconv.Itoa(limit)}}
	if req.Text != "" && kind != string(model.LookupTags) {
		q.Set("search", req.Text)
	}
	if req.Cursor != "" {
		q.Set("cursor", req.Cursor)
	}
	page, err := p.client.plain(ctx, endpoint, q)
	if err != nil {
		return model.LookupPage{}, err
	}
	out := model.LookupPage{Cursor: page.next}
	for _, raw := range page.rows {
		o, ok := providers.ParseObject(raw)
		if !ok {
			continue
		}
		e := person(o, kind, &providers.Facts{}, "")
		if kind == string(model.LookupTags) && !strings.Contains(strings.ToLower(e.Name), strings.ToLower(req.Text)) {
			continue
		}
		out.Items = append(out.Items, e)
	}
	return out, nil
}

func (p *provider) oneContact(ctx context.Context, id string) (model.LookupPage, error) {
	o, err := p.client.contact(ctx, id)
	if model.KindOf(err) == model.NotFound {
		return model.LookupPage{}, nil
	}
	if err != nil {
		return model.LookupPage{}, err
	}
	return model.LookupPage{Items: []model.Participant{person(o, model.KindContact, &providers.Facts{}, "")}}, nil
}
