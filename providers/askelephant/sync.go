package askelephant

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"confab/model"
	"confab/providers"
)

const (
	pageSize = 100
	maxPages = 10_000

	newestFirst = "updated_at:desc"
	oldestFirst = "updated_at:asc"
)

// position is what a cursor of ours holds. Checkpoint is for the next head;
// Next and Since resume a full walk with the same parameters.
type position struct {
	Checkpoint string `json:"checkpoint,omitempty"`
	Next       string `json:"next,omitempty"`
	Since      string `json:"since,omitempty"`
}

func (p position) String() string {
	if p == (position{}) {
		return ""
	}
	b, _ := json.Marshal(p)
	return string(b)
}

// parsePosition reads a cursor; one that is not ours starts over.
func parsePosition(s string) position {
	var p position
	if json.Unmarshal([]byte(s), &p) != nil {
		return position{}
	}
	if _, ok := providers.ParseTime(p.Checkpoint); !ok {
		p.Checkpoint = ""
	}
	return p
}

// Sync reads the list of engagements.
//
// A head without a checkpoint goes newest first until emit says stop; with one it reads everything changed since,
// oldest first, and only the end of the whole run moves the checkpoint. A full walk goes oldest first, so that what
// changes meanwhile comes again at its end instead of being missed; what it saw last is where heads go on. A refused
// cursor restarts the run, once.
func (p *provider) Sync(ctx context.Context, req model.SyncRequest, emit providers.Emit) (model.SyncResult, error) {
	at := parsePosition(req.Cursor)
	full, since, order := req.Mode == model.SyncFull, p.since(req), oldestFirst
	switch {
	case full && at.Next != "":
		since = at.Since
	case full:
	case at.Checkpoint != "":
		since = at.Checkpoint
	default:
		order = newestFirst
	}
	w := walk{provider: p, query: filter(req.Filter), checkpoint: at.Checkpoint, seen: map[string]time.Time{}}
	w.query.Set("limit", strconv.Itoa(pageSize))
	w.query.Set("order_by", order)
	if since != "" {
		w.query.Set("filter[updated_at][gte]", since)
	}
	start, cursor := "", func(string) string { return "" }
	if full {
		start, cursor = at.Next, func(next string) string { return position{Next: next, Since: since}.String() }
	}
	walked, err := providers.SyncWalk(ctx, providers.Walk[model.Conversation]{
		Op: calls.List.Name, Read: w.read, Most: maxPages, Lost: w.lost,
	}, start, cursor, emit)
	switch {
	case !full && (err != nil || !walked.Ended && at.Checkpoint != ""):
		return model.SyncResult{Cursor: req.Cursor}, err // only a whole run moves a checkpoint
	case !full || walked.Ended:
		return model.SyncResult{Cursor: position{Checkpoint: w.checkpoint}.String(), Complete: walked.Whole}, err
	case walked.At == "":
		return model.SyncResult{}, err
	}
	return model.SyncResult{Cursor: cursor(walked.At)}, err
}

