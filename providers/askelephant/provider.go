package askelephant

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"confab/model"
	"confab/providers"
)

const (
	defaultBaseURL = "https://app.askelephant.ai/api"

	settingScheme        = "auth_scheme"
	settingWorkspace     = "workspace_id"
	settingReplaceMethod = "replace_contacts_method"
	settingReplacePath   = "replace_contacts_path"

	schemeAuto   = "auto"
	schemeBearer = "bearer"
	schemeRaw    = "raw"

	// minRefresh follows the vendor's silence on limits: about once a minute.
	minRefresh = time.Minute
	inFlight   = 1
)

//go:embed audience.txt
var audience string

// Factory returns the adapter for the registry.
func Factory() providers.Factory {
	return providers.Factory{
		Name:           model.AskElephant,
		Title:          "AskElephant",
		DefaultBaseURL: defaultBaseURL,
		Key:            "API key (sk-apik_…), made in the settings of the workspace",
		Settings: []providers.Setting{
			{Name: settingScheme, Values: []string{schemeAuto, schemeBearer, schemeRaw}, Default: schemeAuto,
				Help: "how the credential is sent: auto sends an API key (sk-apik_…) bare and anything else with Bearer"},
			{Name: settingWorkspace, Asked: true, Help: "the workspace (wrks_…), for links to the web application", Check: checkWorkspace},
			{Name: settingReplaceMethod, Values: []string{http.MethodPut, http.MethodPost, http.MethodPatch}, Default: defaultReplaceMethod,
				Help: "the method of replacing contacts, which AskElephant does not document"},
			{Name: settingReplacePath, Default: defaultReplacePath,
				Help: "the path of replacing contacts below base_url, with {engagement_id}; AskElephant does not document it", Check: checkPath},
		},
		Pace:     providers.Pace{Every: 500 * time.Millisecond, Burst: 2, InFlight: inFlight},
		Table:    table,
		Audience: audience,
		Open:     open,
	}
}

var workspaceID = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

func checkWorkspace(v string) error {
	if !workspaceID.MatchString(v) {
		return errors.New("a workspace id is letters, digits, _ and - (wrks_…)")
	}
	return nil
}

func checkPath(v string) error {
	switch {
	case !strings.HasPrefix(v, "/"):
		return errors.New("the path begins with /")
	case !strings.Contains(v, "{engagement_id}") && !strings.Contains(v, "{id}"):
		return errors.New("the path names {engagement_id}")
	case strings.ContainsAny(v, "?#\\ ") || strings.Contains(v, "//") || strings.Contains(v+"/", "/../") || strings.Contains(v+"/", "/./"):
		return errors.New("the path has no ?, #, spaces, // or dots as segments")
	}
	for _, name := range regexp.MustCompile(`\{[^}]*\}?`).FindAllString(v, -1) {
		if name != "{engagement_id}" && name != "{id}" {
			return fmt.Errorf("%s is not known, only {engagement_id}", name)
		}
	}
	return nil
}

var table = []providers.CapabilityRow{
	providers.No(model.EditPrivacy, "AskElephant's API can't change privacy"),
	providers.No(model.EditTitle, "AskElephant's API can't change an engagement's title"),
	providers.No(model.EditDescription, "AskElephant's API can't change an engagement's description"),
	providers.No(model.EditStatus, "the status is that of processing; there is nothing to close"),
	providers.No(model.EditAccess, "AskElephant has no access setting"),
	providers.No(model.EditParticipants, "participants come from the meeting; the contacts can be replaced"),
	providers.No(model.EditDefaultRole, "AskElephant has no roles in an engagement"),
	providers.Assumed(model.EditContacts, defaultReplaceMethod+" "+defaultReplacePath,
		"the whole set is replaced; AskElephant does not show method and path of this call, so they are assumed and can be set").
		Needing(model.NeedContacts),
	providers.No(model.EditLabels, "AskElephant's API can't change tags"),
	providers.No(model.EditAttributes, "AskElephant has no attributes"),
	providers.No(model.EditArchive, "AskElephant's API can't archive"),
	providers.No(model.EditDelete, "AskElephant's API can't delete an engagement"),
	providers.No(model.EditCreate, "an engagement needs a recording or a transcript; confab does not import those"),
}

type provider struct {
	providers.Editor

	account providers.Account
	client  *client
	replace providers.Endpoint
	web     string
}

func open(a providers.Account) (model.Provider, error) {
	a.BaseURL = a.Base(defaultBaseURL)
	f := Factory()
	path := f.Value(a, settingReplacePath)
	if err := checkPath(path); err != nil {
		return nil, providers.Local("open account", settingReplacePath+": "+err.Error())
	}
	c, err := newClient(a, f.Value(a, settingScheme))
	if err != nil {
		return nil, err
	}
	p := &provider{account: a, client: c, web: webPages(a), replace: providers.Writing(replaceName, f.Value(a, settingReplaceMethod), path)}
	p.Editor = providers.Editor{Client: c.Client, Table: table, Plan: p.plan, Limits: p.limits}
	return p, nil
}

