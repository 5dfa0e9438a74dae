package askelephant

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"confab/model"
	"confab/providers"
)

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

// answered looks at the API version.
func (p *provider) answered(a *providers.Answer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch version := a.Header.Get("X-Api-Version"); {
	case version == "" || len(version) > 100:
	case p.version == "":
		p.version = version
		p.Account.Logf("the service names an X-Api-Version")
	case version != p.version && version != p.changed:
		p.changed = version
		p.Account.Logf("X-Api-Version has changed")
	}
}

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

// expanded sends a read with expansions. Those whose scope a 403 names are left out from then on. A 403 that names none
// of them is tried once without any that need a scope; if that helps, they are added one by one, and those that are
// refused are left out.
func (p *provider) expanded(ctx context.Context, call providers.Call, wanted []string) (*providers.Answer, error) {
	for {
		use := slices.DeleteFunc(slices.Clone(wanted), p.lacks)
		a, err := p.Client.Do(ctx, withExpansions(call, use))
		e := model.AsError(err)
		if e == nil || e.Kind != model.Forbidden {
			return a, err
		}
		said := words(e)
		named, scoped, free := []string(nil), []string(nil), []string(nil)
		for _, x := range use {
			scope := service.Words[x]
			switch {
			case scope == "":
				free = append(free, x)
			case strings.Contains(said, scope):
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
		bare, again := p.Client.Do(ctx, withExpansions(call, free))
		if again != nil {
			return nil, err
		}
		return p.add(ctx, call, bare, free, scoped)
	}
}

// add finds out which expansions of a read are refused. bare is the answer with kept alone.
func (p *provider) add(ctx context.Context, call providers.Call, bare *providers.Answer, kept, more []string) (*providers.Answer, error) {
	var refused []string
	for _, x := range more {
		with := append(slices.Clone(kept), x)
		a, err := p.Client.Do(ctx, withExpansions(call, with))
		switch {
		case model.KindOf(err) == model.Forbidden:
			refused = append(refused, x)
		case err != nil:
			return nil, err
		default:
			bare, kept = a, with
		}
	}
	if len(refused) > 0 {
		p.drop(refused...)
	}
	return bare, nil
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

func words(e *model.Error) string {
	text := e.Message + " " + e.Code
	for _, f := range e.Fields {
		text += " " + f.Field + " " + f.Code + " " + f.Message
	}
	return text
}

func (p *provider) list(ctx context.Context, call providers.Call) (providers.RawPage, error) {
	return readPage(p.expanded(ctx, call, listExpansions))
}

// readPage reads {"data":[…],"has_more":…,"next_cursor":…}, with a null list as an empty one.
func readPage(a *providers.Answer, err error) (page providers.RawPage, _ error) {
	if err != nil {
		return page, err
	}
	rows, top, err := a.Rows("data")
	if err != nil {
		return page, err
	}
	page.Rows = rows
	if more, _ := top.Bool("has_more"); more {
		if page.Next = top.Text("next_cursor"); page.Next == "" {
			return page, a.Malformed("the service says there is more and not where")
		}
	}
	return page, nil
}

// readProblem reads application/problem+json; nil for anything else, which is then read like an error of unknown shape.
func readProblem(_ int, _ http.Header, body []byte) *model.Error {
	o, ok := providers.ParseObject(body)
	if !ok || !o.Has("title") && !o.Has("detail") && !o.Has("errors") {
		return nil
	}
	e := &model.Error{RequestID: o.Text("request_id"), Message: providers.Titled(o.Text("title"), o.Text("detail"))}
	if u, err := url.Parse(o.Text("type")); err == nil && u.Path != "" && u.Path != "about:blank" {
		e.Code = path.Base(u.Path)
	}
	list, _ := o.List("errors")
	for _, f := range list {
		e.Fields = append(e.Fields, model.FieldError{Field: f.Text("field"), Code: f.Text("code"), Message: f.Text("message")})
	}
	return e
}
