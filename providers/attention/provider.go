package attention

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"confab/model"
	"confab/providers"
)

const (
	defaultBaseURL = "https://api.attention.tech/v2"
	// webPages is the prefix of the page of a call in the web application. It
	// is not documented; others' code and notes agree on it.
	webPages = "https://app.attention.tech/conversations/all-calls/"

	serviceTitle = "Attention"
)

// pace keeps well below what others were seen to send.
var pace = providers.Pace{Every: time.Second / 3, Burst: 3, InFlight: 2}

// Factory gives the adapter for the registry.
func Factory() providers.Factory {
	return providers.Factory{
		Name:           model.Attention,
		Title:          serviceTitle,
		DefaultBaseURL: defaultBaseURL,
		Settings: []providers.Setting{{
			Name: "auth_scheme", Values: []string{schemeBearer, schemeRaw}, Default: schemeBearer,
			Help: "how the API key is sent first: with Bearer before it, or bare; the other form is tried once where the first is refused",
		}},
		Pace:  pace,
		Table: table(),
		Open:  open,
	}
}

func table() []providers.CapabilityRow {
	no := func(k model.EditKind, reason string) providers.CapabilityRow {
		return providers.CapabilityRow{Kind: k, State: model.CapabilityNo, Reason: reason}
	}
	yes := func(k model.EditKind, call, reason string) providers.CapabilityRow {
		return providers.CapabilityRow{Kind: k, State: model.CapabilityYes, Call: call, Reason: reason}
	}
	return []providers.CapabilityRow{
		yes(model.EditPrivacy, "PUT /conversations/{id}/change_privacy?privacy=", "private or public"),
		yes(model.EditTitle, "PUT /conversations/{id}/title", "the title is replaced"),
		no(model.EditDescription, "a call in Attention has no description"),
		no(model.EditStatus, "Attention has no call that closes or reopens a conversation"),
		no(model.EditAccess, "Attention knows private and public alone"),
		no(model.EditParticipants, "the people come from the meeting; Attention has no call that changes them"),
		no(model.EditDefaultRole, "Attention has no roles in a conversation"),
		no(model.EditContacts, "Attention has no managed contacts in a conversation"),
		yes(model.EditLabels, "PUT /conversations/{id}/labels", "the whole map is written, without running the analysis again"),
		no(model.EditAttributes, "Attention has no attributes beside labels"),
		yes(model.EditArchive, "DELETE /conversations/{id}", "archiving cannot be undone: Attention has no call that unarchives"),
		no(model.EditDelete, "Attention only archives; there is no call that deletes"),
		no(model.EditCreate, "a call in Attention comes from a recording; confab does not import recordings"),
	}
}

func identity(a providers.Account) string {
	return model.Attention + " " + a.Base(defaultBaseURL)
}

type provider struct {
	providers.Editor

	account   providers.Account
	client    *client
	web       string
	directory *providers.Kept[directory]

	mu sync.Mutex
	// odd holds the labels of conversations that have other values than
	// texts, as last read.
	odd map[string]map[string]json.RawMessage
}

// maxOdd bounds how many such conversations are remembered.
const maxOdd = 10_000

