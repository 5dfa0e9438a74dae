package attention

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"confab/model"
	"confab/providers"
)

const (
	maxPages = 20_000
	// maxRepeats is how many pages in a row may bring nothing new before the
	// service counts as ignoring the page number.
	maxRepeats = 2
	// slack widens the limit of how far back to list: which time it tests, and
	// whether it is part of it, is not documented.
	slack = 24 * time.Hour
)

// position is where a walk stands: the page to read next, how many rows came
// before it, and how many the fullest page had.
type position struct {
	Page int `json:"page"`
	Seen int `json:"seen"`
	Most int `json:"most"`
}

func (p position) String() string {
	b, _ := json.Marshal(p)
	return string(b)
}

// parsePosition reads a cursor; one that is not ours starts over.
func parsePosition(s string) position {
	var p position
	if json.Unmarshal([]byte(s), &p) != nil || p.Page < 1 || p.Page > maxPages || p.Seen < 0 || p.Most < 0 {
		return position{Page: 1}
	}
	return p
}

// last reports whether no page follows the one at p, which brought rows of which fresh were new; p counts them already.
// The service may cap pages below the size asked for, so a page count is believed only while the total does not say
// otherwise, and without any count a page is short only beside a fuller one.
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

// Sync walks the list by page number. Rows are given once however often the moving list repeats them.
func (p *provider) Sync(ctx context.Context, req model.SyncRequest, emit providers.Emit) (model.SyncResult, error) {
	l := &listing{provider: p, names: p.named(ctx), filter: p.filter(req), seen: map[string]bool{},
		resumed: req.Mode == model.SyncFull && parsePosition(req.Cursor).Page > 1}
	result, err := providers.Sync(ctx, providers.Walk[model.Conversation]{Op: calls.List.Name, Read: l.read, Most: maxPages}, req, emit)
	if l.repeats >= maxRepeats {
		result.Cursor = "" // nothing is to be had from there on
	}
	return result, err
}

type listing struct {
	provider *provider
	names    directory
	filter   url.Values
	seen     map[string]bool
	resumed  bool // the walk does not begin at the first page
	repeats  int  // pages in a row that brought nothing new
}

func (l *listing) read(ctx context.Context, place string) (out providers.Page[model.Conversation], err error) {
	at := parsePosition(place)
	page, err := l.provider.list(ctx, at.Page, l.filter)
	if at.Page > 1 && model.KindOf(err) == model.NotFound {
		// Rows may have gone since the page before, or since the walk was left: it has ended. But the vendor knows of an
		// empty page alone as the end, and rows that moved up may have been passed over, so it is not complete.
		return providers.Page[model.Conversation]{Holes: true}, nil
	}
	if err != nil {
		return out, err
	}
	rows := providers.ConvertPage(providers.RawPage{Rows: page.rows, Total: page.total}, l.convert)
	if len(rows.Rows) == 0 && len(page.rows) > 0 {
		return out, providers.Malformed(calls.List.Name, "no row of the list can be read")
	}
	out = rows
	out.Rows = slices.DeleteFunc(rows.Rows, func(c model.Conversation) bool {
		again := l.seen[c.Ref.ID]
		l.seen[c.Ref.ID] = true
		return again
	})
	at.Seen += len(page.rows)
	at.Most = max(at.Most, len(page.rows))
	last := at.last(page, len(out.Rows))
	at.Page++
	// A page of nothing but repeats, or fewer rows than the service counts,
	// means that the list moved or the page number was ignored.
	out.Holes = out.Holes || len(page.rows) > 0 && len(out.Rows) == 0 || last && !l.resumed && len(l.seen) < page.total
	if l.repeats++; len(out.Rows) > 0 || last {
		l.repeats = 0
	}
	if l.repeats >= maxRepeats {
		return out, providers.Malformed(calls.List.Name, "the service repeats pages of its list")
	}
	if !last {
		out.Next = at.String()
	}
	return out, nil
}

func (l *listing) convert(raw json.RawMessage) (model.Conversation, bool) {
	c, err := l.provider.convert(raw, l.names)
	if err != nil {
		l.provider.Account.Logf("a row of the list was left out: %v", err)
	}
	return c.Conversation, err == nil
}

// filter returns the parameters of a narrowed list. Of what they compare, service.json takes what leaves out nothing that a
// query takes; none of it can be edited:
//
//   - filter[owner.id] and filter[team.id] compare ids. A query matches a piece
//     of an id or of a name; a piece that is a whole UUID is that id. One is
//     sent, since two clients disagree on how to send several.
//   - filter[hide_internal] drops calls that are internal; is:external takes
//     only calls that are known not to be. Where that is not known the answer
//     holds more than the query takes. -is:internal takes those too, and how
//     the service counts them is not said: it does not narrow.
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
	from := req.Since
	if from.IsZero() && p.Account.Since > 0 {
		from = time.Now().Add(-p.Account.Since)
	}
	if !from.IsZero() {
		q.Set("fromDateTime", from.Add(-slack).UTC().Truncate(time.Second).Format(time.RFC3339))
	}
	return q
}

const directoryAge = 15 * time.Minute

// directory is users and teams by id, for names.
type directory map[string]model.Participant

// readDirectory reads users and teams. A service that refuses them to this credential has none.
func (p *provider) readDirectory(ctx context.Context) (directory, error) {
	users, err := p.plain(ctx, calls.Users, nil, userOf)
	if err != nil && !refusal(err) {
		return nil, err
	}
	team := func(id string, o *providers.Object) []model.Participant {
		return []model.Participant{{Kind: string(model.LookupTeams), ID: id, Name: o.Text("name")}}
	}
	teams, err := p.plain(ctx, calls.Teams, nil, team)
	if e := model.AsError(err); e != nil && (e.Status == http.StatusNotFound || e.Status == http.StatusMethodNotAllowed) {
		teams, err = p.plain(ctx, calls.TeamsAlso, nil, team)
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

// Lookup implements model.Provider. It answers from lists that the service gives
// whole. The scope of a label lookup is a label's name: then its options are listed.
func (p *provider) Lookup(ctx context.Context, req model.LookupRequest) (page model.LookupPage, err error) {
	var found []model.Participant
	switch req.Kind {
	case model.LookupUsers, model.LookupTeams:
		var d directory
		d, err = p.directory.Get(ctx)
		found = slices.Collect(maps.Values(d))
	case model.LookupLabels:
		found, err = p.plain(ctx, calls.LabelList, nil, func(id string, o *providers.Object) (out []model.Participant) {
			name := o.Text("name")
			switch req.Scope {
			case "":
				out = []model.Participant{{Kind: string(model.LookupLabels), ID: id, Name: name}}
			case name:
				options, _ := o.List("options")
				for _, o := range options {
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
	text := strings.ToLower(req.Text)
	others := func(e model.Participant) bool {
		return req.Kind != model.LookupLabels && e.Kind != string(req.Kind) ||
			e.ID != req.Text && !strings.Contains(strings.ToLower(e.Name), text) && !strings.Contains(strings.ToLower(e.Email), text)
	}
	found = slices.DeleteFunc(found, others)
	if len(found) == 0 && req.Kind == model.LookupUsers && strings.Contains(req.Text, "@") {
		if found, err = p.plain(ctx, calls.Users, url.Values{"filter[email]": {req.Text}}, userOf); err != nil && !refusal(err) {
			return page, err
		}
		found = slices.DeleteFunc(found, others)
	}
	model.SortPeople(found)
	return providers.CutPage(found, req), nil
}
