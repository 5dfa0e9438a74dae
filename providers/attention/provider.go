package attention

import (
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
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
	// webPages is the prefix of the page of a call in the web application. It
	// is not documented; others' code and notes agree on it.
	ownHost  = "api.attention.tech"
	webPages = "https://app.attention.tech/conversations/all-calls/"

	// maxOdd is how many conversations with odd labels are remembered at least.
	maxOdd = 5_000

	// The setting of how the key is sent, and its values.
	settingScheme = "auth_scheme"
	schemeBearer  = "bearer"
	schemeRaw     = "raw"
)

//go:embed service.json
var about []byte

// calls are the endpoints used. Media is a POST that changes nothing: it signs a link to the recording.
var calls struct {
	ListFast, List, Get, Privacy, Title, Labels, Archive, Users, Teams, TeamsAlso, LabelList, Media providers.Endpoint
}

var service = providers.Service(about, &calls, nil)

// Factory returns the adapter for the registry.
func Factory() providers.Factory { return providers.Opening(service, open) }

type provider struct {
	*providers.Adapter

	// slowList is set once the fast list path is known not to be there, fastList once it is known to be.
	slowList, fastList atomic.Bool
	directory          *providers.Kept[directory]
	// odd holds the labels of conversations that have other values than texts, as last read.
	odd *providers.Recent[map[string]json.RawMessage]
}

func open(a providers.Account) (model.Provider, error) {
	schemes := []string{providers.Bearer, providers.Raw} // the vendor shows both
	if service.Value(a, settingScheme) == schemeRaw {
		slices.Reverse(schemes)
	}
	ad, err := providers.Open(service, a, providers.ClientOptions{Credential: &providers.Credential{Schemes: schemes}})
	if err != nil {
		return nil, err
	}
	p := &provider{Adapter: ad, odd: providers.NewRecent[map[string]json.RawMessage](maxOdd)}
	p.directory = providers.NewKept(calls.Users.Name, directoryAge, p.readDirectory)
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

// named is what conversions need. Names are a convenience: a failure to read them only leaves them out.
func (p *provider) named(ctx context.Context) directory {
	d, err := p.directory.Names(ctx)
	if err != nil {
		p.Account.Logf("names: %v", err)
	}
	return d
}

// Load implements model.Provider.
func (p *provider) Load(ctx context.Context, id string, need model.Need) (model.Detail, error) {
	call := calls.Get.Of(id, nil)
	call.Query = url.Values{detailed: {strconv.FormatBool(need.Has(model.NeedMessages))}, includeInternal: {"true"}}
	names := p.directory.Known()
	if need.Has(model.NeedEverything) {
		names = p.named(ctx)
		call.Query.Set("filter[include_zoom_metadata]", "true")
		call.Query.Set("filter[include_import_metadata]", "true")
	}
	a, err := p.Client.Do(ctx, call)
	if err != nil {
		return model.Detail{}, err
	}
	raw, _ := a.JSON()
	c, err := p.convert(raw, names)
	if err == nil && c.Ref.ID != id {
		err = providers.Malformed(calls.Get.Name, "the service answered with another conversation")
	}
	if err != nil {
		return model.Detail{}, err
	}
	p.remember(id, c.labels)
	d := model.Detail{Conversation: c.Conversation, Raw: c.raw}
	if need.Has(model.NeedMessages) {
		d.Messages = model.SetOf(readTranscript(c.transcript)...)
	}
	return d, nil
}

// Check implements model.Provider.
func (p *provider) Check(ctx context.Context) []model.CheckResult {
	page, err := p.list(ctx, 1, nil)
	if err != nil {
		return []model.CheckResult{model.FailedCheck(model.CheckList, err)}
	}
	detail := providers.Seen(len(page.rows), len(page.rows) == pageSize)
	if page.total > 0 {
		detail = fmt.Sprintf("%d in all", page.total)
	}
	if p.slowList.Load() {
		detail += "; the fast list is not available here"
	}
	sentAs := schemeBearer
	if p.Client.Scheme() == providers.Raw {
		sentAs = schemeRaw
	}
	_, err = p.plain(ctx, calls.Users, nil, userOf)
	users := providers.Check("users", "owners can be named", err)
	if err != nil {
		users.Detail = "owners stay without names: " + users.Detail
	}
	return []model.CheckResult{
		providers.Check(model.CheckList, detail, nil),
		providers.Check("credential", "accepted, sent as "+sentAs, nil),
		users,
	}
}

func (p *provider) recording(ctx context.Context, id string) (string, error) {
	a, err := p.Client.Do(ctx, calls.Media.Of(id, nil))
	if e := model.AsError(err); e != nil {
		switch e.Status {
		case http.StatusForbidden:
			e.Hint = "recordings may need an organisation-level API key"
		case http.StatusNotFound:
			e.Hint = "there is no recording for you here"
		}
		return "", e
	}
	o, _ := providers.ParseObject(a.Body)
	return providers.MediaLink(calls.Media.Name, cmp.Or(o.Object("data"), o).Text("url"))
}
