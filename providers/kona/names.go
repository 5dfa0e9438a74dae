package kona

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"confab/model"
	"confab/providers"
)

// Bounds of what is read to give ids names.
const (
	maxNameRequests   = 60 // of one sync, or of one conversation
	maxUnnamed        = 2_000
	maxDirectoryPages = 50 // of one listing: five thousand
	maxSingleNames    = 20 // ids looked up one by one for one conversation
	maxNames          = 50_000
	// namesPause is how long a listing that failed is left alone, namesAge how long one that was read is good.
	namesPause = time.Minute
	namesAge   = 12 * time.Hour
)

// directory keeps the names of spaces, users and groups for the run: from listings of the spaces, of the users and of
// the groups, listings of the users and groups of single spaces, and single reads, each only for ids that are still
// unknown; what cannot be had is remembered too. Names are a courtesy: a failure here fails nothing else.
type directory struct {
	client client
	gate   chan struct{} // of one place, taken while a listing or an id is read

	mu       sync.Mutex
	spaces   map[string]string
	users    map[string]model.Participant
	groups   map[string]string
	missed   map[string]bool // "user:12"
	listings map[string]listing
	failed   error // how the listing of the spaces failed
}

// listing is how far a listing was read: the page to go on with, 0 after its end, and when it may be read again.
type listing struct {
	page int
	due  time.Time
}

func newDirectory(c client) *directory {
	return &directory{client: c, gate: make(chan struct{}, 1), spaces: map[string]string{}, users: map[string]model.Participant{},
		groups: map[string]string{}, missed: map[string]bool{}, listings: map[string]listing{}}
}

// names gives what is known, for convert.
func (d *directory) names() names {
	return names{
		user: func(id string) model.Participant {
			d.mu.Lock()
			defer d.mu.Unlock()
			return d.users[id]
		},
		group: func(id string) string {
			d.mu.Lock()
			defer d.mu.Unlock()
			return d.groups[id]
		},
		space: func(id string) string {
			d.mu.Lock()
			defer d.mu.Unlock()
			return d.spaces[id]
		},
	}
}

// enter waits for the place; leave gives it back.
func (d *directory) enter(ctx context.Context) bool {
	select {
	case d.gate <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (d *directory) leave() { <-d.gate }

// mentioned is whom and what one conversation names.
type mentioned struct {
	space string
	ids   []single
}

// everywhere reads the lists of all spaces, of all users one is connected with and of all groups, each where an id of
// it is unknown, and with anew also where it is old. left is how many requests may be made, and is counted down.
func (d *directory) everywhere(ctx context.Context, left *int, all []mentioned, anew bool) {
	wanted := func(what, key string) bool {
		return anew && d.tried(what) || slices.ContainsFunc(all, func(m mentioned) bool { return d.misses(m, key) })
	}
	if wanted("spaces", "spaces") {
		d.listSpaces(ctx, left)
	}
	if wanted("users:", "users") {
		d.walk(ctx, left, "users:", "users", func(page int) providers.Call { return d.client.listUsers("", "", page, perPage) })
	}
	if wanted("groups:", "groups") {
		d.walk(ctx, left, "groups:", "groups", func(page int) providers.Call { return d.client.listGroups("", "", page, perPage) })
	}
}

func (d *directory) tried(what string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, tried := d.listings[what]
	return tried
}

// inSpaces reads the users and groups of the spaces of conversations that name ids which are unknown.
func (d *directory) inSpaces(ctx context.Context, left *int, all []mentioned) {
	for _, m := range all {
		if m.space == "" {
			continue
		}
		if d.misses(m, "users") {
			d.walk(ctx, left, "users:"+m.space, "users", func(page int) providers.Call { return d.client.listUsers(m.space, "", page, perPage) })
		}
		if d.misses(m, "groups") {
			d.walk(ctx, left, "groups:"+m.space, "groups", func(page int) providers.Call { return d.client.listGroups(m.space, "", page, perPage) })
		}
	}
}

// listSpaces reads the spaces, those that are hidden too.
func (d *directory) listSpaces(ctx context.Context, left *int) {
	listed := func(what string, hidden bool) (read bool, err error) {
		return d.walk(ctx, left, what, "spaces", func(page int) providers.Call { return d.client.listSpaces(hidden, page) })
	}
	if read, err := listed("spaces", false); read {
		d.mu.Lock()
		d.failed = err
		d.mu.Unlock()
	}
	_, _ = listed("spaces hidden", true)
}

func (d *directory) misses(m mentioned, key string) bool {
	return slices.ContainsFunc(m.ids, func(s single) bool { return s.key == key && d.unknown(s) })
}

// walk reads a listing that is due, or goes on with it. read is false where nothing was asked.
func (d *directory) walk(ctx context.Context, left *int, what, key string, call func(page int) providers.Call) (read bool, err error) {
	if *left <= 0 || !d.enter(ctx) {
		return false, nil
	}
	defer d.leave()
	d.mu.Lock()
	at, tried := d.listings[what]
	d.mu.Unlock()
	if tried && at.page == 0 && time.Now().Before(at.due) {
		return false, nil
	}
	p := newPager(at.page)
	from := p.page
	end, _, err := p.walk(ctx, d.client, key, min(*left, maxDirectoryPages), call, func(raw json.RawMessage) { d.keep(key, raw) })
	*left -= max(1, p.page-from)
	at = listing{due: time.Now().Add(namesAge)}
	switch model.KindOf(err) {
	case "":
		if !end && p.page <= maxDirectoryPages {
			at.page = p.page
		}
	case model.Forbidden, model.NotFound, model.Unsupported:
	case model.Canceled:
		return true, err
	default:
		at.due = time.Now().Add(namesPause)
	}
	d.mu.Lock()
	d.listings[what] = at
	d.mu.Unlock()
	return true, err
}

// keep takes a name from a directory row.
func (d *directory) keep(key string, raw json.RawMessage) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.users)+len(d.groups)+len(d.spaces) >= maxNames {
		return
	}
	switch key {
	case "users":
		if u, ok := convertUser(raw); ok {
			d.users[u.ID] = u
		}
	case "groups":
		if g, ok := convertGroup(raw); ok {
			d.groups[g.ID] = g.Name
		}
	case "spaces":
		if s, ok := convertSpace(raw); ok {
			d.spaces[s.ID] = s.Name
		}
	}
}

