package kona

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
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
	client *providers.Client
	gate   providers.Gate // of one place, taken while a listing or an id is read

	mu       sync.Mutex
	entries  map[single]*model.Participant // nil is one that cannot be had
	listings map[listing]progress
}

// single is one id of a resource.
type single struct {
	key resource
	id  string
}

// listing is one of a resource: those of a space, or of all.
type listing struct {
	key   resource
	scope string
}

// hiddenSpaces is the scope of the spaces that are left out of the plain list.
const hiddenSpaces = "hidden"

// progress is how far a listing was read: the page to go on with, "" after its end, when it may be read again, and how
// it failed.
type progress struct {
	at  string
	due time.Time
	err error
}

// name returns what is known of an id, for convert.
func (d *directory) name(s single) (who model.Participant) {
	if p, _ := d.entry(s); p != nil {
		who = *p
	}
	return who
}

func (d *directory) entry(s single) (p *model.Participant, tried bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	p, tried = d.entries[s]
	return p, tried
}

func (d *directory) known(s single) bool {
	p, _ := d.entry(s)
	return p != nil
}

func (d *directory) unknown(s single) bool {
	_, tried := d.entry(s)
	return isID(s.id) && !tried
}

func (d *directory) put(s single, p *model.Participant) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.entries) < maxNames {
		d.entries[s] = p
	}
}

// keep takes a user, a group or a space as it was listed or read.
func (d *directory) keep(key resource, raw json.RawMessage) (model.Participant, bool) {
	p, ok := convertNamed(key, raw)
	if ok {
		d.put(single{key, p.ID}, &p)
	}
	return p, ok
}

// mentioned is whom and what one conversation names.
type mentioned struct {
	raw   json.RawMessage
	space string
	ids   []single
}

// mentionedIn returns the ids in a conversation.
func mentionedIn(raw json.RawMessage) mentioned {
	o, _ := providers.ObjectOf(raw)
	m := mentioned{space: o.Text("space_id")}
	m.ids = append(m.ids, single{spaces, m.space}, single{users, o.Text("creator_id")})
	for _, l := range lists {
		entries, _ := providers.Elements(o.Peek(l.field))
		for _, e := range entries {
			entry, _ := providers.ObjectOf(e)
			m.ids = append(m.ids, single{l.key, entry.Text(l.id)})
		}
	}
	return m
}

func (d *directory) misses(m mentioned, key resource) bool {
	return slices.ContainsFunc(m.ids, func(s single) bool { return s.key == key && d.unknown(s) })
}

// everywhere reads the lists of all spaces, of all users one is connected with and of all groups, each where an id of
// it is unknown, and with anew also where it is old. left is how many requests may be made, and is counted down.
func (d *directory) everywhere(ctx context.Context, left *int, all []mentioned, anew bool) {
	for _, key := range []resource{spaces, users, groups} {
		wanted := slices.ContainsFunc(all, func(m mentioned) bool { return d.misses(m, key) })
		if _, tried := d.progress(listing{key: key}); wanted || anew && tried {
			d.read(ctx, left, listing{key: key})
			if key == spaces {
				d.read(ctx, left, listing{spaces, hiddenSpaces})
			}
		}
	}
}

// inSpaces reads the users and groups of the spaces of conversations that name ids which are unknown.
func (d *directory) inSpaces(ctx context.Context, left *int, all []mentioned) {
	for _, m := range all {
		for _, l := range lists {
			if m.space != "" && d.misses(m, l.key) {
				d.read(ctx, left, listing{l.key, m.space})
			}
		}
	}
}

func (d *directory) progress(l listing) (progress, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	so, tried := d.listings[l]
	return so, tried
}