// webPages returns the prefix of the pages of engagements, for the service's
// own hosts. The address is not documented; others' code shows it.
func webPages(a providers.Account) string {
	w := a.Settings[settingWorkspace]
	u, err := url.Parse(a.BaseURL)
	if err != nil || w == "" || !strings.HasSuffix(u.Hostname(), ".askelephant.ai") {
		return ""
	}
	return u.Scheme + "://" + u.Host + "/workspaces/" + url.PathEscape(w) + "/engagements/"
}

func (p *provider) frame() frame { return frame{account: p.account.Name, web: p.web} }

func (p *provider) Describe() model.Description {
	identity := model.AskElephant + " " + p.account.BaseURL + " " + p.account.Settings[settingWorkspace]
	d := p.account.Describe(Factory(), strings.TrimSpace(identity))
	d.Filters = filterRules()
	d.People = []model.LookupKind{model.LookupContacts}
	d.Incremental = true
	d.MinRefresh = minRefresh
	return d
}

// limits are what the credential does not allow.
func (p *provider) limits(_ model.Conversation, no func(model.EditKind, string)) {
	if p.client.lacks(expandContacts) {
		no(model.EditContacts, "the credential lacks the scope contacts:read, and the set must be read before it is replaced")
	}
}

// Load implements model.Provider. Contacts are always asked for.
func (p *provider) Load(ctx context.Context, id string, need model.Need) (model.Detail, error) {
	expand := []string{expandContacts}
	if need.Has(model.NeedEverything) {
		expand = append(expand, expandCompanies, expandOwner, expandTags, expandActionItems, expandSignals)
	}
	if need.Has(model.NeedMessages) {
		expand = append(expand, expandTranscript)
	}
	a, err := p.client.expanded(ctx, endpointGet.Of(id, nil), expand)
	if err != nil {
		if e := model.AsError(err); e.Kind == model.NotFound && e.Hint == "" {
			e.Hint = "a private engagement may look like this without the scope engagements:private:read"
		}
		return model.Detail{}, err
	}
	c, err := convert(a.Body, p.frame())
	if err != nil {
		return model.Detail{}, err
	}
	if c.Ref.ID != id {
		return model.Detail{}, providers.Malformed(endpointGet.Name, "the service answered with another engagement")
	}
	c.ETag = a.Header.Get("ETag")
	d := model.Detail{Conversation: c.Conversation, Raw: a.Body}
	if need.Has(model.NeedMessages) {
		d.Messages = model.SetOf(providers.SplitTranscript(c.transcript)...)
	}
	return d, nil
}

func (p *provider) Check(ctx context.Context) []model.CheckResult {
	page, err := p.client.list(ctx, url.Values{"limit": {strconv.Itoa(providers.HeadSize)}, "order_by": {newestFirst}})
	if err != nil {
		return []model.CheckResult{model.FailedCheck(model.CheckList, err)}
	}
	out := []model.CheckResult{
		providers.Check("credential", "accepted", nil),
		providers.Check(model.CheckList, providers.Seen(len(page.Rows), page.Next != ""), nil),
	}
	for _, x := range listExpansions {
		if p.client.lacks(x) {
			detail := "left out: the credential lacks the scope " + expansionScopes[x]
			out = append(out, model.CheckResult{Name: x, Kind: model.Forbidden, Detail: detail})
		}
	}
	for _, e := range []providers.Endpoint{endpointContacts, endpointUsers} {
		_, err := p.client.plain(ctx, e, url.Values{"limit": {"1"}})
		out = append(out, providers.Check(strings.TrimPrefix(e.Name, "list "), "can be looked up", err))
	}
	out = append(out, providers.Check("new contacts",
		fmt.Sprintf("assumed to go by %s %s; not tried, since it writes", p.replace.Method, p.replace.Path), nil))
	switch first, changed := p.client.versions(); {
	case changed != "":
		out = append(out, model.CheckResult{Name: "API version", Detail: fmt.Sprintf("changed from %s to %s while running", first, changed)})
	case first != "":
		out = append(out, providers.Check("API version", first, nil))
	}
	return out
}

func (p *provider) Link(ctx context.Context, c model.Conversation, kind model.LinkKind) (string, error) {
	if kind == model.LinkRecording {
		return p.recording(ctx, c.Ref.ID)
	}
	if p.web == "" || c.Ref.ID == "" {
		return "", providers.Unsupported("open in browser", "links need the setting workspace_id, and the service's own host")
	}
	return p.web + url.PathEscape(c.Ref.ID), nil
}

func (p *provider) recording(ctx context.Context, id string) (string, error) {
	a, err := p.client.Do(ctx, withExpansions(endpointMedia.Of(id, nil), []string{expandMedia}))
	if err != nil {
		return "", err
	}
	o, _ := providers.ParseObject(a.Body)
	link := o.Text("media_url")
	if link == "" {
		return "", &model.Error{Kind: model.NotFound, Op: endpointMedia.Name, Message: "there is no recording"}
	}
	return providers.MediaLink(endpointMedia.Name, link)
}
