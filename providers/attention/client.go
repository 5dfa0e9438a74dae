package attention

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"confab/model"
	"confab/providers"
)

// pageSize is the most that /conversations/list takes.
const pageSize = 50

// The calls that are used, all below the base URL.
var (
	endpointListFast  = providers.Endpoint{Name: "list conversations", Method: http.MethodGet, Path: "/conversations/list"}
	endpointList      = providers.Endpoint{Name: "list conversations", Method: http.MethodGet, Path: "/conversations"}
	endpointGet       = providers.Endpoint{Name: "read conversation", Method: http.MethodGet, Path: "/conversations/{id}"}
	endpointPrivacy   = providers.Endpoint{Name: "change privacy", Method: http.MethodPut, Path: "/conversations/{id}/change_privacy", Write: true}
	endpointTitle     = providers.Endpoint{Name: "change title", Method: http.MethodPut, Path: "/conversations/{id}/title", Write: true}
	endpointLabels    = providers.Endpoint{Name: "change labels", Method: http.MethodPut, Path: "/conversations/{id}/labels", Write: true}
	endpointArchive   = providers.Endpoint{Name: "archive conversation", Method: http.MethodDelete, Path: "/conversations/{id}", Write: true}
	endpointUsers     = providers.Endpoint{Name: "list users", Method: http.MethodGet, Path: "/users", Timeout: 30 * time.Second}
	endpointTeams     = providers.Endpoint{Name: "list teams", Method: http.MethodGet, Path: "/organizations/teams", Timeout: 30 * time.Second}
	endpointTeamsAlso = providers.Endpoint{Name: "list teams", Method: http.MethodGet, Path: "/teams", Timeout: 30 * time.Second}
	endpointLabelList = providers.Endpoint{Name: "list labels", Method: http.MethodGet, Path: "/labels", Timeout: 30 * time.Second}
	// A POST that changes nothing: it signs a link to the recording.
	endpointMedia = providers.Endpoint{Name: "get recording", Method: http.MethodPost, Path: "/conversations/{id}/media/download"}
)

// The values of the setting auth_scheme.
const (
	schemeBearer = "bearer"
	schemeRaw    = "raw"
)

type client struct {
	http *providers.Client
	// slowList is set once the fast list path is known not to be there,
	// fastList once it is known to be.
	slowList, fastList atomic.Bool
}

func newClient(a providers.Account, scheme string) (*client, error) {
	h, err := providers.NewClient(a, providers.ClientOptions{Credential: credentialFor(scheme), InFlight: pace.InFlight})
	if err != nil {
		return nil, err
	}
	return &client{http: h}, nil
}

// credentialFor is an API key, with Bearer or bare, whichever the settings prefer;
// the vendor shows both.
func credentialFor(scheme string) *providers.Credential {
	if scheme == schemeRaw {
		return &providers.Credential{Schemes: []string{providers.Raw, providers.Bearer}}
	}
	return &providers.Credential{Schemes: []string{providers.Bearer, providers.Raw}}
}

// scheme names the form of the key that worked, in the words of the settings.
func (c *client) scheme() string {
	switch scheme, ok := c.http.Scheme(); {
	case !ok:
		return ""
	case scheme == providers.Raw:
		return schemeRaw
	}
	return schemeBearer
}

// includeInternal asks for colleagues among the participants; whether they
// come without it is not documented, and lists and reads shall agree.
const includeInternal = "filter[include_internal_participants]"

// list reads one page of the list.
func (c *client) list(ctx context.Context, page int, filter url.Values) (listPage, error) {
	q := url.Values{"page": {strconv.Itoa(page)}, "size": {strconv.Itoa(pageSize)}, "detailedTranscript": {"false"}, includeInternal: {"true"}}
	for name, values := range filter {
		q[name] = values
	}
	var missing error
	if !c.slowList.Load() {
		a, err := c.http.Do(ctx, providers.Call{Endpoint: endpointListFast, Query: q})
		if err == nil {
			c.fastList.Store(true)
			return readPage(a)
		}
		if c.fastList.Load() || !noSuchList(err) {
			return listPage{}, err
		}
		missing = err
	}
	a, err := c.http.Do(ctx, providers.Call{Endpoint: endpointList, Query: q})
	if err != nil {
		if noSuchList(err) && missing != nil {
			err = missing
		}
		return listPage{}, err
	}
	c.slowList.Store(true)
	return readPage(a)
}

