package kona

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"confab/model"
	"confab/providers"
)

const defaultLookup = 50

// Lookup implements model.Provider. Users and groups are found by id, or by how their name (or a user's address)
// begins, which is what the service's like does; Scope is a space. Spaces are listed once and matched here.
func (p *Provider) Lookup(ctx context.Context, req model.LookupRequest) (model.LookupPage, error) {
	if req.Limit <= 0 {
		req.Limit = defaultLookup
	}
	req.Text = strings.TrimSpace(req.Text)
	switch req.Kind {
	case model.LookupUsers:
		return p.lookUp(ctx, req, "users", getUserEndpoint, p.client.listUsers, convertUser)
	case model.LookupGroups:
		return p.lookUp(ctx, req, "groups", getGroupEndpoint, p.client.listGroups, convertGroup)
	case model.LookupSpaces:
		return p.lookUpSpaces(ctx, req)
	}
	return model.LookupPage{}, providers.Unsupported("look up", "Kona has no directory of this kind: "+string(req.Kind))
}

func (p *Provider) lookUp(ctx context.Context, req model.LookupRequest, key string, single providers.Endpoint,
	list func(space, like string, page, size int) providers.Call, convert func([]byte) (model.Participant, bool)) (model.LookupPage, error) {
	if req.Scope != "" {
		if err := checkID("look up "+key, "space", req.Scope); err != nil {
			return model.LookupPage{}, err
		}
	}
	if isID(req.Text) {
		return p.lookUpOne(ctx, key, p.client.getOne(single, req.Text), convert)
	}
	page := 1
	if n, err := strconv.Atoi(req.Cursor); err == nil && n > 1 {
		page = n
	}
	size := min(req.Limit, perPage)
	call := list(req.Scope, req.Text, page, size)
	answer, err := p.client.Do(ctx, call)
	if err != nil {
		return model.LookupPage{}, err
	}
	rows, err := items(answer, key)
	if err != nil {
		return model.LookupPage{}, named(err, call.Name)
	}
	var out model.LookupPage
	for _, raw := range rows {
		p.directory.keep(key, raw)
		if person, ok := convert(raw); ok {
			out.Items = append(out.Items, person)
		}
	}
	if len(rows) >= min(size, surePage) {
		out.Cursor = strconv.Itoa(page + 1) // the page may also have been the last: then the next one is empty
	}
	return out, nil
}

func (p *Provider) lookUpOne(ctx context.Context, key string, call providers.Call, convert func([]byte) (model.Participant, bool)) (model.LookupPage, error) {
	answer, err := p.client.Do(ctx, call)
	if model.KindOf(err) == model.NotFound {
		return model.LookupPage{}, nil
	}
	if err != nil {
		return model.LookupPage{}, err
	}
	raw, err := one(answer, key)
	if err != nil {
		return model.LookupPage{}, named(err, call.Name)
	}
	p.directory.keep(key, raw)
	if person, ok := convert(raw); ok {
		return model.LookupPage{Items: []model.Participant{person}}, nil
	}
	return model.LookupPage{}, nil
}

func (p *Provider) lookUpSpaces(ctx context.Context, req model.LookupRequest) (model.LookupPage, error) {
	left := maxNameRequests
	p.directory.listSpaces(ctx, &left)
	if err := ctx.Err(); err != nil {
		return model.LookupPage{}, providers.GivenUp("list spaces", err)
	}
	if err := p.directory.spaceError(); err != nil {
		return model.LookupPage{}, err
	}
	want := model.FoldText(req.Text)
	all := slices.DeleteFunc(p.directory.spaceList(), func(s model.Participant) bool {
		return want != "" && s.ID != req.Text && !strings.Contains(model.FoldText(s.Name), want)
	})
	if len(all) == 0 && isID(req.Text) {
		return p.lookUpOne(ctx, "spaces", p.client.getOne(getSpaceEndpoint, req.Text), convertSpace)
	}
	from, _ := strconv.Atoi(req.Cursor)
	from = max(0, min(from, len(all)))
	to := min(len(all), from+req.Limit)
	out := model.LookupPage{Items: all[from:to]}
	if to < len(all) {
		out.Cursor = strconv.Itoa(to)
	}
	return out, nil
}
