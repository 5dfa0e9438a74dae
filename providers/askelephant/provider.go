package askelephant

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"confab/model"
	"confab/providers"
)

const (
	settingWorkspace     = "workspace_id"
	settingReplaceMethod = "replace_contacts_method"
	settingReplacePath   = "replace_contacts_path"
)

//go:embed service.json
var about []byte

var calls struct {
	List, Get, Media, Contacts, Contact, Users, Companies, Tags providers.Endpoint
}

var service = providers.Service(about, &calls,
	map[string]func(string) error{settingWorkspace: checkWorkspace, settingReplacePath: checkPath})

func Factory() providers.Factory { return providers.Opening(service, open) }

var workspaceID = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

func checkWorkspace(v string) error {
	if !workspaceID.MatchString(v) {
		return errors.New("a workspace id is letters, digits, _ and - (wrks_…)")
	}
	return nil
}

func checkPath(v string) error {
	u, err := url.Parse(v)
	rest := strings.NewReplacer("{engagement_id}", "", "{id}", "").Replace(v)
	switch {
	case err != nil:
		return errors.New("the path has an escape or a character that no address has")
	case !strings.HasPrefix(v, "/"):
		return errors.New("the path begins with /")
	case rest == v:
		return errors.New("the path names {engagement_id}")
	case strings.ContainsAny(v, "?#\\ ") || u.Host != "" || path.Clean(u.Path) != strings.TrimSuffix(u.Path, "/"):
		return errors.New("the path has no ?, #, spaces, // or dots as segments")
	case strings.ContainsAny(rest, "{}"):
		return errors.New("the path has no other braces than {engagement_id}")
	}
	return nil
}

type provider struct {
	*providers.Adapter

	// replace is the call that replaces contacts. Its method and path are assumed, and therefore settings; see doc.go.
	replace providers.Endpoint

	dropped sync.Map // the expansions that the credential has no right to
	mu      sync.Mutex
	version string // X-Api-Version when first seen
	changed string // the X-Api-Version that followed it
}

