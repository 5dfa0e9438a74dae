package attention

import (
	"context"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"confab/model"
	"confab/providers"
)

const (
	maxPages = 20_000
	// maxRepeats is the number of consecutive pages without a new row after which the service counts as ignoring page numbers.
	maxRepeats = 2
	// slack extends how far back to list. It is not documented which time of a call the limit applies to, nor whether the limit
	// itself is included.
	slack = 24 * time.Hour
)

// position is the place of a walk.
type position struct {
	Page int `json:"page"` // the page to read next
	Seen int `json:"seen"` // the number of rows on the pages before it
	Most int `json:"most"` // the number of rows of the fullest page
}

func (p position) String() string {
	b, _ := json.Marshal(p)
	return string(b)
}

// parsePosition parses a place. Anything else is the first page.
func parsePosition(s string) (p position) {
	_ = json.Unmarshal([]byte(s), &p)
	p.Page = max(p.Page, 1)
	return p
}

// last reports whether page, which had fresh new rows, is the last. p is the position of that page, but already counts its rows.
// The service may send smaller pages than requested. So the total counts more than the number of pages, and without either, a
// page is the last only if an earlier page was fuller.
func (p position) last(page listPage, fresh int) bool {
	n := len(page.rows)
	switch {
	case n == 0:
		return true
	case page.total > 0 && p.Seen >= page.total:
		return true
	case page.total > 0:
		return false
	case page.pageCount > 0:
		return p.Page >= page.pageCount
	}
	return n < p.Most || n < pageSize && fresh == 0
}

// Sync implements model.Provider. It reads pages by number, and emits a row once however often the moving list repeats it.
func (p *provider) Sync(ctx context.Context, req model.SyncRequest, emit providers.Emit) (model.SyncResult, error) {
	l := &listing{provider: p, names: p.names(ctx), filter: p.filter(req), seen: map[string]bool{}}
	return providers.Sync(ctx, providers.Walk[model.Conversation]{Op: calls.List.Name, Read: l.read, MaxPages: maxPages}, req, emit)
}

type listing struct {
	provider *provider
	names    directory
	filter   url.Values
	seen     map[string]bool
	resumed  bool // the walk did not begin at the first page
	repeats  int  // consecutive pages without a new row
}

func (l *listing) read(ctx context.Context, place string) (out providers.Page[model.Conversation], err error) {
	at := parsePosition(place)
	l.resumed = l.resumed || at.Page > 1 && len(l.seen) == 0
	page, err := l.provider.list(ctx, at.Page, l.filter)
	if at.Page > 1 && model.KindOf(err) == model.NotFound {
		// The list has become shorter since the previous page, or since the walk was interrupted. The walk ends, but is not
		// complete: rows that moved up may have been missed, and the vendor documents only an empty page as the end.
		return providers.Page[model.Conversation]{Incomplete: true}, nil
	}
	if err != nil {
		return out, err
	}
	out = providers.ConvertPage(providers.RawPage{Rows: page.rows, Total: page.total}, l.convert)
	if at.Page == 1 && len(out.Rows) == 0 && len(page.rows) > 0 {
		return out, providers.Malformed(calls.List.Name, "no row of the list can be read")
	}
	out.Rows = providers.Unseen(l.seen, out.Rows, func(c model.Conversation) string { return c.Ref.ID })
	at.Seen += len(page.rows)
	at.Most = max(at.Most, len(page.rows))
	last := at.last(page, len(out.Rows))
	at.Page++
	// If a page has no new row, or the walk has fewer rows than the service counts, then the list has moved or the service ignores
	// page numbers.
	out.Incomplete = out.Incomplete || len(page.rows) > 0 && len(out.Rows) == 0 || last && !l.resumed && len(l.seen) < page.total
	if last {
		return out, nil
	}
	if l.repeats++; len(out.Rows) > 0 {
		l.repeats = 0
	}
	if l.repeats >= maxRepeats {
		return out, providers.Malformed(calls.List.Name, "the service repeats pages of its list")
	}
	out.Next = at.String()
	return out, nil
}

