package attention

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"strconv"

	"confab/model"
	"confab/providers"
)

// pageSize is the most that /conversations/list takes.
const pageSize = 50

// includeInternal asks for colleagues among the participants; whether they
// come without it is not documented, and lists and reads shall agree.
const includeInternal = "filter[include_internal_participants]"

// detailed asks for the transcript.
const detailed = "detailedTranscript"

// list reads one page of the list: of the fast one, until that is known not to be there.
func (p *provider) list(ctx context.Context, page int, filter url.Values) (listPage, error) {
	q := url.Values{"page": {strconv.Itoa(page)}, "size": {strconv.Itoa(pageSize)}, detailed: {"false"}, includeInternal: {"true"}}
	maps.Copy(q, filter)
	var missing error
	if !p.slowList.Load() {
		a, err := p.Client.Do(ctx, providers.Call{Endpoint: calls.ListFast, Query: q})
		if err == nil {
			p.fastList.Store(true)
			return readPage(a)
		}
		if p.fastList.Load() || !noSuchList(err) {
			return listPage{}, err
		}
		missing = err
	}
	a, err := p.Client.Do(ctx, providers.Call{Endpoint: calls.List, Query: q})
	if err != nil {
		if noSuchList(err) && missing != nil {
			err = missing
		}
		return listPage{}, err
	}
	p.slowList.Store(true)
	return readPage(a)
}

// noSuchList reports whether an answer to the fast list may mean that there is none: its last segment is then taken for
// an id, which is not found, or is no good as one.
func noSuchList(err error) bool {
	switch model.AsError(err).Status {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusBadRequest, http.StatusUnprocessableEntity:
		return true
	}
	return false
}

const maxDirectoryPages = 100

// plain walks a list of plain objects or JSON:API resources, each given once. Whether these lists have pages is not
// documented: further ones are asked for only where the answer counts them, and the walk ends where a page brings nothing new.
func (p *provider) plain(ctx context.Context, e providers.Endpoint, filter url.Values,
	convert func(id string, o *providers.Object) []model.Participant) (out []model.Participant, err error) {
	seen := map[string]bool{}
	q := maps.Clone(filter)
	for page := 1; page <= maxDirectoryPages; page++ {
		a, err := p.Client.Do(ctx, providers.Call{Endpoint: e, Query: q})
		if err != nil {
			return nil, err
		}
		list, err := readPage(a)
		if err != nil {
			return nil, err
		}
		had := len(seen)
		for _, raw := range list.rows {
			o, ok := providers.ObjectOf(raw)
			fields := cmp.Or(o.Object("attributes"), o)
			id := cmp.Or(fields.FirstText("uuid", "id"), o.Text("id"))
			if ok && !seen[id] {
				seen[id] = true
				out = append(out, convert(id, fields)...)
			}
		}
		if n := len(seen); n == had || list.pageCount <= page && (list.total <= n || list.pageCount > 0) {
			break
		}
		q = url.Values{"page": {strconv.Itoa(page + 1)}}
		maps.Copy(q, filter)
	}
	return out, nil
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
	p, meta := listPage{rows: rows}, top.Object("meta")
	p.pageCount, _ = meta.Count("pageCount")
	p.total, _ = meta.Count("totalRecords")
	return p, err
}
