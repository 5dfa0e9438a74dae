package askelephant

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"confab/model"
	"confab/providers"
)

// The calls that are used, all below the base URL.
var (
	endpointList      = providers.Endpoint{Name: "list engagements", Method: http.MethodGet, Path: "/v2/engagements"}
	endpointGet       = providers.Endpoint{Name: "read engagement", Method: http.MethodGet, Path: "/v2/engagements/{id}"}
	endpointMedia     = providers.Endpoint{Name: "get recording", Method: http.MethodGet, Path: "/v2/engagements/{id}"}
	endpointContacts  = providers.Endpoint{Name: "list contacts", Method: http.MethodGet, Path: "/v2/contacts"}
	endpointContact   = providers.Endpoint{Name: "read contact", Method: http.MethodGet, Path: "/v2/contacts/{id}"}
	endpointUsers     = providers.Endpoint{Name: "list users", Method: http.MethodGet, Path: "/v2/users"}
	endpointCompanies = providers.Endpoint{Name: "list companies", Method: http.MethodGet, Path: "/v2/companies"}
	endpointTags      = providers.Endpoint{Name: "list tags", Method: http.MethodGet, Path: "/v2/tags"}
)

// Method and path are assumed, see doc.go, and so can be set.
const (
	defaultReplaceMethod = http.MethodPut
	defaultReplacePath   = "/v2/engagements/{engagement_id}/contacts"
)

func endpointReplace(method, path string) providers.Endpoint {
	return providers.Endpoint{Name: "replace contacts", Method: method, Path: path, Write: true}
}

// scopes names what each call needs, for a 403.
var scopes = map[string]string{
	endpointList.Name:      "engagements:read",
	endpointGet.Name:       "engagements:read (and engagements:private:read for a private engagement)",
	endpointMedia.Name:     "engagements:read (and engagements:private:read for a private engagement)",
	endpointContacts.Name:  "contacts:read",
	endpointContact.Name:   "contacts:read",
	endpointUsers.Name:     "users:read (assumed)",
	endpointCompanies.Name: "companies:read (assumed)",
	endpointTags.Name:      "tags:read",
	"replace contacts":     "engagements:write",
}

// The expansions, and the scope that each needs beyond engagements:read.
const (
	expandContacts    = "contacts"
	expandCompanies   = "companies"
	expandOwner       = "owner"
	expandTags        = "tags"
	expandTranscript  = "transcript"
	expandMedia       = "media_url"
	expandActionItems = "action_items"
	expandSignals     = "signals"
)

func expansionScope(expansion string) string {
	switch expansion {
	case expandContacts:
		return "contacts:read"
	case expandCompanies:
		return "companies:read"
	case expandOwner:
		return "users:read"
	case expandTags:
		return "tags:read" // of the tag list; none is named for the expansion
	}
	return ""
}

type client struct {
	http    *providers.Client
	account providers.Account
	replace providers.Endpoint

	mu      sync.Mutex
	dropped map[string]bool // expansions that the credential may not have
	version string          // X-Api-Version as first seen
	changed string          // another one seen later
}

func newClient(a providers.Account, scheme string, replace providers.Endpoint) (*client, error) {
	h, err := providers.NewClient(a, providers.ClientOptions{
		Credential:  credentialFor(scheme),
		DecodeError: readProblem,
		InFlight:    pace.InFlight,
	})
	if err != nil {
		return nil, err
	}
	return &client{http: h, account: a, replace: replace, dropped: map[string]bool{}}, nil
}

// keyPrefix begins every API key.
const keyPrefix = "sk-apik_"

// credentialFor is an API key bare, or anything else with Bearer, unless the scheme
// says otherwise.
func credentialFor(scheme string) *providers.Credential {
	switch scheme {
	case schemeRaw:
		return &providers.Credential{Schemes: []string{providers.Raw}}
	case schemeBearer:
		return &providers.Credential{}
	}
	return &providers.Credential{RawPrefix: keyPrefix}
}

// do sends a call, names the scope on a 403 and looks at the API version.
func (c *client) do(ctx context.Context, call providers.Call) (*providers.Answer, error) {
	a, err := c.http.Do(ctx, call)
	if err != nil {
		e := model.AsError(err)
		if e.Kind == model.Forbidden && e.Hint == "" {
			e.Hint = "the credential needs the scope " + scopes[call.Name]
		}
		return nil, e
	}
	c.see(a.Header.Get("X-Api-Version"))
	return a, nil
}

func (c *client) see(version string) {
	if version == "" || len(version) > 100 {
		return
	}
	c.mu.Lock()
	first, other := c.version == "", c.version != "" && c.version != version && c.changed != version
	if first {
		c.version = version
	}
	if other {
		c.changed = version
	}
	c.mu.Unlock()
	switch {
	case first:
		c.account.Logf("the service names an X-Api-Version")
	case other:
		c.account.Logf("X-Api-Version has changed")
	}
}