// read reads a listing that is due, or goes on with it.
func (d *directory) read(ctx context.Context, left *int, l listing) {
	if *left <= 0 || d.gate.Enter(ctx) != nil {
		return
	}
	defer d.gate.Leave()
	so, _ := d.progress(l)
	if so.at == "" && time.Now().Before(so.due) {
		return
	}
	asked := 0
	walk := pages(d.client, l.key, min(*left, maxDirectoryPages), func(page int) providers.Call {
		return named(l.key, l.scope, "", page, perPage)
	})
	walked, err := walk.Run(ctx, so.at, func(p providers.RawPage) (bool, error) {
		asked++
		for _, raw := range p.Rows {
			d.keep(l.key, raw)
		}
		return true, nil
	})
	*left -= max(1, asked)
	so = progress{due: time.Now().Add(namesAge), err: err}
	switch model.KindOf(err) {
	case "":
		if pageNumber(walked.At) <= maxDirectoryPages {
			so.at = walked.At
		}
	case model.Forbidden, model.NotFound, model.Unsupported:
	case model.Canceled:
		return
	default:
		so.due = time.Now().Add(namesPause)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.listings[l] = so
}

// lookUp reads ids that no listing brought, a bounded number of them, and remembers those that cannot be had. It stops
// where the next would fail as well.
func (d *directory) lookUp(ctx context.Context, ids []single) {
	asked := 0
	for _, s := range ids {
		switch {
		case !d.unknown(s):
			continue
		case asked == maxSingleNames || d.gate.Enter(ctx) != nil:
			return
		}
		asked++
		ok := !d.unknown(s) || d.lookUpOne(ctx, s)
		d.gate.Leave()
		if !ok {
			return
		}
	}
}

func (d *directory) lookUpOne(ctx context.Context, s single) bool {
	raw, err := s.key.first(d.client.Do(ctx, calls.Directories[s.key].One.Of(s.id, nil)))
	switch model.KindOf(err) {
	case "":
		d.keep(s.key, raw)
	case model.NotFound, model.Forbidden, model.Malformed:
	default:
		return false
	}
	if !d.known(s) {
		d.put(s, nil) // whatever came of it, it is not asked again
	}
	return true
}

// spaces returns the spaces, sorted by name, and why there are none where they could not be listed.
func (d *directory) spaces() (out []model.Participant, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for s, p := range d.entries {
		if s.key == spaces && p != nil {
			out = append(out, *p)
		}
	}
	model.SortPeople(out)
	return out, d.listings[listing{key: spaces}].err
}

// Lookup implements model.Provider. Users and groups are found by id, or by how their name (or a user's address)
// begins, which is what the service's like does; Scope is a space. Spaces are listed once and matched here.
func (p *provider) Lookup(ctx context.Context, req model.LookupRequest) (out model.LookupPage, err error) {
	req.Limit = cmp.Or(max(0, req.Limit), providers.LookupLimit)
	req.Text = strings.TrimSpace(req.Text)
	key := resource("")
	for k, r := range calls.Directories {
		if r.Kind == string(req.Kind) {
			key = k
		}
	}
	switch {
	case key == "":
		return out, providers.Unsupported("look up", "Kona has no directory of this kind: "+string(req.Kind))
	case key == spaces:
		return p.lookUpSpaces(ctx, req)
	case req.Scope != "" && !isID(req.Scope):
		return out, checkID("look up "+string(key), "space", req.Scope)
	case isID(req.Text):
		return p.lookUpOne(ctx, key, req.Text)
	}
	number, size := pageNumber(req.Cursor), min(req.Limit, perPage)
	found, err := key.items(p.Client.Do(ctx, named(key, req.Scope, req.Text, number, size)))
	for _, raw := range found {
		if who, ok := p.directory.keep(key, raw); ok {
			out.Items = append(out.Items, who)
		}
	}
	if len(found) >= min(size, surePage) {
		out.Cursor = strconv.Itoa(number + 1) // the page may also have been the last: then the next one is empty
	}
	return out, err
}

func (p *provider) lookUpOne(ctx context.Context, key resource, id string) (model.LookupPage, error) {
	raw, err := key.first(p.Client.Do(ctx, calls.Directories[key].One.Of(id, nil)))
	who, ok := p.directory.keep(key, raw)
	if err == nil && !ok {
		return model.LookupPage{}, nil
	}
	return providers.FoundOne(who, err)
}

func (p *provider) lookUpSpaces(ctx context.Context, req model.LookupRequest) (model.LookupPage, error) {
	left := maxNameRequests
	p.directory.read(ctx, &left, listing{key: spaces})
	p.directory.read(ctx, &left, listing{spaces, hiddenSpaces})
	if err := ctx.Err(); err != nil {
		return model.LookupPage{}, providers.GivenUp("list spaces", err)
	}
	all, err := p.directory.spaces()
	if err != nil {
		return model.LookupPage{}, err
	}
	all = slices.DeleteFunc(all, func(s model.Participant) bool { return s.ID != req.Text && !providers.Holds(req.Text, s.Name) })
	if len(all) == 0 && isID(req.Text) {
		return p.lookUpOne(ctx, spaces, req.Text)
	}
	return providers.CutPage(all, req), nil
}
