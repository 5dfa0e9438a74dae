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

// position is the content of a cursor.
type position struct {
	// Checkpoint is the update time from which the next head reads on.
	Checkpoint string `json:"checkpoint,omitempty"`
	// Next and Since resume a full walk with the same parameters.
	Next  string `json:"next,omitempty"`
	Since string `json:"since,omitempty"`
}

func (p position) String() string {
	if p == (position{}) {
		return ""
	}
	b, _ := json.Marshal(p)
	return string(b)
}

// parsePosition parses a cursor. Anything else is the beginning.
func parsePosition(s string) (p position) {
	_ = json.Unmarshal([]byte(s), &p)
	return p
}

// Sync implements model.Provider.
//
// A head without a checkpoint is read newest first until emit wants no more. A head with a checkpoint is everything that changed
// since, oldest first; the checkpoint moves only when all of it has been read. A full walk goes oldest first, so that an
// engagement that changes meanwhile comes again at the end instead of being missed; the newest update time it saw becomes the
// checkpoint. If the service refuses a cursor, the walk starts again, once.
func (p *provider) Sync(ctx context.Context, req model.SyncRequest, emit providers.Emit) (model.SyncResult, error) {
	at := parsePosition(req.Cursor)
	full, since, order := req.Mode == model.SyncFull, updatedSince(req), oldestFirst
	switch {
	case full && at.Next != "":
		since = at.Since
	case full:
	case at.Checkpoint != "":
		since = at.Checkpoint
	default:
		order = newestFirst
	}
	w := walk{provider: p, query: filter(req.Filter), checkpoint: at.Checkpoint, seen: map[string]bool{}}
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
		Op: calls.List.Name, Read: w.read, MaxPages: maxPages, Expired: w.expired,
	}, start, cursor, emit)
	switch {
	case !full && (err != nil || !walked.Ended && at.Checkpoint != ""):
		return model.SyncResult{Cursor: req.Cursor}, err // only a whole run moves a checkpoint
	case !full || walked.Ended:
		return model.SyncResult{Cursor: position{Checkpoint: w.checkpoint}.String(), Complete: walked.Whole}, err
	case walked.Next == "":
		return model.SyncResult{}, err
	}
	return model.SyncResult{Cursor: cursor(walked.Next)}, err
}

// updatedSince returns the lower limit of updated_at, or "". The limit applies to the update time, which every engagement has: an
// old engagement that changed recently is of interest too.
func updatedSince(req model.SyncRequest) string {
	f := req.Filter
	since := slices.MaxFunc([]time.Time{req.Since, f.UpdatedFrom, f.CreatedFrom.Add(-createdSlack)}, time.Time.Compare)
	if since.IsZero() {
		return ""
	}
	return stamp(since)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

type walk struct {
	provider   *provider
	query      url.Values
	checkpoint string          // the newest update time seen
	seen       map[string]bool // by id and update time
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
	rows.Rows = providers.Unseen(w.seen, rows.Rows, func(c model.Conversation) string { return c.Ref.ID + " " + stamp(c.Updated) })
	return rows, nil
}

func (w *walk) convert(raw json.RawMessage) (model.Conversation, bool) {
	c, err := w.provider.convert(raw)
	if err != nil {
		w.provider.Account.Logf("a row of the list was left out: %v", err)
	} else if at, _ := providers.ParseTime(w.checkpoint); c.Updated.After(at) {
		w.checkpoint = stamp(c.Updated)
	}
	return c.Conversation, err == nil
}

// expired reports whether an error may be about the cursor, which is all that distinguishes a page from the first.
func (w *walk) expired(err error) bool {
	status := model.AsError(err).Status
	return status == http.StatusBadRequest || status == http.StatusUnprocessableEntity
}

// createdSlack allows for an update time that is earlier than the creation, because different clocks may set the two times.
const createdSlack = 24 * time.Hour

// filter returns the parameters that narrow a list, except for the lower limit of updated_at (see updatedSince). service.json
// allows only filters that leave out nothing that the query matches, and only on fields that can't be edited:
//
//   - engagement_type and processing_status compare words of a documented set. kind: and status: do the same, regardless of case.
//     Other words are not sent.
//   - company_ids compares ids. A query matches a part of an id or of a name, and a part that has the length and the case of a
//     whole id is that id.
//   - updated_at is the time that updated: compares, and whether its limits are included is documented. Whatever was created
//     after a time was also updated after it.
func filter(f model.Filter) url.Values {
	f = f.Only(service.About.Filters)
	q := url.Values{}
	equalsAny := func(name string, words []string) {
		switch joined := strings.ToUpper(strings.Join(words, ",")); len(words) {
		case 0:
		case 1:
			q.Set("filter["+name+"][eq]", joined)
		default:
			q.Set("filter["+name+"][in]", joined)
		}
	}
	equalsAny("engagement_type", f.Kind)
	equalsAny("processing_status", f.Status)
	if len(f.Company) > 0 {
		q.Set("filter[company_ids][eq]", f.Company[0])
	}
	if !f.UpdatedTo.IsZero() {
		q.Set("filter[updated_at][lt]", stamp(f.UpdatedTo))
	}
	return q
}

// directories maps what can be looked up to an endpoint and to the kind of its entries.
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

// Lookup implements model.Provider. The service searches contacts and users by name and address, and companies by name. Tags are
// filtered here, page by page. The id of a contact finds exactly that contact.
func (p *provider) Lookup(ctx context.Context, req model.LookupRequest) (model.LookupPage, error) {
	d, ok := directories[req.Kind]
	if !ok {
		return model.LookupPage{}, providers.Unsupported("look up", "AskElephant has no directory of this kind")
	}
	if req.Kind == model.LookupContacts && contactID.MatchString(req.Text) {
		return providers.PageOfOne(p.contact(ctx, req.Text))
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
		return e, ok && (!tags || providers.ContainsFold(req.Text, e.Name))
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