// since is the lower limit of updated_at, "" for none. It is put on the update time, which every engagement has: what
// changed lately is of interest however old it is.
func (p *provider) since(req model.SyncRequest) string {
	since := req.Since
	if since.IsZero() && p.Account.Since > 0 {
		since = time.Now().Add(-p.Account.Since)
	}
	for _, from := range []time.Time{req.Filter.UpdatedFrom, req.Filter.CreatedFrom.Add(-createdSlack)} {
		if from.After(since) {
			since = from
		}
	}
	if since.IsZero() {
		return ""
	}
	return stamp(since)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

type walk struct {
	provider   *provider
	query      url.Values
	checkpoint string // the newest update time that was seen
	seen       map[string]time.Time
}

func (w *walk) read(ctx context.Context, cursor string) (providers.Page[model.Conversation], error) {
	w.query.Del("cursor")
	if cursor != "" {
		w.query.Set("cursor", cursor)
	}
	page, err := w.provider.list(ctx, providers.Call{Endpoint: calls.List, Query: w.query})
	if err != nil {
		return providers.Page[model.Conversation]{}, err
	}
	rows := providers.ConvertPage(page, w.convert)
	rows.Rows = slices.DeleteFunc(rows.Rows, func(c model.Conversation) bool {
		was, again := w.seen[c.Ref.ID]
		w.seen[c.Ref.ID] = c.Updated
		return again && was.Equal(c.Updated)
	})
	return rows, nil
}

func (w *walk) convert(raw json.RawMessage) (model.Conversation, bool) {
	c, err := w.provider.convert(raw)
	if err != nil {
		w.provider.Account.Logf("a row of the list was left out: %v", err)
		return c.Conversation, false
	}
	if at, _ := providers.ParseTime(w.checkpoint); c.Updated.After(at) {
		w.checkpoint = stamp(c.Updated)
	}
	return c.Conversation, true
}

// lost reports whether an error complains of the cursor: the walk then starts again.
func (w *walk) lost(err error) bool {
	e := model.AsError(err)
	lost := (e.Status == http.StatusBadRequest || e.Status == http.StatusUnprocessableEntity) &&
		strings.Contains(strings.ToLower(words(e)), "cursor")
	if lost {
		w.provider.Account.Logf("a cursor was refused, the walk starts again")
	}
	return lost
}

// createdSlack is how much earlier than its creation an engagement may seem to
// have been changed: the two times may be taken by different clocks.
const createdSlack = 24 * time.Hour

// filter returns the parameters of a narrowed list, but for the lower limit of updated_at, see since. Of what they compare,
// service.json takes what leaves out nothing that a query takes; none of it can be edited:
//
//   - engagement_type and processing_status compare a word of a documented set,
//     and so do kind: and status:, but for case. Any other word is not sent.
//   - company_ids compares ids. A query matches a piece of an id or of a name; a
//     piece as long as a whole id, typed in the case of the service, is that id.
//   - updated_at is what updated: compares, and its ends are documented. What
//     was created after a time was changed after it too.
func filter(f model.Filter) url.Values {
	f = f.Only(service.About.Filters)
	q := url.Values{}
	oneOf := func(name string, words []string) {
		switch joined := strings.ToUpper(strings.Join(words, ",")); len(words) {
		case 0:
		case 1:
			q.Set("filter["+name+"][eq]", joined)
		default:
			q.Set("filter["+name+"][in]", joined)
		}
	}
	oneOf("engagement_type", f.Kind)
	oneOf("processing_status", f.Status)
	if len(f.Company) > 0 {
		q.Set("filter[company_ids][eq]", f.Company[0])
	}
	if !f.UpdatedTo.IsZero() {
		q.Set("filter[updated_at][lt]", stamp(f.UpdatedTo))
	}
	return q
}

// directories are those that can be searched, and the kind of what is in them.
var directories = map[model.LookupKind]struct {
	endpoint providers.Endpoint
	kind     string
}{
	model.LookupContacts: {calls.Contacts, model.KindContact},
	model.LookupUsers:    {calls.Users, model.KindUser},
	model.LookupCompany:  {calls.Companies, string(model.LookupCompany)},
	model.LookupTags:     {calls.Tags, string(model.LookupTags)},
	model.LookupLabels:   {calls.Tags, string(model.LookupTags)},
}

// Lookup implements model.Provider. Contacts, users and companies are searched by the service (contacts and users by
// name and address, companies by name), tags locally within each page. A contact's id finds exactly that contact.
func (p *provider) Lookup(ctx context.Context, req model.LookupRequest) (model.LookupPage, error) {
	d, ok := directories[req.Kind]
	if !ok {
		return model.LookupPage{}, providers.Unsupported("look up", "AskElephant has no directory of this kind")
	}
	if req.Kind == model.LookupContacts && contactID.MatchString(req.Text) {
		return providers.FoundOne(p.contact(ctx, req.Text))
	}
	limit, text := pageSize, req.Text
	if req.Limit > 0 {
		limit = min(limit, req.Limit)
	}
	tags := d.kind == string(model.LookupTags)
	if tags {
		text = ""
	}
	page, err := readPage(p.Client.Do(ctx, d.endpoint.With("limit", strconv.Itoa(limit), "search", text, "cursor", req.Cursor)))
	if err != nil {
		return model.LookupPage{}, err
	}
	found := providers.ConvertPage(page, func(raw json.RawMessage) (model.Participant, bool) {
		o, ok := providers.ObjectOf(raw)
		e := person(o, d.kind, &providers.Facts{}, "")
		return e, ok && (!tags || strings.Contains(strings.ToLower(e.Name), strings.ToLower(req.Text)))
	})
	return model.LookupPage{Items: found.Rows, Cursor: found.Next}, nil
}

func (p *provider) contact(ctx context.Context, id string) (who model.Participant, err error) {
	a, err := p.Client.Do(ctx, calls.Contact.Of(id, nil))
	if err != nil {
		return who, err
	}
	o, err := a.Object()
	return person(o, model.KindContact, &providers.Facts{}, ""), err
}
