package askelephant

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
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
func (p *provider) Sync(ctx context.Context, req model.SyncRequest, emit func(model.Batch) (bool, error)) (model.SyncResult, error) {
	at := parsePosition(req.Cursor)
	query, err := p.filter(ctx, req.Filter)
	if err != nil {
		return model.SyncResult{Cursor: req.Cursor}, err
	}
	w := walk{provider: p, query: query, emit: emit, checkpoint: at.Checkpoint, seen: map[string]time.Time{}}
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
	// Whatever was created after From was also updated after it.
	if req.Filter.From.After(since) {
		since = req.Filter.From
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
	emit       func(model.Batch) (bool, error)
	checkpoint string
	seen       map[string]time.Time
	stopped    bool // by emit, be it at the last page
	holes      bool // a row could not be read
}

func (w *walk) set(since, order string) {
	w.query.Set("limit", strconv.Itoa(pageSize))
	w.query.Set("order_by", order)
	if since != "" {
		w.query.Set("filter[updated_at][gte]", since)
	}
}

func (w *walk) head(ctx context.Context, before string) (model.SyncResult, error) {
	whole, _, err := w.run(ctx, "", func(string) string { return "" })
	if err != nil || !whole && parsePosition(before).Checkpoint != "" {
		// Only a whole run moves a checkpoint.
		return model.SyncResult{Cursor: before}, err
	}
	return model.SyncResult{Cursor: position{Checkpoint: w.checkpoint}.String(), Complete: whole && !w.stopped && !w.holes}, nil
}

func (w *walk) full(ctx context.Context, next, since string) (model.SyncResult, error) {
	whole, next, err := w.run(ctx, next, func(next string) string { return position{Next: next, Since: since}.String() })
	if whole {
		// The walk was oldest first, so what it saw last is where heads go on.
		return model.SyncResult{Cursor: position{Checkpoint: w.checkpoint}.String(), Complete: !w.stopped && !w.holes}, err
	}
	if next == "" {
		return model.SyncResult{}, err
	}
	return model.SyncResult{Cursor: position{Next: next, Since: since}.String()}, err
}

// run follows the cursors from next to the end. after gives our cursor for
// the page that follows. A refused cursor restarts the run, once. left is the
// cursor of the first page that was not taken.
func (w *walk) run(ctx context.Context, next string, after func(next string) string) (whole bool, left string, err error) {
	followed := map[string]bool{}
	restarted := false
	for pages := 0; pages < maxPages; pages++ {
		w.query.Del("cursor")
		if next != "" {
			w.query.Set("cursor", next)
		}
		page, err := w.provider.client.list(ctx, w.query)
		if err != nil {
			if next != "" && !restarted && cursorRefused(err) {
				w.provider.account.Logf("a cursor was refused, the walk starts again")
				next, restarted = "", true
				clear(followed)
				continue
			}
			return false, next, err
		}
		batch := model.Batch{Conversations: w.convert(page.rows), Total: -1}
		if page.next != "" {
			batch.Cursor = after(page.next)
		}
		more, err := w.emit(batch)
		w.stopped = !more
		switch {
		case err != nil:
			return false, next, err
		case page.next == "":
			return true, "", nil
		case !more:
			return false, page.next, nil
		case followed[page.next]:
			return false, "", providers.Malformed(endpointList.Name, "the service repeats a cursor")
		}
		followed[page.next] = true
		next = page.next
	}
	return false, "", providers.Malformed(endpointList.Name, fmt.Sprintf("the list did not end after %d pages", maxPages))
}

// convert gives the rows that are new or have changed since they were seen in
// this run, and notes the newest update time.
func (w *walk) convert(rows []json.RawMessage) []model.Conversation {
	out := make([]model.Conversation, 0, len(rows))
	in := w.provider.frame()
	for _, raw := range rows {
		c, err := convertRow(raw, in)
		if err != nil {
			w.provider.account.Logf("a row of the list was left out: %v", err)
			w.holes = true
			continue
		}
		if at, _ := providers.ParseTime(w.checkpoint); c.Updated.After(at) {
			w.checkpoint = stamp(c.Updated)
		}
		if was, ok := w.seen[c.Ref.ID]; ok && was.Equal(c.Updated) {
			continue
		}
		w.seen[c.Ref.ID] = c.Updated
		out = append(out, c.Conversation)
	}
	return out
}

// cursorRefused reports whether an error complains of the cursor.
func cursorRefused(err error) bool {
	e := model.AsError(err)
	if e.Status != http.StatusBadRequest && e.Status != http.StatusUnprocessableEntity {
		return false
	}
	text := e.Message + " " + e.Code
	for _, f := range e.Fields {
		text += " " + f.Field + " " + f.Message
	}
	return strings.Contains(strings.ToLower(text), "cursor")
}

// maxContactFilter is how many contacts one filter takes.
const maxContactFilter = 25

// filter gives what the service can narrow by itself: titles, through its
// search, and contacts, by id or by an address that is exactly a contact's.
// There is no filter by owner, tag, privacy or internal. An upper time limit
// is left to the caller: no field that has a filter is sure to be below it.
func (p *provider) filter(ctx context.Context, f model.Filter) (url.Values, error) {
	q := url.Values{}
	if text := first(f.Title, f.Text); text != "" {
		q.Set("search", text)
	}
	var ids []string
	for _, who := range f.Participants {
		if contactID.MatchString(who) {
			ids = append(ids, who)
			continue
		}
		found, err := p.contactsOf(ctx, who)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return q, nil // perhaps a user: only the caller can tell
		}
		ids = append(ids, found...)
	}
	switch n := len(ids); {
	case n == 1:
		q.Set("filter[contact_ids][eq]", ids[0])
	case n > 1 && n <= maxContactFilter:
		q.Set("filter[contact_ids][in]", strings.Join(ids, ","))
	}
	return q, nil
}

// contactsOf finds the contacts with exactly this address. A credential
// without the scope for it finds none.
func (p *provider) contactsOf(ctx context.Context, address string) ([]string, error) {
	if !strings.Contains(address, "@") {
		return nil, nil
	}
	page, err := p.client.plain(ctx, endpointContacts, url.Values{"search": {address}, "limit": {strconv.Itoa(pageSize)}})
	if model.KindOf(err) == model.Forbidden {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []string
	for _, raw := range page.rows {
		o, _ := providers.ParseObject(raw)
		c := person(o, model.KindContact, &providers.Facts{}, "")
		if contactID.MatchString(c.ID) && hasAddress(raw, address) {
			out = append(out, c.ID)
		}
	}
	return out, nil
}

func hasAddress(contact json.RawMessage, address string) bool {
	o, _ := providers.ParseObject(contact)
	emails, _ := o.List("emails")
	for _, e := range emails {
		if strings.EqualFold(e.Text("email"), address) {
			return true
		}
	}
	return false
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
