package askelephant

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"confab/model"
	"confab/providers"
)

const (
	settingScheme        = "auth_scheme"
	settingWorkspace     = "workspace_id"
	settingReplaceMethod = "replace_contacts_method"
	settingReplacePath   = "replace_contacts_path"

	schemeAuto   = "auto"
	schemeBearer = "bearer"
	schemeRaw    = "raw"
)

//go:embed service.json
var about []byte

// calls are the endpoints used.
var calls struct {
	List, Get, Media, Contacts, Contact, Users, Companies, Tags providers.Endpoint
}

var service = providers.Service(about, &calls,
	map[string]func(string) error{settingWorkspace: checkWorkspace, settingReplacePath: checkPath})

// Factory returns the adapter for the registry.
func Factory() providers.Factory { return providers.Opening(service, open) }

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

type provider struct {
	*providers.Adapter

	// replace is the call that replaces contacts. Method and path are assumed, see doc.go, and so can be set.
	replace providers.Endpoint

	dropped sync.Map // expansions that the credential may not have
	mu      sync.Mutex
	version string // X-Api-Version as first seen
	changed string // another one seen later
}

func open(a providers.Account) (model.Provider, error) {
	p := &provider{replace: providers.Endpoint{Name: "replace contacts", Scope: "engagements:write", Write: true,
		Method: service.Value(a, settingReplaceMethod), Path: service.Value(a, settingReplacePath)}}
	credential := &providers.Credential{}
	switch service.Value(a, settingScheme) {
	case schemeRaw:
		credential.Schemes = []string{providers.Raw}
	case schemeAuto:
		credential.RawPrefix = "sk-apik_"
	}
	var err error
	p.Adapter, err = providers.Open(service, a,
		providers.ClientOptions{Credential: credential, DecodeError: readProblem, Answered: p.answered})
	if err != nil {
		return nil, err
	}
	workspace := service.Value(a, settingWorkspace)
	p.Identity = strings.TrimSpace(p.Identity + " " + workspace)
	// The address of a page is not documented; others' code shows it, for the service's own hosts.
	if at, _ := url.Parse(p.Account.BaseURL); workspace != "" && strings.HasSuffix(at.Hostname(), ".askelephant.ai") {
		p.Web = at.Scheme + "://" + at.Host + "/workspaces/" + url.PathEscape(workspace) + "/engagements/"
	}
	p.Plan, p.Recording = p.plan, p.recording
	p.Limits = func(_ model.Conversation, no func(model.EditKind, string)) {
		if p.lacks(expandContacts) {
			no(model.EditContacts, "the credential lacks the scope contacts:read, and the set must be read before it is replaced")
		}
	}
	return p, nil
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
	a, err := p.expanded(ctx, calls.Get.Of(id, nil), expand)
	if err != nil {
		if e := model.AsError(err); e.Kind == model.NotFound && e.Hint == "" {
			e.Hint = "a private engagement may look like this without the scope engagements:private:read"
		}
		return model.Detail{}, err
	}
	raw, _ := a.JSON()
	c, err := p.convert(raw)
	if err == nil && c.Ref.ID != id {
		err = providers.Malformed(calls.Get.Name, "the service answered with another engagement")
	}
	if err != nil {
		return model.Detail{}, err
	}
	c.ETag = a.Header.Get("ETag")
	d := model.Detail{Conversation: c.Conversation, Raw: a.Body}
	if need.Has(model.NeedMessages) {
		d.Messages = model.SetOf(providers.SplitTranscript(c.transcript)...)
	}
	return d, nil
}

// Check implements model.Provider.
func (p *provider) Check(ctx context.Context) []model.CheckResult {
	page, err := p.list(ctx, calls.List.With("limit", strconv.Itoa(providers.HeadSize), "order_by", newestFirst))
	if err != nil {
		return []model.CheckResult{model.FailedCheck(model.CheckList, err)}
	}
	out := []model.CheckResult{
		providers.Check("credential", "accepted", nil),
		providers.Check(model.CheckList, providers.Seen(len(page.Rows), page.Next != ""), nil),
	}
	for _, x := range listExpansions {
		if p.lacks(x) {
			detail := "left out: the credential lacks the scope " + service.Words[x]
			out = append(out, model.CheckResult{Name: x, Kind: model.Forbidden, Detail: detail})
		}
	}
	for _, e := range []providers.Endpoint{calls.Contacts, calls.Users} {
		_, err := readPage(p.Client.Do(ctx, e.With("limit", "1")))
		out = append(out, providers.Check(strings.TrimPrefix(e.Name, "list "), "can be looked up", err))
	}
	out = append(out, providers.Check("new contacts",
		fmt.Sprintf("assumed to go by %s %s; not tried, since it writes", p.replace.Method, p.replace.Path), nil))
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.changed != "":
		detail := fmt.Sprintf("changed from %s to %s while running", p.version, p.changed)
		out = append(out, model.CheckResult{Name: "API version", Detail: detail})
	case p.version != "":
		out = append(out, providers.Check("API version", p.version, nil))
	}
	return out
}

func (p *provider) recording(ctx context.Context, id string) (string, error) {
	a, err := p.Client.Do(ctx, withExpansions(calls.Media.Of(id, nil), []string{expandMedia}))
	if err != nil {
		return "", err
	}
	o, _ := providers.ParseObject(a.Body)
	link := o.Text("media_url")
	if link == "" {
		return "", &model.Error{Kind: model.NotFound, Op: calls.Media.Name, Message: "there is no recording"}
	}
	return providers.MediaLink(calls.Media.Name, link)
}
