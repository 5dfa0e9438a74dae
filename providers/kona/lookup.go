package kona

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"confab/model"
	"confab/providers"
)

// Lookup implements model.Provider. Users and groups are found by id, or by how their name (or a user's address)
// begins, which is what the service's like does; Scope is a space. Spaces are listed once and matched here.
func (p *provider) Lookup(ctx context.Context, req model.LookupRequest) (model.LookupPage, error) {
	if req.Limit <= 0 {
		req.Limit = providers.LookupLimit
	}
	req.Text = strings.TrimSpace(req.Text)
	switch req.Kind {
	case model.LookupUsers:
		return p.lookUp(ctx, req, keyUsers)
	case model.LookupGroups:
		return p.lookUp(ctx, req, keyGroups)
	case model.LookupSpaces:
		return p.lookUpSpaces(ctx, req)
	}
	return model.LookupPage{}, providers.Unsupported("look up", "Kona has no directory of this kind: "+string(req.Kind))
}

func (p *provider) lookUp(ctx context.Context, req model.LookupRequest, key string) (out model.LookupPage, err error) {
	if req.Scope != "" {
		if err := checkID("look up "+key, "space", req.Scope); err != nil {
			return out, err
		}
	}
	if isID(req.Text) {
		return p.lookUpOne(ctx, key, req.Text)
	}
	number, size := pageNumber(req.Cursor), min(req.Limit, perPage)
	list, err := p.client.list(ctx, key, named(key, req.Scope, req.Text, number, size))
	for _, raw := range list {
		p.directory.keep(key, raw)
		if who, ok := convertNamed(key, raw); ok {
			out.Items = append(out.Items, who)
		}
	}
	if len(list) >= min(size, surePage) {
		out.Cursor = strconv.Itoa(number + 1) // the page may also have been the last: then the next one is empty
	}
	return out, err
}

func (p *provider) lookUpOne(ctx context.Context, key, id string) (model.LookupPage, error) {
	raw, err := p.client.one(ctx, key, resources[key].one.Of(id, nil))
	if err != nil {
		return providers.FoundOne(model.Participant{}, err)
	}
	p.directory.keep(key, raw)
	who, ok := convertNamed(key, raw)
	if !ok {
		return model.LookupPage{}, nil
	}
	return providers.FoundOne(who, nil)
}

func (p *provider) lookUpSpaces(ctx context.Context, req model.LookupRequest) (model.LookupPage, error) {
	left := maxNameRequests
	p.directory.listSpaces(ctx, &left)
	if err := ctx.Err(); err != nil {
		return model.LookupPage{}, providers.GivenUp("list spaces", err)
	}
	all, err := p.directory.spaces()
	if err != nil {
		return model.LookupPage{}, err
	}
	all = slices.DeleteFunc(all, func(s model.Participant) bool { return s.ID != req.Text && !providers.Holds(req.Text, s.Name) })
	if len(all) == 0 && isID(req.Text) {
		return p.lookUpOne(ctx, keySpaces, req.Text)
	}
	return providers.CutPage(all, req), nil
}