// noSuchList reports whether an answer to the fast list may mean that there is
// none: its last segment is then taken for an id, which is not found, or is no
// good as one.
func noSuchList(err error) bool {
	switch model.AsError(err).Status {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusBadRequest, http.StatusUnprocessableEntity:
		return true
	}
	return false
}

func (c *client) get(ctx context.Context, id string, query url.Values) (*providers.Answer, error) {
	return c.http.Do(ctx, providers.Call{Endpoint: endpointGet, Params: params(id), Query: query})
}

func callPrivacy(id string, p model.Privacy) providers.Call {
	return providers.Call{Endpoint: endpointPrivacy, Params: params(id), Query: url.Values{"privacy": {string(p)}}}
}

func callTitle(id, title string) providers.Call {
	return providers.Call{Endpoint: endpointTitle, Params: params(id), Body: titleBody{Title: title}}
}

// callLabels replaces the whole map, without running the analysis again.
func callLabels(id string, labels map[string]any) providers.Call {
	return providers.Call{Endpoint: endpointLabels, Params: params(id), Body: labelsBody{Labels: labels, SkipAnalysis: true}}
}

func callArchive(id string) providers.Call {
	return providers.Call{Endpoint: endpointArchive, Params: params(id)}
}

func (c *client) media(ctx context.Context, id string) (string, error) {
	a, err := c.http.Do(ctx, providers.Call{Endpoint: endpointMedia, Params: params(id)})
	if err != nil {
		return "", err
	}
	return readMedia(a)
}

func (c *client) users(ctx context.Context, filter url.Values) ([]entry, error) {
	return c.plain(ctx, endpointUsers, filter)
}

func (c *client) teams(ctx context.Context) ([]entry, error) {
	list, err := c.plain(ctx, endpointTeams, nil)
	if e := model.AsError(err); e != nil && (e.Status == http.StatusNotFound || e.Status == http.StatusMethodNotAllowed) {
		return c.plain(ctx, endpointTeamsAlso, nil)
	}
	return list, err
}

func (c *client) labels(ctx context.Context) ([]entry, error) {
	return c.plain(ctx, endpointLabelList, nil)
}

// maxDirectoryPages bounds the walk of users, teams and labels.
const maxDirectoryPages = 100

// plain walks a list of plain objects. Whether these lists have pages is not
// documented: further ones are asked for only where the answer counts them,
// and the walk ends where a page brings nothing new.
func (c *client) plain(ctx context.Context, e providers.Endpoint, filter url.Values) ([]entry, error) {
	var out []entry
	seen := map[string]bool{}
	for page := 1; page <= maxDirectoryPages; page++ {
		q := url.Values{}
		for name, values := range filter {
			q[name] = values
		}
		if page > 1 {
			q.Set("page", strconv.Itoa(page))
		}
		a, err := c.http.Do(ctx, providers.Call{Endpoint: e, Query: q})
		if err != nil {
			return nil, err
		}
		p, err := readPage(a)
		if err != nil {
			return nil, err
		}
		fresh := 0
		for _, raw := range p.rows {
			o, ok := providers.ParseObject(raw)
			if !ok {
				continue
			}
			if e := readEntry(o); !seen[e.id] {
				seen[e.id] = true
				out = append(out, e)
				fresh++
			}
		}
		if fresh == 0 || p.pageCount <= page && (p.total <= len(out) || p.pageCount > 0) {
			break
		}
	}
	return out, nil
}

func params(id string) map[string]string { return map[string]string{"id": id} }
