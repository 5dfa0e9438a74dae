package attention

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"confab/model"
	"confab/providers"
)

const (
	// maxPages bounds a walk, in pages.
	maxPages = 20_000
	// maxRepeats is how many pages in a row may bring nothing new before the
	// service counts as ignoring the page number.
	maxRepeats = 2
	// slack widens date filters: which time they test, and whether the ends
	// are part of it, is not documented.
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

// last reports whether no page follows the one at p, which brought rows of
// which fresh were new; p counts them already. The service may cap pages below
// the size asked for, so a page count is believed only while the total does
// not say otherwise, and without any count a page is short only beside a
// fuller one.
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

// Sync walks the list by page number. Rows are given once however often the
// moving list repeats them.
func (p *provider) Sync(ctx context.Context, req model.SyncRequest, emit func(model.Batch) (bool, error)) (model.SyncResult, error) {
	at := position{Page: 1}
	if req.Mode == model.SyncFull {
		at = parsePosition(req.Cursor)
	}
	in := p.frame(ctx)
	filter := p.filter(req, in)
	seen := map[string]bool{}
	repeats, holes, resumed := 0, false, at.Page > 1
	for {
		unfinished := model.SyncResult{}
		if req.Mode == model.SyncFull {
			unfinished.Cursor = at.String()
		}
		page, err := p.client.list(ctx, at.Page, filter)
		if err != nil {
			return unfinished, err
		}
		batch := model.Batch{Total: -1}
		if page.total > 0 {
			batch.Total = page.total
		}
		readable := 0
		for _, raw := range page.rows {
			c, err := convertRow(raw, in)
			if err != nil {
				p.account.Logf("a row of the list was left out: %v", err)
				holes = true
				continue
			}
			readable++
			if id := c.Ref.ID; !seen[id] {
				seen[id] = true
				batch.Conversations = append(batch.Conversations, c.Conversation)
			}
		}
		if readable == 0 && len(page.rows) > 0 {
			return unfinished, providers.Malformed("list conversations", "no row of the list can be read")
		}
		at.Seen += len(page.rows)
		at.Most = max(at.Most, len(page.rows))
		last := at.last(page, len(batch.Conversations))
		at.Page++
		// A page of nothing but repeats, or fewer rows than the service counts,
		// means that the list moved or the page number was ignored.
		holes = holes || len(page.rows) > 0 && len(batch.Conversations) == 0
		if last && !resumed && len(seen) < page.total {
			holes = true
		}
		if len(batch.Conversations) > 0 {
			repeats = 0
		} else if repeats++; repeats >= maxRepeats && !last {
			return model.SyncResult{}, providers.Malformed("list conversations", "the service repeats pages of its list")
		}
		if !last && req.Mode == model.SyncFull {
			batch.Cursor = at.String()
		}
		more, err := emit(batch)
		if err != nil {
			return unfinished, err
		}
		switch {
		case last:
			return model.SyncResult{Complete: more && !holes}, nil
		case !more:
			return model.SyncResult{Cursor: batch.Cursor}, nil
		case at.Page > maxPages:
			return model.SyncResult{}, providers.Malformed("list conversations", fmt.Sprintf("the list did not end after %d pages", maxPages))
		}
	}
}

// filter gives what the service can narrow by itself. Values that it would
// not understand are left to the caller, who matches again anyway.
func (p *provider) filter(req model.SyncRequest, in frame) url.Values {
	f := req.Filter
	q := url.Values{}
	if f.Title != "" {
		q.Set("filter[title]", f.Title)
	}
	switch mails := countMails(f.Owner); {
	case len(f.Owner) == 0:
	case mails == len(f.Owner):
		q["filter[owner.email]"] = f.Owner
	case mails == 0:
		q["filter[owner.id]"] = f.Owner
	}
	if n := len(f.Participants); n > 0 && countMails(f.Participants) == n {
		q["filter[participants.email]"] = f.Participants
	}
	if ids, ok := teamIDs(f.Team, in.teams); ok {
		q["filter[team.id]"] = ids
	}
	if f.HideInternal {
		q.Set("filter[hide_internal]", "true")
	}
	from := req.Since
	if from.IsZero() && p.account.Since > 0 {
		from = time.Now().Add(-p.account.Since)
	}
	if f.From.After(from) {
		from = f.From
	}
	if !from.IsZero() {
		q.Set("fromDateTime", stamp(from.Add(-slack)))
	}
	if !f.To.IsZero() {
		q.Set("toDateTime", stamp(f.To.Add(slack)))
	}
	return q
}

func stamp(t time.Time) string { return t.UTC().Truncate(time.Second).Format(time.RFC3339) }

func countMails(list []string) int {
	n := 0
	for _, s := range list {
		if strings.Contains(s, "@") {
			n++
		}
	}
	return n
}

// teamIDs turns ids and names of teams into ids; ok is false where there are
// none or one is not known.
func teamIDs(wanted []string, teams map[string]string) (ids []string, ok bool) {
next:
	for _, w := range wanted {
		if _, known := teams[w]; known {
			ids = append(ids, w)
			continue
		}
		for id, name := range teams {
			if strings.EqualFold(name, w) {
				ids = append(ids, id)
				continue next
			}
		}
		return nil, false
	}
	return ids, len(ids) > 0
}
