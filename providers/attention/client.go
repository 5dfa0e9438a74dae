package attention

import (
	"context"
	"encoding/json"
	"maps"
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
	endpointListFast  = providers.Get("list conversations", "/conversations/list")
	endpointList      = providers.Get("list conversations", "/conversations")
	endpointGet       = providers.Get("read conversation", "/conversations/{id}")
	endpointPrivacy   = providers.Writing("change privacy", http.MethodPut, "/conversations/{id}/change_privacy")
	endpointTitle     = providers.Writing("change title", http.MethodPut, "/conversations/{id}/title")
	endpointLabels    = providers.Writing("change labels", http.MethodPut, "/conversations/{id}/labels")
	endpointArchive   = providers.Writing("archive conversation", http.MethodDelete, "/conversations/{id}")
	endpointUsers     = directoryOf("list users", "/users")
	endpointTeams     = directoryOf("list teams", "/organizations/teams")
	endpointTeamsAlso = directoryOf("list teams", "/teams")
	endpointLabelList = directoryOf("list labels", "/labels")
	// A POST that changes nothing: it signs a link to the recording.
	endpointMedia = providers.Endpoint{Name: "get recording", Method: http.MethodPost, Path: "/conversations/{id}/media/download"}
)

func directoryOf(name, path string) providers.Endpoint {
	return providers.Endpoint{Name: name, Method: http.MethodGet, Path: path, Timeout: 30 * time.Second}
}

type client struct {
	*providers.Client
	// slowList is set once the fast list path is known not to be there,
	// fastList once it is known to be.
	slowList, fastList atomic.Bool
}

// includeInternal asks for colleagues among the participants; whether they
// come without it is not documented, and lists and reads shall agree.
const includeInternal = "filter[include_internal_participants]"

// detailed asks for the transcript.
const detailed = "detailedTranscript"

// list reads one page of the list.
func (c *client) list(ctx context.Context, page int, filter url.Values) (listPage, error) {
	q := url.Values{"page": {strconv.Itoa(page)}, "size": {strconv.Itoa(pageSize)}, detailed: {"false"}, includeInternal: {"true"}}
	maps.Copy(q, filter)
	var missing error
	if !c.slowList.Load() {
		a, err := c.Do(ctx, providers.Call{Endpoint: endpointListFast, Query: q})
		if err == nil {
			c.fastList.Store(true)
			return readPage(a)
		}
		if c.fastList.Load() || !noSuchList(err) {
			return listPage{}, err
		}
		missing = err
	}
	a, err := c.Do(ctx, providers.Call{Endpoint: endpointList, Query: q})
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

const maxDirectoryPages = 100

// plain walks a list of plain objects, each given once. Whether these lists have
// pages is not documented: further ones are asked for only where the answer counts
// them, and the walk ends where a page brings nothing new.
func (c *client) plain(ctx context.Context, e providers.Endpoint, filter url.Values) ([]entry, error) {
	var out []entry
	seen := map[string]bool{}
	for page := 1; page <= maxDirectoryPages; page++ {
		q := maps.Clone(filter)
		if page > 1 {
			q = url.Values{"page": {strconv.Itoa(page)}}
			maps.Copy(q, filter)
		}
		a, err := c.Do(ctx, providers.Call{Endpoint: e, Query: q})
		if err != nil {
			return nil, err
		}
		p, err := readPage(a)
		if err != nil {
			return nil, err
		}
		had := len(out)
		for _, raw := range p.rows {
			if e, ok := readEntry(raw); ok && !seen[e.id] {
				seen[e.id] = true
				out = append(out, e)
			}
		}
		if len(out) == had || p.pageCount <= page && (p.total <= len(out) || p.pageCount > 0) {
			break
		}
	}
	return out, nil
}

type titleBody struct {
	Title string `json:"title"`
}

type labelsBody struct {
	Labels       map[string]any `json:"labels"`
	SkipAnalysis bool           `json:"skip_analysis"`
}

// listPage is one page of any list; counts that are absent are 0.
type listPage struct {
	rows             []json.RawMessage
	pageCount, total int
}

// readPage reads {"data":[…],"meta":{…}}, {"data":null} and a bare array.
func readPage(a *providers.Answer) (listPage, error) {
	if rows, ok := providers.Elements(a.Body); ok {
		_, err := a.JSON()
		return listPage{rows: rows}, err
	}
	rows, top, err := a.Rows("data")
	meta := top.Object("meta")
	return listPage{rows: rows, pageCount: count(meta, "pageCount"), total: count(meta, "totalRecords")}, err
}

func count(meta *providers.Object, name string) int {
	n, ok := meta.Number(name)
	if !ok || n < 0 || n > 1e9 {
		return 0
	}
	return int(n)
}

// entry is one user, team or label: a plain object, or a JSON:API resource.
type entry struct {
	id     string
	fields *providers.Object
}

func readEntry(raw json.RawMessage) (entry, bool) {
	o, ok := providers.ObjectOf(raw)
	e := entry{fields: o}
	if inner := o.Object("attributes"); inner != nil {
		e.fields = inner
	}
	if e.id = e.fields.FirstText("uuid", "id"); e.id == "" {
		e.id = o.Text("id")
	}
	return e, ok
}
