package attention

import (
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"confab/model"
	"confab/providers"
)

const (
	ownHost = "api.attention.tech"
	// webPages is the address of a call in the web application, without the id. It is not documented, but code and notes of
	// others agree on it.
	webPages = "https://app.attention.tech/conversations/all-calls/"

	// maxRawLabels is the number of conversations whose labels are kept at least.
	maxRawLabels = 5_000
)

//go:embed service.json
var about []byte

// calls holds the endpoints. Media is a POST, but changes nothing: it signs a link to the recording.
var calls struct {
	ListFast, List, Get, Privacy, Title, Labels, Archive, Users, Teams, TeamsAlso, LabelList, Media providers.Endpoint
}

var service = providers.Service(about, &calls, nil)

func Factory() providers.Factory { return providers.Opening(service, open) }

type provider struct {
	*providers.Adapter

	// slowList is set once the fast list is known not to exist, fastList once it is known to exist.
	slowList, fastList atomic.Bool
	directory          *providers.Cached[directory]
	// rawLabels holds labels as they were last read; their values may be other than texts.
	rawLabels *providers.Recent[map[string]json.RawMessage]
}

func open(a providers.Account) (model.Provider, error) {
	schemes := []string{providers.Bearer, providers.Raw} // the vendor shows both
	if service.Value(a, "auth_scheme") == "raw" {
		slices.Reverse(schemes)
	}
	ad, err := providers.Open(service, a, providers.ClientOptions{Credential: &providers.Credential{Schemes: schemes}})
	if err != nil {
		return nil, err
	}
	p := &provider{Adapter: ad, rawLabels: providers.NewRecent[map[string]json.RawMessage](maxRawLabels)}
	p.directory = providers.NewCached(calls.Users.Name, directoryAge, p.readDirectory)
	p.Plan, p.Recording = p.plan, p.recording
	p.Limits = func(c model.Conversation, no func(model.EditKind, string)) {
		if c.Archived {
			no(model.EditArchive, "it is archived already, and Attention's API can't unarchive")
		}
	}
	if at, _ := url.Parse(ad.Account.BaseURL); strings.EqualFold(at.Host, ownHost) {
		p.Web = webPages
	}
	return p, nil
}

// names returns the directory. If it can't be read, conversations are shown without names.
func (p *provider) names(ctx context.Context) directory {
	d, err := p.directory.Optional(ctx)
	if err != nil {
		p.Account.Logf("names: %v", err)
	}
	return d
}

func (p *provider) Load(ctx context.Context, id string, need model.Need) (model.Detail, error) {
	call := calls.Get.Of(id, nil)
	call.Query = url.Values{detailed: {strconv.FormatBool(need.Has(model.NeedMessages))}, includeInternal: {"true"}}
	names := p.directory.Known()
	if need.Has(model.NeedEverything) {
		names = p.names(ctx)
		call.Query.Set("filter[include_zoom_metadata]", "true")
		call.Query.Set("filter[include_import_metadata]", "true")
	}
	a, err := p.Client.Do(ctx, call)
	if err != nil {
		return model.Detail{}, err
	}
	c, err := p.convert(a.Body, names)
	if err == nil && c.Ref.ID != id {
		err = providers.Malformed(calls.Get.Name, "the service answered with another conversation")
	}
	if err != nil {
		return model.Detail{}, err
	}
	p.rawLabels.Put(id, c.rawLabels)
	d := model.Detail{Conversation: c.Conversation, Raw: c.raw}
	if need.Has(model.NeedMessages) {
		d.Messages = model.SetOf(readTranscript(c.transcript)...)
	}
	return d, nil
}