func (l *listing) convert(raw json.RawMessage) (model.Conversation, bool) {
	c, err := l.provider.convert(raw, l.names)
	if err != nil {
		l.provider.Account.Logf("a row of the list was left out: %v", err)
	}
	return c.Conversation, err == nil
}

// filter returns the parameters that narrow a list. service.json allows only filters that leave out nothing that the query
// matches, and only on fields that can't be edited:
//
//   - filter[owner.id] and filter[team.id] compare ids. A query matches a part of an id or of a name, and a part that is a whole
//     UUID is that id. Only one is sent, because two clients disagree on how to send several.
//   - filter[hide_internal] drops internal calls. is:external matches only calls known not to be internal, so the answer may hold
//     more than the query matches. -is:internal also matches calls of which that is unknown. How the service treats those is
//     not documented, so that query narrows nothing.
func (p *provider) filter(req model.SyncRequest) url.Values {
	f := req.Filter.Only(service.About.Filters)
	q := url.Values{}
	if len(f.Owner) > 0 {
		q.Set("filter[owner.id]", f.Owner[0])
	}
	if len(f.Team) > 0 {
		q.Set("filter[team.id]", f.Team[0])
	}
	if f.External {
		q.Set("filter[hide_internal]", "true")
	}
	if !req.Since.IsZero() {
		q.Set("fromDateTime", req.Since.Add(-slack).UTC().Format(time.RFC3339))
	}
	return q
}

const directoryAge = 15 * time.Minute

type directory map[string]model.Participant

// readDirectory reads users and teams. If the service refuses them to this credential, the directory is empty.
func (p *provider) readDirectory(ctx context.Context) (directory, error) {
	users, err := p.readAll(ctx, calls.Users, nil, userOf)
	if err != nil && !refusal(err) {
		return nil, err
	}
	team := func(id string, o *providers.Object) []model.Participant {
		return []model.Participant{{Kind: string(model.LookupTeams), ID: id, Name: o.Text("name")}}
	}
	teams, err := p.readAll(ctx, calls.Teams, nil, team)
	if refusal(err) {
		teams, err = p.readAll(ctx, calls.TeamsAlso, nil, team)
	}
	if err != nil && !refusal(err) {
		return nil, err
	}
	d := directory{}
	for _, who := range append(users, teams...) {
		d[who.ID] = who
	}
	return d, nil
}

func refusal(err error) bool {
	k := model.KindOf(err)
	return k == model.Forbidden || k == model.NotFound || k == model.Unsupported
}

func userOf(id string, o *providers.Object) []model.Participant {
	return []model.Participant{{Kind: model.KindUser, ID: id, Name: fullName(o), Email: o.Text("email")}}
}

// Lookup implements model.Provider. It searches lists that are read whole. The scope of a label lookup is the name of a label,
// whose options are then listed.
func (p *provider) Lookup(ctx context.Context, req model.LookupRequest) (page model.LookupPage, err error) {
	var found []model.Participant
	switch req.Kind {
	case model.LookupUsers, model.LookupTeams:
		var d directory
		d, err = p.directory.Get(ctx)
		found = slices.DeleteFunc(slices.Collect(maps.Values(d)), func(e model.Participant) bool { return e.Kind != string(req.Kind) })
	case model.LookupLabels:
		found, err = p.readAll(ctx, calls.LabelList, nil, func(id string, o *providers.Object) (out []model.Participant) {
			name := o.Text("name")
			switch req.Scope {
			case "":
				out = []model.Participant{{Kind: string(model.LookupLabels), ID: id, Name: name}}
			case name:
				for _, o := range o.Items("options") {
					value := o.FirstText("value", "")
					out = append(out, model.Participant{Kind: "option", ID: value, Name: value})
				}
			}
			return out
		})
	default:
		err = providers.Unsupported("look up", "Attention has no directory of this kind")
	}
	if err != nil {
		return page, err
	}
	model.SortPeople(found)
	page = providers.Search(found, req)
	if len(page.Items) == 0 && req.Kind == model.LookupUsers && strings.Contains(req.Text, "@") {
		found, err = p.readAll(ctx, calls.Users, url.Values{"filter[email]": {req.Text}}, userOf)
		if err != nil && !refusal(err) {
			return page, err
		}
		page = providers.Search(found, req)
	}
	return page, nil
}