func open(a providers.Account) (model.Provider, error) {
	a.BaseURL = a.Base(defaultBaseURL)
	c, err := newClient(a, Factory().Value(a, "auth_scheme"))
	if err != nil {
		return nil, err
	}
	p := &provider{account: a, client: c, directory: providers.NewKept(endpointUsers.Name, directoryAge, c.readDirectory), odd: map[string]map[string]json.RawMessage{}}
	p.Editor = providers.Editor{Client: c.http, Table: table(), Plan: p.plan, Limits: limits}
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

// Describe implements model.Provider.
func (p *provider) Describe() model.Description {
	return model.Description{
		Filters:  filterRules(),
		Provider: model.Attention,
		Name:     serviceTitle,
		Account:  p.account.Name,
		BaseURL:  p.account.BaseURL,
		Identity: identity(p.account),
		ReadOnly: p.account.ReadOnly,
		Audience: map[string]string{
			model.AudienceKey(model.EditPrivacy, string(model.PrivacyPublic)): "everyone in your Attention organisation whose role lets them see calls " +
				"(assumed: Attention does not say who sees a public call)",
			model.AudienceKey(model.EditPrivacy, string(model.PrivacyPrivate)): "its owner and those in the call " +
				"(assumed: Attention does not say who sees a private call)",
		},
	}
}

// limits are what one conversation does not allow.
func limits(c model.Conversation, no func(model.EditKind, string)) {
	if c.Archived {
		no(model.EditArchive, "it is archived already, and Attention has no call that unarchives")
	}
}

// Needs implements model.Provider: a plain read brings everything editable.
func (p *provider) Needs(...model.EditKind) model.Need { return 0 }

// Load implements model.Provider.
func (p *provider) Load(ctx context.Context, id string, need model.Need) (model.Detail, error) {
	q := url.Values{"detailedTranscript": {fmt.Sprint(need.Has(model.NeedMessages))}, includeInternal: {"true"}}
	in := p.known()
	if need.Has(model.NeedEverything) {
		in = p.frame(ctx)
		q.Set("filter[include_zoom_metadata]", "true")
		q.Set("filter[include_import_metadata]", "true")
	}
	a, err := p.client.get(ctx, id, q)
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

// remember keeps labels that texts alone cannot hold.
func (p *provider) remember(id string, labels map[string]json.RawMessage) {
	odd := false
	for _, raw := range labels {
		odd = odd || !bytes.HasPrefix(bytes.TrimSpace(raw), []byte{'"'})
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !odd {
		delete(p.odd, id)
		return
	}
	if len(p.odd) >= maxOdd {
		clear(p.odd)
	}
	p.odd[id] = labels
}

// Lookup implements model.Provider.
func (p *provider) Lookup(ctx context.Context, req model.LookupRequest) (model.LookupPage, error) {
	return p.lookup(ctx, req)
}

// Check implements model.Provider.
func (p *provider) Check(ctx context.Context) []model.CheckResult {
	var out []model.CheckResult
	page, err := p.client.list(ctx, 1, nil)
	if err != nil {
		return append(out, model.FailedCheck("conversations", err))
	}
	detail := fmt.Sprintf("%d on the first page", len(page.rows))
	if page.total > 0 {
		detail = fmt.Sprintf("%d in all", page.total)
	}
	if p.client.slowList.Load() {
		detail += "; the fast list is not available here"
	}
	out = append(out, model.CheckResult{Name: "conversations", OK: true, Detail: detail})
	out = append(out, model.CheckResult{Name: "credential", OK: true, Detail: "accepted, sent as " + p.client.scheme()})
	_, err = p.client.users(ctx, nil)
	if err != nil {
		failed := model.FailedCheck("users", err)
		failed.Detail = "owners stay without names: " + failed.Detail
		out = append(out, failed)
	} else {
		out = append(out, model.CheckResult{Name: "users", OK: true, Detail: "owners can be named"})
	}
	return out
}

// Link implements model.Provider.
func (p *provider) Link(ctx context.Context, c model.Conversation, kind model.LinkKind) (string, error) {
	if kind == model.LinkWeb {
		if p.web == "" || c.Ref.ID == "" {
			return "", providers.Unsupported("open in browser", "the web page is known for the service's own host alone")
		}
		return p.web + url.PathEscape(c.Ref.ID), nil
	}
	link, err := p.client.media(ctx, c.Ref.ID)
	if e := model.AsError(err); e != nil {
		switch e.Status {
		case http.StatusForbidden:
			e.Hint = "recordings may need an organisation-level API key"
		case http.StatusNotFound:
			e.Hint = "there is no recording for you here"
		}
		return "", e
	}
	return link, nil
}
