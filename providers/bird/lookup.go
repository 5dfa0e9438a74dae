package bird

import (
	"cmp"
	"context"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"confab/model"
	"confab/providers"
)

const (
	defaultLookup = 50
	// searchPages bounds how many pages of contacts are read for one answer to a text, since the service finds by
	// identifier alone.
	searchPages = 10
)

var (
	uuidShape  = regexp.MustCompile(`(?i)^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	phoneShape = regexp.MustCompile(`^\+[0-9 ()./-]{5,24}$`)
	keyShape   = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.:-]{0,99}$`)
)

// Lookup implements model.Provider. Contacts are found by id, e-mail address, phone number (+31…) or KEY=VALUE, and by
// name within the pages that are read; channels are listed. Users are found among the agents. Flows have no directory,
// so none is found.
func (p *Provider) Lookup(ctx context.Context, req model.LookupRequest) (model.LookupPage, error) {
	if req.Limit <= 0 {
		req.Limit = defaultLookup
	}
	req.Text = strings.TrimSpace(req.Text)
	switch req.Kind {
	case model.LookupContacts:
		return p.lookupContacts(ctx, req)
	case model.LookupChannels:
		return p.lookupChannels(ctx, req)
	case model.LookupUsers:
		if uuidShape.MatchString(req.Text) {
			return p.lookupAgent(ctx, req.Text)
		}
		return p.lookupAgents(ctx, req)
	case model.LookupFlows:
		return model.LookupPage{}, nil
	}
	return model.LookupPage{}, providers.Unsupported("look up", "Bird has no directory of this kind: "+string(req.Kind))
}

func (p *Provider) lookupContacts(ctx context.Context, req model.LookupRequest) (model.LookupPage, error) {
	if uuidShape.MatchString(req.Text) {
		answer, err := p.client.do(ctx, p.client.getContact(req.Text))
		if model.KindOf(err) == model.NotFound {
			return model.LookupPage{}, nil
		}
		if err != nil {
			return model.LookupPage{}, err
		}
		if c, ok := convertContact(answer.Body); ok {
			return model.LookupPage{Items: []model.Participant{c}}, nil
		}
		return model.LookupPage{}, providers.Malformed("read contact", "the answer is no contact")
	}
	if key, value, ok := identifierIn(req.Text); ok {
		answer, err := p.client.do(ctx, p.client.searchContacts(key, value))
		if model.KindOf(err) == model.NotFound {
			return model.LookupPage{}, nil
		}
		if err != nil {
			return model.LookupPage{}, err
		}
		pg, err := readFound(answer)
		if err != nil {
			return model.LookupPage{}, named(err, "search contacts")
		}
		var out model.LookupPage
		for _, raw := range pg.Rows {
			if c, ok := convertContact(raw); ok && len(out.Items) < req.Limit {
				c.Identifier = pair(key, value)
				out.Items = append(out.Items, c)
			}
		}
		return out, nil
	}
	return p.scanContacts(ctx, req)
}

// identifierIn reads a text that names a contact by an identifier.
func identifierIn(text string) (key, value string, ok bool) {
	if k, v, found := strings.Cut(text, "="); found && v != "" && keyShape.MatchString(k) {
		return k, v, true
	}
	if name, host, found := strings.Cut(text, "@"); found && name != "" && strings.Contains(host, ".") && !strings.ContainsAny(text, " \t") {
		return keyEmail, text, true
	}
	if phoneShape.MatchString(text) {
		digits := strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return r
			}
			return -1
		}, text)
		return keyPhone, "+" + digits, true
	}
	return "", "", false
}