// single is one id to be looked up.
type single struct {
	key string // users, groups or spaces
	id  string
}

// lookUp reads ids that no walk brought, a bounded number of them, and remembers those that cannot be had.
func (d *directory) lookUp(ctx context.Context, ids []single) {
	asked := 0
	for _, s := range ids {
		if asked == maxSingleNames {
			return
		}
		if !d.unknown(s) {
			continue
		}
		asked++
		if !d.lookUpOne(ctx, s) {
			return
		}
	}
}

// lookUpOne reads one id; false says that the next would fail as well.
func (d *directory) lookUpOne(ctx context.Context, s single) bool {
	if !d.enter(ctx) {
		return false
	}
	defer d.leave()
	if !d.unknown(s) {
		return true
	}
	raw, err := d.read(ctx, s)
	switch model.KindOf(err) {
	case "":
		d.keep(s.key, raw)
	case model.NotFound, model.Forbidden, model.Malformed:
	default:
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.missed) < maxNames {
		d.missed[s.key+":"+s.id] = true // whatever came of it, it is not asked again
	}
	return true
}

func (d *directory) unknown(s single) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return isID(s.id) && !d.missed[s.key+":"+s.id] && !d.has(s)
}

// known reports whether an id has been read.
func (d *directory) known(s single) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.has(s)
}

func (d *directory) has(s single) (ok bool) {
	switch s.key {
	case "users":
		_, ok = d.users[s.id]
	case "groups":
		_, ok = d.groups[s.id]
	case "spaces":
		_, ok = d.spaces[s.id]
	}
	return ok
}

func (d *directory) read(ctx context.Context, s single) (json.RawMessage, error) {
	e := map[string]providers.Endpoint{"users": getUserEndpoint, "groups": getGroupEndpoint, "spaces": getSpaceEndpoint}[s.key]
	answer, err := d.client.Do(ctx, d.client.getOne(e, s.id))
	if err != nil {
		return nil, err
	}
	return one(answer, s.key)
}

// spaceError says why there are no spaces, nil where they could be listed.
func (d *directory) spaceError() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.failed
}

// spaceList gives the spaces, sorted by name.
func (d *directory) spaceList() []model.Participant {
	d.mu.Lock()
	out := make([]model.Participant, 0, len(d.spaces))
	for id, name := range d.spaces {
		out = append(out, model.Participant{Kind: string(model.LookupSpaces), ID: id, Name: name})
	}
	d.mu.Unlock()
	model.SortPeople(out)
	return out
}

// pager decides where a walk ends: the API gives no total and no link, may cap per_page in silence, and rows shift
// while pages are read.
type pager struct {
	page int
	seen map[string]struct{}
}

func newPager(page int) *pager { return &pager{page: max(1, page), seen: map[string]struct{}{}} }

// take notes a page. fresh holds what had not come before; end says that the walk is over, and whole that it was over
// because there is nothing more.
func (p *pager) take(page []json.RawMessage) (fresh []json.RawMessage, end, whole bool) {
	for _, raw := range page {
		id := idOf(raw)
		if _, again := p.seen[id]; again && id != "" {
			continue
		}
		p.seen[id] = struct{}{}
		fresh = append(fresh, raw)
	}
	p.page++
	switch {
	case len(page) < surePage:
		return fresh, true, true
	case len(fresh) == 0:
		return nil, true, false // a server that does not look at page
	}
	return fresh, false, false
}

// walk reads a list on to its end, or a number of pages; each row comes once. whole is false where more may be there.
func (p *pager) walk(ctx context.Context, c client, key string, pages int, call func(page int) providers.Call, each func(json.RawMessage)) (end, whole bool, err error) {
	for range pages {
		sent := call(p.page)
		answer, err := c.Do(ctx, sent)
		if err != nil {
			return false, false, err
		}
		list, err := items(answer, key)
		if err != nil {
			return false, false, named(err, sent.Name)
		}
		fresh, end, whole := p.take(list)
		for _, raw := range fresh {
			each(raw)
		}
		if end {
			return true, whole, nil
		}
	}
	return false, false, nil
}

// named gives an error the name of what was being done.
func named(err error, op string) error {
	e := *model.AsError(err)
	if e.Op == "" {
		e.Op = op
	}
	return &e
}