func (p *provider) Check(ctx context.Context) []model.CheckResult {
	page, err := p.list(ctx, 1, nil)
	if err != nil {
		return []model.CheckResult{model.FailedCheck(model.CheckList, err)}
	}
	detail := providers.HeadSummary(cmp.Or(page.total, len(page.rows)), page.total == 0 && len(page.rows) == pageSize)
	if p.slowList.Load() {
		detail += "; the fast list is not available here"
	}
	_, err = p.readAll(ctx, calls.Users, nil, userOf)
	users := providers.Check("users", "owners can be named", err)
	if err != nil {
		users.Detail = "owners stay without names: " + users.Detail
	}
	return []model.CheckResult{
		providers.Check(model.CheckList, detail, nil),
		providers.Check("credential", "accepted, sent as "+cmp.Or(strings.ToLower(p.Client.Scheme()), "raw"), nil),
		users,
	}
}

func (p *provider) recording(ctx context.Context, id string) (string, error) {
	a, err := p.Client.Do(ctx, calls.Media.Of(id, nil))
	if err != nil {
		return "", err
	}
	o, _ := providers.ObjectOf(a.Body)
	return providers.MediaLink(calls.Media.Name, o.Text("url"))
}

// pageSize is the largest size that /conversations/list accepts.
const pageSize = 50

// includeInternal asks for colleagues among the participants. Whether they are included by default is not documented, and lists
// and single reads must agree.
const includeInternal = "filter[include_internal_participants]"

const detailed = "detailedTranscript"

// list reads a page of conversations. It uses the fast list, and the slow one once the fast one is known not to exist.
func (p *provider) list(ctx context.Context, page int, filter url.Values) (listPage, error) {
	q := url.Values{"page": {strconv.Itoa(page)}, "size": {strconv.Itoa(pageSize)}, detailed: {"false"}, includeInternal: {"true"}}
	maps.Copy(q, filter)
	fast, slow := providers.Call{Endpoint: calls.ListFast, Query: q}, providers.Call{Endpoint: calls.List, Query: q}
	if p.slowList.Load() {
		return readPage(p.Client.Do(ctx, slow))
	}
	a, err := p.Client.Do(ctx, fast)
	switch {
	case err == nil:
		p.fastList.Store(true)
	case !p.fastList.Load() && noSuchList(err):
		// If there is no slow list either, the first error says more.
		if b, second := p.Client.Do(ctx, slow); second == nil || !noSuchList(second) {
			p.slowList.Store(second == nil)
			a, err = b, second
		}
	}
	return readPage(a, err)
}

// noSuchList reports whether an error of the fast list may mean that there is none. A service without it takes the last segment
// of the path for an id, which is then unknown or invalid.
func noSuchList(err error) bool {
	switch model.AsError(err).Status {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusBadRequest, http.StatusUnprocessableEntity:
		return true
	}
	return false
}

const maxDirectoryPages = 100

// readAll reads a list of plain objects or JSON:API resources, each of them once. Whether these lists have pages is not
// documented: it asks for further pages only if the answer counts them, and stops at a page that brings nothing new.
func (p *provider) readAll(ctx context.Context, e providers.Endpoint, filter url.Values,
	convert func(id string, o *providers.Object) []model.Participant) (out []model.Participant, err error) {
	seen := map[string]bool{}
	q := maps.Clone(filter)
	for page := 1; page <= maxDirectoryPages; page++ {
		list, err := readPage(p.Client.Do(ctx, providers.Call{Endpoint: e, Query: q}))
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
		if n := len(seen); n == had || list.pageCount <= page && list.total <= n {
			break
		}
		q = url.Values{"page": {strconv.Itoa(page + 1)}}
		maps.Copy(q, filter)
	}
	return out, nil
}

// listPage is a page of any list. Counts are 0 if they are absent.
type listPage struct {
	rows             []json.RawMessage
	pageCount, total int
}

// readPage reads {"data":[…],"meta":{…}}, {"data":null} or a bare array.
func readPage(a *providers.Answer, err error) (p listPage, _ error) {
	if err != nil {
		return p, err
	}
	if rows, ok := providers.Elements(a.Body); ok {
		return listPage{rows: rows}, nil
	}
	rows, top, err := a.Rows("data")
	meta := top.Object("meta")
	p.rows = rows
	p.pageCount, _ = meta.Count("pageCount")
	p.total, _ = meta.Count("totalRecords")
	return p, err
}