func (c *client) versions() (first, changed string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.version, c.changed
}

// allowed leaves out the expansions that were refused.
func (c *client) allowed(wanted []string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	for _, e := range wanted {
		if !c.dropped[e] {
			out = append(out, e)
		}
	}
	return out
}

func (c *client) drop(expansions []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range expansions {
		c.dropped[e] = true
	}
}

func (c *client) lacks(expansion string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dropped[expansion]
}

// expanded sends a read with expansions. Those whose scope a 403 names are
// left out from then on. A 403 that names none of them is tried once without
// any that need a scope; if that helps, they are added one by one, and those
// that are refused are left out.
func (c *client) expanded(ctx context.Context, call providers.Call, wanted []string) (*providers.Answer, error) {
	for {
		use := c.allowed(wanted)
		a, err := c.do(ctx, withExpansions(call, use))
		e := model.AsError(err)
		if e == nil || e.Kind != model.Forbidden {
			return a, err
		}
		if named := namedScopes(e, use); len(named) > 0 {
			c.account.Logf("left out from now on: %s", strings.Join(named, ", "))
			c.drop(named)
			continue
		}
		var scoped, rest []string
		for _, x := range use {
			if expansionScope(x) != "" {
				scoped = append(scoped, x)
			} else {
				rest = append(rest, x)
			}
		}
		if len(scoped) == 0 || strings.Contains(e.Message, "engagements:") {
			return nil, err
		}
		bare, again := c.do(ctx, withExpansions(call, rest))
		if again != nil {
			return nil, err
		}
		return c.add(ctx, call, bare, rest, scoped)
	}
}

// add finds out which expansions of a read are refused. bare is the answer
// with kept alone.
func (c *client) add(ctx context.Context, call providers.Call, bare *providers.Answer, kept, more []string) (*providers.Answer, error) {
	var refused []string
	for _, x := range more {
		with := append(slices.Clone(kept), x)
		a, err := c.do(ctx, withExpansions(call, with))
		switch {
		case model.KindOf(err) == model.Forbidden:
			refused = append(refused, x)
		case err != nil:
			return nil, err
		default:
			bare, kept = a, with
		}
	}
	if len(refused) > 0 {
		c.account.Logf("left out from now on: %s", strings.Join(refused, ", "))
		c.drop(refused)
	}
	return bare, nil
}

func withExpansions(call providers.Call, use []string) providers.Call {
	q := url.Values{}
	for name, values := range call.Query {
		q[name] = values
	}
	if len(use) > 0 {
		q.Set("expand", strings.Join(use, ","))
	}
	call.Query = q
	return call
}

// namedScopes lists the expansions in use whose scope a refusal names.
func namedScopes(e *model.Error, use []string) []string {
	text := e.Message + " " + e.Code
	for _, f := range e.Fields {
		text += " " + f.Field + " " + f.Code + " " + f.Message
	}
	var out []string
	for _, x := range use {
		if s := expansionScope(x); s != "" && strings.Contains(text, s) {
			out = append(out, x)
		}
	}
	return out
}

func (c *client) list(ctx context.Context, query url.Values) (listPage, error) {
	a, err := c.expanded(ctx, providers.Call{Endpoint: endpointList, Query: query},
		[]string{expandContacts, expandCompanies, expandOwner, expandTags})
	if err != nil {
		return listPage{}, err
	}
	return readPage(a)
}

func (c *client) get(ctx context.Context, id string, expand []string) (*providers.Answer, error) {
	return c.expanded(ctx, providers.Call{Endpoint: endpointGet, Params: params(id)}, expand)
}

func (c *client) media(ctx context.Context, id string) (string, error) {
	a, err := c.do(ctx, withExpansions(providers.Call{Endpoint: endpointMedia, Params: params(id)}, []string{expandMedia}))
	if err != nil {
		return "", err
	}
	return readMedia(a)
}

// callReplace sets the whole set of managed contacts. contacts is not nil: null
// could be read as "no change".
func (c *client) callReplace(id string, contacts []string) providers.Call {
	return providers.Call{Endpoint: c.replace, Params: params(id), Body: contactsBody{ContactIDs: contacts}}
}

// plain reads one page of contacts, users, companies or tags.
func (c *client) plain(ctx context.Context, e providers.Endpoint, query url.Values) (listPage, error) {
	a, err := c.do(ctx, providers.Call{Endpoint: e, Query: query})
	if err != nil {
		return listPage{}, err
	}
	return readPage(a)
}

func (c *client) contact(ctx context.Context, id string) (*providers.Object, error) {
	a, err := c.do(ctx, providers.Call{Endpoint: endpointContact, Params: params(id)})
	if err != nil {
		return nil, err
	}
	o, ok := providers.ParseObject(a.Body)
	if !ok {
		return nil, providers.Malformed(endpointContact.Name, "the answer is no contact")
	}
	return o, nil
}

func params(id string) map[string]string {
	return map[string]string{"id": id, "engagement_id": id}
}
