package kona

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"confab/model"
	"confab/providers"
)

// Lookup implements model.Provider. Users and groups are found by id, or by how their name (or a user's address)
// begins, which is what the service's like does; Scope is a space. Spaces are listed once and matched here.
func (p *provider) Lookup(ctx context.Context, req model.LookupRequest) (out model.LookupPage, err error) {
	req.Limit = cmp.Or(max(0, req.Limit), providers.LookupLimit)
	req.Text = strings.TrimSpace(req.Text)
	key := ""
	for k, r := range resources {
		if r.kind == string(req.Kind) {
			key = k
		}
	}
	switch {
	case key == "":
		return out, providers.Unsupported("look up", "Kona has no directory of this kind: "+string(req.Kind))
	case key == keySpaces:
		return p.lookUpSpaces(ctx, req)
	case req.Scope != "" && !isID(req.Scope):
		return out, checkID("look up "+key, "space", req.Scope)
	case isID(req.Text):
		return p.lookUpOne(ctx, key, req.Text)
	}
	number, size := pageNumber(req.Cursor), min(req.Limit, perPage)
	found, err := list(ctx, p.Client, key, named(key, req.Scope, req.Text, number, size))
	for _, raw := range found {
		if who, ok := p.directory.keep(key, raw); ok {
			out.Items = append(out.Items, who)
		}
	}
	if len(found) >= min(size, surePage) {
		out.Cursor = strconv.Itoa(number + 1) // the page may also have been the last: then the next one is empty
	}
	return out, err
}

func (p *provider) lookUpOne(ctx context.Context, key, id string) (model.LookupPage, error) {
	raw, err := one(ctx, p.Client, key, resources[key].one.Of(id, nil))
	who, ok := p.directory.keep(key, raw)
	if err == nil && !ok {
		return model.LookupPage{}, nil
	}
	return providers.FoundOne(who, err)
}

func (p *provider) lookUpSpaces(ctx context.Context, req model.LookupRequest) (model.LookupPage, error) {
	left := maxNameRequests
	p.directory.read(ctx, &left, listing{key: keySpaces})
	p.directory.read(ctx, &left, listing{keySpaces, hiddenSpaces})
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
