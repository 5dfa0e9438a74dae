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
	"strings"
	"time"

	"confab/model"
	"confab/providers"
)

const (
	defaultBaseURL = "https://api.attention.tech/v2"
	// webPages is the prefix of the page of a call in the web application. It
	// is not documented; others' code and notes agree on it.
	webPages = "https://app.attention.tech/conversations/all-calls/"

	// maxOdd is how many conversations with odd labels are remembered at least.
	maxOdd = 5_000
)

//go:embed audience.txt
var audience string

// Factory returns the adapter for the registry.
func Factory() providers.Factory {
	return providers.Factory{
		Name:           model.Attention,
		Title:          "Attention",
		DefaultBaseURL: defaultBaseURL,
		Key:            "API key, made by an administrator under Settings, Organization, API Keys",
		Settings: []providers.Setting{{
			Name: settingScheme, Values: []string{schemeBearer, schemeRaw}, Default: schemeBearer,
			Help: "how the API key is sent first: with Bearer before it, or bare; the other form is tried once where the first is refused",
		}},
		// Well below what others were seen to send.
		Pace:     providers.Pace{Every: time.Second / 3, Burst: 3, InFlight: 2},
		Table:    table,
		Audience: audience,
		Open:     open,
	}
}

// The setting of how the key is sent, and its values.
const (
	settingScheme = "auth_scheme"
	schemeBearer  = "bearer"
	schemeRaw     = "raw"
)

var table = []providers.CapabilityRow{
	providers.Yes(model.EditPrivacy, "PUT /conversations/{id}/change_privacy?privacy=", "private or public"),
	providers.Yes(model.EditTitle, "PUT /conversations/{id}/title", "the title is replaced"),
	providers.No(model.EditDescription, "a call in Attention has no description"),
	providers.No(model.EditStatus, "Attention's API can't close or reopen a conversation"),
	providers.No(model.EditAccess, "Attention knows private and public alone"),
	providers.No(model.EditParticipants, "the people come from the meeting; Attention's API can't change them"),
	providers.No(model.EditDefaultRole, "Attention has no roles in a conversation"),
	providers.No(model.EditContacts, "Attention has no managed contacts in a conversation"),
	providers.Yes(model.EditLabels, "PUT /conversations/{id}/labels", "the whole map is written, without running the analysis again"),
	providers.No(model.EditAttributes, "Attention has no attributes beside labels"),
	providers.Yes(model.EditArchive, "DELETE /conversations/{id}", "archiving cannot be undone: Attention's API can't unarchive"),
	providers.No(model.EditDelete, "Attention only archives: its API can't delete"),
	providers.No(model.EditCreate, "a call in Attention comes from a recording; confab does not import recordings"),
}

type provider struct {
	providers.Editor

	account   providers.Account
	client    *client
	web       string
	directory *providers.Kept[directory]
	// odd holds the labels of conversations that have other values than
	// texts, as last read.
	odd *providers.Recent[map[string]json.RawMessage]
}

func open(a providers.Account) (model.Provider, error) {
	a.BaseURL = a.Base(defaultBaseURL)
	// The vendor shows the key with Bearer and bare.
	schemes := []string{providers.Bearer, providers.Raw}
	if Factory().Value(a, settingScheme) == schemeRaw {
		slices.Reverse(schemes)
	}
	h, err := providers.NewClient(a, providers.ClientOptions{Credential: &providers.Credential{Schemes: schemes}})
	if err != nil {
		return nil, err
	}
	c := &client{Client: h}
	p := &provider{account: a, client: c, directory: providers.NewKept(endpointUsers.Name, directoryAge, c.readDirectory),
		odd: providers.NewRecent[map[string]json.RawMessage](maxOdd)}
	p.Editor = providers.Editor{Client: h, Table: table, Plan: p.plan, Limits: limits}
	if sameHost(a.BaseURL, defaultBaseURL) {
		p.web = webPages
	}
	return p, nil
}

func sameHost(a, b string) bool {
	u, errA := url.Parse(a)
	v, errB := url.Parse(b)
	return errA == nil && errB == nil && strings.EqualFold(u.Host, v.Host)
}

func (p *provider) Describe() model.Description {
	d := p.account.Describe(Factory(), model.Attention+" "+p.account.BaseURL)
	d.Filters = filterRules()
	return d
}

// limits are what one conversation does not allow.
func limits(c model.Conversation, no func(model.EditKind, string)) {
	if c.Archived {
		no(model.EditArchive, "it is archived already, and Attention's API can't unarchive")
	}
}

// named is what conversions need. Names are a convenience: a failure to read them
// only leaves them out.
func (p *provider) named(ctx context.Context) frame {
	d, err := p.directory.Names(ctx)
	if err != nil {
		p.account.Logf("names: %v", err)
	}
	return p.frame(d)
}

func (p *provider) frame(d directory) frame {
	return frame{account: p.account.Name, web: p.web, directory: d}
}

func (p *provider) Load(ctx context.Context, id string, need model.Need) (model.Detail, error) {
	q := url.Values{detailed: {fmt.Sprint(need.Has(model.NeedMessages))}, includeInternal: {"true"}}
	in := p.frame(p.directory.Known())
	if need.Has(model.NeedEverything) {
		in = p.named(ctx)
		q.Set("filter[include_zoom_metadata]", "true")
		q.Set("filter[include_import_metadata]", "true")
	}
	call := endpointGet.Of(id, nil)
	call.Query = q
	a, err := p.client.Do(ctx, call)
	if err != nil {
		return model.Detail{}, err
	}
	c, err := convert(a.Body, in)
	if err != nil {
		return model.Detail{}, err
	}
	if c.Ref.ID != id {
		return model.Detail{}, providers.Malformed(endpointGet.Name, "the service answered with another conversation")
	}
	p.remember(id, c.labels)
	d := model.Detail{Conversation: c.Conversation, Raw: c.raw}
	if need.Has(model.NeedMessages) {
		d.Messages = model.SetOf(readTranscript(c.transcript)...)
	}
	return d, nil
}

func (p *provider) Check(ctx context.Context) []model.CheckResult {
	page, err := p.client.list(ctx, 1, nil)
	if err != nil {
		return []model.CheckResult{model.FailedCheck(model.CheckList, err)}
	}
	detail := providers.Seen(len(page.rows), len(page.rows) == pageSize)
	if page.total > 0 {
		detail = fmt.Sprintf("%d in all", page.total)
	}
	if p.client.slowList.Load() {
		detail += "; the fast list is not available here"
	}
	sentAs := schemeBearer
	if scheme, _ := p.client.Scheme(); scheme == providers.Raw {
		sentAs = schemeRaw
	}
	_, err = p.client.plain(ctx, endpointUsers, nil)
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

func (p *provider) Link(ctx context.Context, c model.Conversation, kind model.LinkKind) (string, error) {
	if kind == model.LinkWeb {
		if p.web == "" || c.Ref.ID == "" {
			return "", providers.Unsupported("open in browser", "the web page is known for the service's own host alone")
		}
		return p.web + url.PathEscape(c.Ref.ID), nil
	}
	a, err := p.client.Do(ctx, endpointMedia.Of(c.Ref.ID, nil))
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
	return providers.MediaLink(endpointMedia.Name, cmp.Or(o.Object("data"), o).Text("url"))
}
