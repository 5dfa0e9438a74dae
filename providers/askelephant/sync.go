package askelephant

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"confab/model"
	"confab/providers"
)

const (
	pageSize = 100
	// maxPages bounds a walk, in pages.
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
// A head without a checkpoint goes newest first until emit says stop; with one
// it reads everything changed since, oldest first, and only the end of the
// whole run moves the checkpoint. A full walk goes oldest first, so that what
// changes meanwhile comes again at its end instead of being missed.
func (p *provider) Sync(ctx context.Context, req model.SyncRequest, emit providers.Emit) (model.SyncResult, error) {
	at := parsePosition(req.Cursor)
	w := walk{provider: p, query: filter(req.Filter), emit: emit, checkpoint: at.Checkpoint, seen: map[string]time.Time{}}
	if req.Mode == model.SyncFull {
		since := at.Since
		if at.Next == "" {
			since = p.since(req)
		}
		w.set(since, oldestFirst)
		return w.full(ctx, at.Next, since)
	}
	since, order := p.since(req), newestFirst
	if at.Checkpoint != "" {
		since, order = at.Checkpoint, oldestFirst
	}
	w.set(since, order)
	return w.head(ctx, req.Cursor)
}

// since gives the lower limit of updated_at, "" for none. It is put on the
// update time, which every engagement has: what changed lately is of interest
// however old it is.
func (p *provider) since(req model.SyncRequest) string {
	since := req.Since
	if since.IsZero() && p.account.Since > 0 {
		since = time.Now().Add(-p.account.Since)
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

// walk is one run over the list.
type walk struct {
	provider   *provider
	query      url.Values
	emit       providers.Emit
	checkpoint string
	seen       map[string]time.Time
}

func (w *walk) set(since, order string) {
	w.query.Set("limit", strconv.Itoa(pageSize))
	w.query.Set("order_by", order)
	if since != "" {
		w.query.Set("filter[updated_at][gte]", since)
	}
}

func (w *walk) head(ctx context.Context, before string) (model.SyncResult, error) {
	walked, err := w.run(ctx, "", func(string) string { return "" })
	if err != nil || !walked.Ended && parsePosition(before).Checkpoint != "" {
		// Only a whole run moves a checkpoint.
		return model.SyncResult{Cursor: before}, err
	}
	return model.SyncResult{Cursor: position{Checkpoint: w.checkpoint}.String(), Complete: walked.Whole}, nil
}

func (w *walk) full(ctx context.Context, next, since string) (model.SyncResult, error) {
	at := func(next string) string { return position{Next: next, Since: since}.String() }
	walked, err := w.run(ctx, next, at)
	switch {
	case walked.Ended:
		// The walk was oldest first, so what it saw last is where heads go on.
		return model.SyncResult{Cursor: position{Checkpoint: w.checkpoint}.String(), Complete: walked.Whole}, err
	case walked.At == "":
		return model.SyncResult{}, err
	}
	return model.SyncResult{Cursor: at(walked.At)}, err
}

// run follows the cursors from next to the end. after gives our cursor for
// the page that follows. A refused cursor restarts the run, once.
func (w *walk) run(ctx context.Context, next string, after func(next string) string) (providers.Walked, error) {
	return providers.SyncWalk(ctx, providers.Walk[model.Conversation]{
		Read: w.read, Most: maxPages, Lost: cursorRefused,
		Restarted: func() { w.provider.account.Logf("a cursor was refused, the walk starts again") },
	}, endpointList.Name, next, after, w.emit)
}

func (w *walk) read(ctx context.Context, cursor string) (providers.Page[model.Conversation], error) {
	w.query.Del("cursor")
	if cursor != "" {
		w.query.Set("cursor", cursor)
	}
	page, err := w.provider.client.list(ctx, w.query)
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

// convert reads a row and notes the newest update time.
func (w *walk) convert(raw json.RawMessage) (model.Conversation, bool) {
	c, err := convertRow(raw, w.provider.frame())
	if err != nil {
		w.provider.account.Logf("a row of the list was left out: %v", err)
		return c.Conversation, false
	}
	if at, _ := providers.ParseTime(w.checkpoint); c.Updated.After(at) {
		w.checkpoint = stamp(c.Updated)
	}
	return c.Conversation, true
}

// cursorRefused reports whether an error complains of the cursor.
func cursorRefused(err error) bool {
	e := model.AsError(err)
	if e.Status != http.StatusBadRequest && e.Status != http.StatusUnprocessableEntity {
		return false
	}
	return strings.Contains(strings.ToLower(words(e)), "cursor")
}

// The words of the two closed vocabularies, folded as a query has them, and the
// form of a whole company id.
var (
	engagementTypes = regexp.MustCompile(`^(meeting|call|email|task|note|calendar_event|document)$`)
	processing      = regexp.MustCompile(`^(pending|processing|completed|failed)$`)
	companyID       = regexp.MustCompile(`^cmp_[0-9A-Z]{26}$`)
)

// createdSlack is how much earlier than its creation an engagement may seem to
// have been changed: the two times may be taken by different clocks.
const createdSlack = 24 * time.Hour

// filterRules are the filters of the list that leave out nothing a query takes:
//
//   - engagement_type and processing_status compare a word of a documented set,
//     and so do kind: and status:, but for case. Any other word is not sent.
//   - company_ids compares ids. A query matches a piece of an id or of a name; a
//     piece as long as a whole id, typed in the case of the service, is that id.
//   - updated_at is what updated: compares, and its ends are documented. What
//     was created after a time was changed after it too.
//
// None of these can be edited. What is not used, and why, stands in doc.go.
func filterRules() []model.FilterRule {
	return []model.FilterRule{
		{Field: model.FilterKind, Values: engagementTypes},
		{Field: model.FilterStatus, Values: processing},
		{Field: model.FilterCompany, Values: companyID},
		{Field: model.FilterUpdated},
		{Field: model.FilterCreated},
	}
}

// filter gives the parameters of a narrowed list, but for the lower limit of
// updated_at, see since.
func filter(f model.Filter) url.Values {
	f = f.Only(filterRules())
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
