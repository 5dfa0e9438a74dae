package askelephant

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"

	"confab/model"
	"confab/providers"
)

// The calls that are used, all below the base URL.
var (
	endpointList      = providers.Get("list engagements", "/v2/engagements")
	endpointGet       = providers.Get("read engagement", "/v2/engagements/{id}")
	endpointMedia     = providers.Get("get recording", "/v2/engagements/{id}")
	endpointContacts  = providers.Get("list contacts", "/v2/contacts")
	endpointContact   = providers.Get("read contact", "/v2/contacts/{id}")
	endpointUsers     = providers.Get("list users", "/v2/users")
	endpointCompanies = providers.Get("list companies", "/v2/companies")
	endpointTags      = providers.Get("list tags", "/v2/tags")
)

// Name, method and path of the call that replaces contacts. The latter two are
// assumed, see doc.go, and so can be set.
const (
	replaceName          = "replace contacts"
	defaultReplaceMethod = http.MethodPut
	defaultReplacePath   = "/v2/engagements/{engagement_id}/contacts"
)

const readsEngagements = "engagements:read (and engagements:private:read for a private engagement)"

// scopes names what each call needs, for a 403.
var scopes = map[string]string{
	endpointList.Name:      "engagements:read",
	endpointGet.Name:       readsEngagements,
	endpointMedia.Name:     readsEngagements,
	endpointContacts.Name:  "contacts:read",
	endpointContact.Name:   "contacts:read",
	endpointUsers.Name:     "users:read (assumed)",
	endpointCompanies.Name: "companies:read (assumed)",
	endpointTags.Name:      "tags:read",
	replaceName:            "engagements:write",
}

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

var listExpansions = []string{expandContacts, expandCompanies, expandOwner, expandTags}

// expansionScopes is the scope that an expansion needs beyond engagements:read.
var expansionScopes = map[string]string{
	expandContacts:  "contacts:read",
	expandCompanies: "companies:read",
	expandOwner:     "users:read",
	expandTags:      "tags:read", // of the tag list; none is named for the expansion
}

type client struct {
	*providers.Client
	log func(format string, args ...any)

	mu      sync.Mutex
	dropped map[string]bool // expansions that the credential may not have
	version string          // X-Api-Version as first seen
	changed string          // another one seen later
}

func newClient(a providers.Account, scheme string) (c *client, err error) {
	c = &client{log: a.Logf, dropped: map[string]bool{}}
	credential := &providers.Credential{RawPrefix: keyPrefix}
	switch scheme {
	case schemeRaw:
		credential = &providers.Credential{Schemes: []string{providers.Raw}}
	case schemeBearer:
		credential = &providers.Credential{}
	}
	options := providers.ClientOptions{Credential: credential, DecodeError: readProblem, InFlight: inFlight, Around: c.around}
	c.Client, err = providers.NewClient(a, options)
	return c, err
}

const keyPrefix = "sk-apik_"

// around names the scope on a 403 and looks at the API version.
func (c *client) around(_ context.Context, call providers.Call, send func() (*providers.Answer, error)) (*providers.Answer, error) {
	a, err := send()
	if e := model.AsError(err); e != nil {
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
	defer c.mu.Unlock()
	switch {
	case c.version == "":
		c.version = version
		c.log("the service names an X-Api-Version")
	case version != c.version && version != c.changed:
		c.changed = version
		c.log("X-Api-Version has changed")
	}
}

func (c *client) versions() (first, changed string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.version, c.changed
}

func (c *client) drop(expansions []string) {
	c.log("left out from now on: %s", strings.Join(expansions, ", "))
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
		use := slices.DeleteFunc(slices.Clone(wanted), c.lacks)
		a, err := c.Do(ctx, withExpansions(call, use))
		e := model.AsError(err)
		if e == nil || e.Kind != model.Forbidden {
			return a, err
		}
		said := words(e)
		named, scoped, free := []string(nil), []string(nil), []string(nil)
		for _, x := range use {
			scope := expansionScopes[x]
			switch {
			case scope == "":
				free = append(free, x)
			case strings.Contains(said, scope):
				named = append(named, x)
			default:
				scoped = append(scoped, x)
			}
		}
		if len(named) > 0 {
			c.drop(named)
			continue
		}
		if len(scoped) == 0 || strings.Contains(e.Message, "engagements:") {
			return nil, err
		}
		bare, again := c.Do(ctx, withExpansions(call, free))
		if again != nil {
			return nil, err
		}
		return c.add(ctx, call, bare, free, scoped)
	}
}

// add finds out which expansions of a read are refused. bare is the answer
// with kept alone.
func (c *client) add(ctx context.Context, call providers.Call, bare *providers.Answer, kept, more []string) (*providers.Answer, error) {
	var refused []string
	for _, x := range more {
		with := append(slices.Clone(kept), x)
		a, err := c.Do(ctx, withExpansions(call, with))
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
		c.drop(refused)
	}
	return bare, nil
}

func withExpansions(call providers.Call, use []string) providers.Call {
	q := maps.Clone(call.Query)
	if len(use) > 0 {
		if q == nil {
			q = url.Values{}
		}
		q.Set("expand", strings.Join(use, ","))
	}
	call.Query = q
	return call
}

func words(e *model.Error) string {
	text := e.Message + " " + e.Code
	for _, f := range e.Fields {
		text += " " + f.Field + " " + f.Code + " " + f.Message
	}
	return text
}

func (c *client) list(ctx context.Context, query url.Values) (providers.RawPage, error) {
	return readPage(c.expanded(ctx, providers.Call{Endpoint: endpointList, Query: query}, listExpansions))
}

func (c *client) plain(ctx context.Context, e providers.Endpoint, query url.Values) (providers.RawPage, error) {
	return readPage(c.Do(ctx, providers.Call{Endpoint: e, Query: query}))
}

// readPage reads {"data":[…],"has_more":…,"next_cursor":…}, with a null list
// as an empty one.
func readPage(a *providers.Answer, err error) (page providers.RawPage, _ error) {
	if err != nil {
		return page, err
	}
	rows, top, err := a.Rows("data")
	if err != nil {
		return page, err
	}
	page.Rows = rows
	if more, _ := top.Bool("has_more"); more {
		if page.Next = top.Text("next_cursor"); page.Next == "" {
			return page, a.Malformed("the service says there is more and not where")
		}
	}
	return page, nil
}

// readProblem reads application/problem+json; nil for anything else, which is
// then read like an error of unknown shape.
func readProblem(_ int, _ http.Header, body []byte) *model.Error {
	o, ok := providers.ParseObject(body)
	if !ok || !o.Has("title") && !o.Has("detail") && !o.Has("errors") {
		return nil
	}
	e := &model.Error{RequestID: o.Text("request_id"), Message: providers.Titled(o.Text("title"), o.Text("detail"))}
	if u, err := url.Parse(o.Text("type")); err == nil && u.Path != "" && u.Path != "about:blank" {
		e.Code = path.Base(u.Path)
	}
	list, _ := o.List("errors")
	for _, f := range list {
		e.Fields = append(e.Fields, model.FieldError{Field: f.Text("field"), Code: f.Text("code"), Message: f.Text("message")})
	}
	return e
}
