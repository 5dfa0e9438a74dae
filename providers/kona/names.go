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
	maxDirectoryPages = 50  // of one directory: five thousand
	maxNamedSpaces    = 200 // spaces whose people are listed in one run
	maxSingleNames    = 20  // ids looked up one by one for one conversation
	maxNames          = 50_000
	// namesPause is how long a listing that failed is left alone.
	namesPause = time.Minute
)

// Names of the walks of spaces.
const (
	walkSpaces = "spaces"
	walkHidden = "spaces hidden"
)

// directory keeps the names of spaces, users and groups for the run. It is filled by one walk of the spaces, of the
// users and of the groups, walks of the users and groups of single spaces, and single reads, each only for ids that
// are still unknown; what cannot be had is remembered too. Names are a courtesy: a failure here fails nothing else.
type directory struct {
	client client
	gate   chan struct{} // of one place, taken while something is read

	mu     sync.Mutex
	spaces map[string]string
	users  map[string]model.Participant
	groups map[string]string
	missed map[string]bool      // "user:12"
	done   map[string]time.Time // when a walk was made or tried; zero for one that is made for good
	failed error                // how the walk of the spaces failed
}

func newDirectory(c client) *directory {
	return &directory{client: c, gate: make(chan struct{}, 1), spaces: map[string]string{}, users: map[string]model.Participant{},
		groups: map[string]string{}, missed: map[string]bool{}, done: map[string]time.Time{}}
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

// due reports whether a walk is still to be made.
func (d *directory) due(what string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	at, tried := d.done[what]
	return !tried || !at.IsZero() && time.Since(at) >= namesPause
}

// made keeps how a walk ended.
func (d *directory) made(what string, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if what == walkSpaces {
		d.failed = err
	}
	switch model.KindOf(err) {
	case "", model.Forbidden, model.NotFound, model.Unsupported:
		d.done[what] = time.Time{}
	case model.Canceled:
		delete(d.done, what)
	default:
		d.done[what] = time.Now()
	}
}

// mentioned is whom and what one conversation names.
type mentioned struct {
	space string
	ids   []single
}

// prepare makes sure that the spaces have been listed, and whatever lists are needed to know the ids: all users one is
// connected with and all groups, and for ids that are not among those, the users and groups of their space.
func (d *directory) prepare(ctx context.Context, all ...mentioned) {
	if !d.enter(ctx) {
		return
	}
	defer d.leave()
	for _, hidden := range []bool{false, true} {
		what := walkSpaces
		if hidden {
			what = walkHidden
		}
		d.walk(ctx, what, "spaces", func(page int) providers.Call { return d.client.listSpaces(hidden, page) })
	}
	for _, everywhere := range []bool{true, false} {
		for _, m := range all {
			space := m.space
			if everywhere {
				space = ""
			}
			if !everywhere && space == "" || d.walks() > 2*maxNamedSpaces {
				continue
			}
			if d.misses(m, "users") {
				d.walk(ctx, "users:"+space, "users", func(page int) providers.Call { return d.client.listUsers(space, "", page, perPage) })
			}
			if d.misses(m, "groups") {
				d.walk(ctx, "groups:"+space, "groups", func(page int) providers.Call { return d.client.listGroups(space, "", page, perPage) })
			}
		}
	}
}

func (d *directory) misses(m mentioned, key string) bool {
	return slices.ContainsFunc(m.ids, func(s single) bool { return s.key == key && d.unknown(s) })
}

func (d *directory) walks() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.done)
}

func (d *directory) walk(ctx context.Context, what, key string, call func(page int) providers.Call) {
	if ctx.Err() != nil || !d.due(what) {
		return
	}
	_, _, err := walk(ctx, d.client, key, maxDirectoryPages, call, func(raw json.RawMessage) { d.keep(key, raw) })
	d.made(what, err)
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
	if !slices.ContainsFunc(ids, d.unknown) || !d.enter(ctx) {
		return
	}
	defer d.leave()
	asked := 0
	for _, s := range ids {
		if asked == maxSingleNames || ctx.Err() != nil {
			return
		}
		if !d.unknown(s) {
			continue
		}
		asked++
		raw, err := d.read(ctx, s)
		switch model.KindOf(err) {
		case "":
			d.keep(s.key, raw)
		case model.NotFound, model.Forbidden, model.Malformed:
		default:
			return
		}
		d.mu.Lock()
		if len(d.missed) < maxNames {
			d.missed[s.key+":"+s.id] = true // whatever came of it, it is not asked again
		}
		d.mu.Unlock()
	}
}

func (d *directory) unknown(s single) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s.id == "" || d.missed[s.key+":"+s.id] {
		return false
	}
	var known bool
	switch s.key {
	case "users":
		_, known = d.users[s.id]
	case "groups":
		_, known = d.groups[s.id]
	case "spaces":
		_, known = d.spaces[s.id]
	}
	return !known
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

// walk reads a list to its end or to a number of pages; each row comes once. whole is false where more may be there.
func walk(ctx context.Context, c client, key string, pages int, call func(page int) providers.Call, each func(json.RawMessage)) (rows int, whole bool, err error) {
	p := newPager(1)
	for range pages {
		sent := call(p.page)
		answer, err := c.Do(ctx, sent)
		if err != nil {
			return rows, false, err
		}
		list, err := items(answer, key)
		if err != nil {
			return rows, false, named(err, sent.Name)
		}
		fresh, end, whole := p.take(list)
		rows += len(fresh)
		for _, raw := range fresh {
			each(raw)
		}
		if end {
			return rows, whole, nil
		}
	}
	return rows, false, nil
}

// named gives an error the name of what was being done.
func named(err error, op string) error {
	e := *model.AsError(err)
	if e.Op == "" {
		e.Op = op
	}
	return &e
}