// scanContacts pages through the contacts and keeps those whose name or identifier holds the text. The cursor is the
// service's token with how many finds of that page have been given already.
func (p *Provider) scanContacts(ctx context.Context, req model.LookupRequest) (model.LookupPage, error) {
	want := model.FoldText(req.Text)
	token, skip := readLookupCursor(req.Cursor)
	var out model.LookupPage
	w := p.list(searchPages, func(at string) providers.Call {
		token = at
		return p.client.listContacts(pageLimit, at)
	})
	_, err := w.Run(ctx, token, func(page providers.Page[json.RawMessage]) (bool, error) {
		finds := 0
		for _, raw := range page.Rows {
			c, ok := convertContact(raw)
			if !ok || want != "" && !strings.Contains(model.FoldText(c.Name+" "+c.Email+" "+c.Identifier), want) {
				continue
			}
			if finds++; finds <= skip {
				continue
			}
			if len(out.Items) == req.Limit {
				out.Cursor = lookupCursor(token, finds-1)
				return false, nil
			}
			out.Items = append(out.Items, c)
		}
		skip, out.Cursor = 0, ""
		if page.Next != "" {
			out.Cursor = lookupCursor(page.Next, 0)
		}
		return len(out.Items) < req.Limit, nil
	})
	if err != nil {
		return model.LookupPage{}, err
	}
	return out, nil
}

// lookupAgents gives one page of the agents. That the id of an agent is the id of the user is [assumed]: a participant
// of type user is "usually an agent at the desk", and a wrong id is refused when it is added. An access key that may
// not list agents is common; then nobody is found.
func (p *Provider) lookupAgents(ctx context.Context, req model.LookupRequest) (model.LookupPage, error) {
	if strings.ContainsFunc(req.Text, unicode.IsControl) {
		return model.LookupPage{}, nil
	}
	answer, err := p.client.do(ctx, p.client.listAgents(min(req.Limit, pageLimit), req.Cursor, req.Text))
	switch model.KindOf(err) {
	case "":
	case model.Unauthorized, model.Forbidden, model.NotFound, model.Unsupported:
		p.account.Logf("agents cannot be listed, so no users are found: %s", err)
		return model.LookupPage{}, nil
	default:
		return model.LookupPage{}, err
	}
	pg, err := readPage(answer)
	if err != nil {
		return model.LookupPage{}, named(err, "list agents")
	}
	out := model.LookupPage{Cursor: pg.Next}
	want := model.FoldText(req.Text)
	for _, raw := range pg.Rows {
		if u, ok := convertAgent(raw); ok && len(out.Items) < req.Limit && strings.Contains(model.FoldText(u.Name+" "+u.Email), want) {
			out.Items = append(out.Items, u)
		}
	}
	if pg.Next == req.Cursor {
		out.Cursor = "" // a token that leads to itself
	}
	return out, nil
}

// lookupAgent finds the agent with an id. The list has no filter by id, so its pages are read, a bounded number of them.
func (p *Provider) lookupAgent(ctx context.Context, id string) (model.LookupPage, error) {
	req := model.LookupRequest{Kind: model.LookupUsers, Limit: pageLimit}
	for range searchPages {
		page, err := p.lookupAgents(ctx, req)
		if err != nil {
			return page, err
		}
		for _, u := range page.Items {
			if strings.EqualFold(u.ID, id) {
				return model.LookupPage{Items: []model.Participant{u}}, nil
			}
		}
		if req.Cursor = page.Cursor; req.Cursor == "" {
			break
		}
	}
	return model.LookupPage{}, nil
}

func lookupCursor(token string, skip int) string { return strconv.Itoa(skip) + ":" + token }

func readLookupCursor(cursor string) (token string, skip int) {
	n, token, ok := strings.Cut(cursor, ":")
	if !ok {
		return "", 0
	}
	skip, _ = strconv.Atoi(n)
	return token, skip
}

func (p *Provider) lookupChannels(ctx context.Context, req model.LookupRequest) (model.LookupPage, error) {
	known, err := p.channels.Get(ctx)
	if err = cmp.Or(err, known.refused); err != nil {
		return model.LookupPage{}, err
	}
	want := model.FoldText(req.Text)
	var all []model.Participant
	for _, c := range known.list {
		if want == "" || strings.EqualFold(c.id, req.Text) || strings.Contains(model.FoldText(c.name+" "+c.platform), want) {
			all = append(all, model.Participant{Kind: string(model.LookupChannels), ID: c.id, Name: c.name, Status: c.platform})
		}
	}
	return providers.CutPage(all, req), nil
}