func open(a providers.Account) (model.Provider, error) {
	p := &provider{replace: providers.Endpoint{Name: "replace contacts", Scope: "engagements:write", Write: true,
		Method: service.Value(a, settingReplaceMethod), Path: service.Value(a, settingReplacePath)}}
	credential := &providers.Credential{}
	switch service.Value(a, "auth_scheme") {
	case "raw":
		credential.Schemes = []string{providers.Raw}
	case "auto":
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
	// The address of a page is not documented. The code of others shows it for the service's own hosts.
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

// Load implements model.Provider. It always asks for the contacts.
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
		return model.Detail{}, err
	}
	c, err := p.convert(a.Body)
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

func (p *provider) Check(ctx context.Context) []model.CheckResult {
	page, err := p.list(ctx, calls.List.With("limit", strconv.Itoa(providers.CheckHeadSize), "order_by", newestFirst))
	if err != nil {
		return []model.CheckResult{model.FailedCheck(model.CheckList, err)}
	}
	out := []model.CheckResult{
		providers.Check("credential", "accepted", nil),
		providers.Check(model.CheckList, providers.HeadSummary(len(page.Rows), page.Next != ""), nil),
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
	o, _ := providers.ObjectOf(a.Body)
	link := o.Text("media_url")
	if link == "" {
		return "", &model.Error{Kind: model.NotFound, Op: calls.Media.Name, Message: "there is no recording"}
	}
	return providers.MediaLink(calls.Media.Name, link)
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

// answered keeps the API version that an answer names.
func (p *provider) answered(a *providers.Answer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch version := a.Header.Get("X-Api-Version"); {
	case version == "" || version == p.version || p.changed != "":
	case p.version == "":
		p.version = version
	default:
		p.changed = version
		p.Account.Logf("X-Api-Version has changed")
	}
}

// drop leaves expansions out of all further reads.
func (p *provider) drop(expansions ...string) {
	p.Account.Logf("left out from now on: %s", strings.Join(expansions, ", "))
	for _, e := range expansions {
		p.dropped.Store(e, true)
	}
}

func (p *provider) lacks(expansion string) bool {
	_, dropped := p.dropped.Load(expansion)
	return dropped
}

// expanded sends a read with expansions. After a 403 that names the scope of some of them, it drops those and tries again. After
// a 403 that names none, it tries once without those that need a scope; if that works, it adds them one by one, and drops those
// that are refused.
func (p *provider) expanded(ctx context.Context, call providers.Call, wanted []string) (*providers.Answer, error) {
	for {
		use := slices.DeleteFunc(slices.Clone(wanted), p.lacks)
		a, err := p.Client.Do(ctx, withExpansions(call, use))
		e := model.AsError(err)
		if e == nil || e.Kind != model.Forbidden {
			return a, err
		}
		text := allText(e)
		var named, scoped, free []string
		for _, x := range use {
			scope := service.Words[x]
			switch {
			case scope == "":
				free = append(free, x)
			case strings.Contains(text, scope):
				named = append(named, x)
			default:
				scoped = append(scoped, x)
			}
		}
		if len(named) > 0 {
			p.drop(named...)
			continue
		}
		if len(scoped) == 0 || strings.Contains(e.Message, "engagements:") {
			return nil, err
		}
		answer, failed := p.Client.Do(ctx, withExpansions(call, free))
		if failed != nil {
			return nil, err
		}
		for _, x := range scoped {
			with := append(slices.Clone(free), x)
			a, err := p.Client.Do(ctx, withExpansions(call, with))
			switch {
			case model.KindOf(err) == model.Forbidden:
				p.drop(x)
			case err != nil:
				return nil, err
			default:
				answer, free = a, with
			}
		}
		return answer, nil
	}
}

func withExpansions(call providers.Call, use []string) providers.Call {
	q := url.Values{}
	maps.Copy(q, call.Query)
	if len(use) > 0 {
		q.Set("expand", strings.Join(use, ","))
	}
	call.Query = q
	return call
}

// allText returns everything that an error of the service says, to search in.
func allText(e *model.Error) string {
	text := e.Message + " " + e.Code
	for _, f := range e.Fields {
		text += " " + f.Field + " " + f.Code + " " + f.Message
	}
	return text
}

func (p *provider) list(ctx context.Context, call providers.Call) (providers.RawPage, error) {
	return readPage(p.expanded(ctx, call, listExpansions))
}

// readPage reads {"data":[…],"has_more":…,"next_cursor":…}. A list that is null counts as empty.
func readPage(a *providers.Answer, err error) (page providers.RawPage, _ error) {
	if err != nil {
		return page, err
	}
	var top *providers.Object
	if page.Rows, top, err = a.Rows("data"); err != nil {
		return page, err
	}
	// Without a readable has_more, a cursor says that there is more.
	if more, known := top.Bool("has_more"); more || !known {
		if page.Next = top.Text("next_cursor"); more && page.Next == "" {
			return page, a.Malformed("the service says there is more and not where")
		}
	}
	return page, nil
}

// readProblem reads application/problem+json. It returns nil for anything else.
func readProblem(_ int, body []byte) *model.Error {
	o, ok := providers.ParseObject(body)
	if !ok || !o.Has("title") && !o.Has("detail") && !o.Has("errors") {
		return nil
	}
	e := &model.Error{RequestID: o.Text("request_id"), Message: providers.JoinTitle(o.Text("title"), o.Text("detail"))}
	if u, err := url.Parse(o.Text("type")); err == nil && u.Path != "" {
		e.Code = path.Base(u.Path)
	}
	for _, f := range o.Items("errors") {
		e.Fields = append(e.Fields, model.FieldError{Field: f.Text("field"), Code: f.Text("code"), Message: f.Text("message")})
	}
	return e
}
