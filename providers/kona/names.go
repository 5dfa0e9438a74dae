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

	"golang.org/x/sync/semaphore"

	"confab/model"
	"confab/providers"
)

// Bounds of the reading of names.
const (
	maxNameRequests   = 60 // for one sync, or for one conversation
	maxDirectoryPages = 50 // of one listing
	maxSingleNames    = 20 // ids that are read one by one for one conversation
	maxNames          = 50_000
	// namesPause is how long a listing is not read again after a failure, namesAge how long after a success.
	namesPause = time.Minute
	namesAge   = 12 * time.Hour
)

// directory keeps the names of spaces, users and groups during a run. It reads them from the listings of all spaces, users and
// groups, then from the listings of the users and groups of single spaces, then id by id, and each time only if ids are still
// unknown. It also remembers which ids can't be read. Names are optional, so no failure here fails anything else.
type directory struct {
	client  *providers.Client
	reading *semaphore.Weighted // held while a listing or an id is read

	mu       sync.Mutex
	entries  map[entity]*model.Participant // nil for an id that can't be read
	listings map[listing]progress
}

// entity is a user, a group or a space.
type entity struct {
	key resource
	id  string
}

// listing is a list of users, groups or spaces: of one space, or of all if scope is "".
type listing struct {
	key   resource
	scope string
}

// hiddenSpaces is the scope of the hidden spaces, which the list of all spaces leaves out.
const hiddenSpaces = "hidden"

// progress describes how far a listing was read.
type progress struct {
	next string    // the place of the next page; "" at the end
	due  time.Time // when the listing may be read again
	err  error     // of the last read
}

// name returns what is known of an entity.
func (d *directory) name(e entity) (p model.Participant) {
	if found, _ := d.entry(e); found != nil {
		p = *found
	}
	return p
}

func (d *directory) entry(e entity) (p *model.Participant, tried bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	p, tried = d.entries[e]
	return p, tried
}

func (d *directory) isKnown(e entity) bool {
	p, _ := d.entry(e)
	return p != nil
}

// isUntried reports whether a name is unknown and may still be found.
func (d *directory) isUntried(e entity) bool {
	_, tried := d.entry(e)
	return isID(e.id) && !tried
}

func (d *directory) put(e entity, p *model.Participant) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.entries) < maxNames {
		d.entries[e] = p
	}
}

// keep converts and stores a user, a group or a space.
func (d *directory) keep(key resource, raw json.RawMessage) (model.Participant, bool) {
	p, ok := convertEntity(key, raw)
	if ok {
		d.put(entity{key, p.ID}, &p)
	}
	return p, ok
}

// mentions holds the entities that one conversation refers to.
type mentions struct {
	raw      json.RawMessage
	space    string
	entities []entity
}

func mentionsOf(raw json.RawMessage) mentions {
	o, _ := providers.ObjectOf(raw)
	m := mentions{space: o.Text("space_id")}
	m.entities = append(m.entities, entity{spaces, m.space}, entity{users, o.Text("creator_id")})
	for _, l := range lists {
		members, _ := providers.Elements(o.Peek(l.field))
		for _, member := range members {
			o, _ := providers.ObjectOf(member)
			m.entities = append(m.entities, entity{l.key, o.Text(l.id)})
		}
	}
	return m
}

func (d *directory) lacks(m mentions, key resource) bool {
	return slices.ContainsFunc(m.entities, func(e entity) bool { return e.key == key && d.isUntried(e) })
}

// readAll reads the listings of all spaces, users and groups that may name an untried id. If refresh is set, it also reads those
// that are old. budget is the number of requests left, which it reduces.
func (d *directory) readAll(ctx context.Context, budget *int, all []mentions, refresh bool) {
	for _, key := range []resource{spaces, users, groups} {
		wanted := slices.ContainsFunc(all, func(m mentions) bool { return d.lacks(m, key) })
		if _, tried := d.progress(listing{key: key}); wanted || refresh && tried {
			d.read(ctx, budget, listing{key: key})
			if key == spaces {
				d.read(ctx, budget, listing{spaces, hiddenSpaces})
			}
		}
	}
}

// readSpaces reads the users and groups of the spaces of conversations that still have untried ids.
func (d *directory) readSpaces(ctx context.Context, budget *int, all []mentions) {
	for _, m := range all {
		for _, l := range lists {
			if m.space != "" && d.lacks(m, l.key) {
				d.read(ctx, budget, listing{l.key, m.space})
			}
		}
	}
}

func (d *directory) progress(l listing) (p progress, tried bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	p, tried = d.listings[l]
	return p, tried
}

// read reads a listing, or the rest of it, if it is due.
func (d *directory) read(ctx context.Context, budget *int, l listing) {
	if *budget <= 0 || d.reading.Acquire(ctx, 1) != nil {
		return
	}
	defer d.reading.Release(1)
	before, _ := d.progress(l)
	if before.next == "" && time.Now().Before(before.due) {
		return
	}
	asked := 0
	walk := pages(d.client, l.key, min(*budget, maxDirectoryPages), func(page int) providers.Call {
		return entries(l.key, l.scope, "", page, perPage)
	})
	walked, err := walk.Run(ctx, before.next, func(p providers.RawPage) (bool, error) {
		asked++
		for _, raw := range p.Rows {
			d.keep(l.key, raw)
		}
		return true, nil
	})
	*budget -= max(1, asked)
	now := progress{due: time.Now().Add(namesAge), err: err}
	switch model.KindOf(err) {
	case "":
		if pageNumber(walked.Next) <= maxDirectoryPages {
			now.next = walked.Next
		}
	case model.Forbidden, model.NotFound, model.Unsupported:
	case model.Canceled:
		return
	default:
		now.due = time.Now().Add(namesPause)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.listings[l] = now
}

// readSingly reads up to maxSingleNames untried ids one by one. It stops at an error that would also fail the next.
func (d *directory) readSingly(ctx context.Context, all []entity) {
	asked := 0
	for _, e := range all {
		switch {
		case !d.isUntried(e):
			continue
		case asked == maxSingleNames || d.reading.Acquire(ctx, 1) != nil:
			return
		}
		asked++
		ok := !d.isUntried(e) || d.readOne(ctx, e)
		d.reading.Release(1)
		if !ok {
			return
		}
	}
}

func (d *directory) readOne(ctx context.Context, e entity) bool {
	raw, err := e.key.first(d.client.Do(ctx, calls.Directories[e.key].One.Of(e.id, nil)))
	switch model.KindOf(err) {
	case "":
		d.keep(e.key, raw)
	case model.NotFound, model.Forbidden, model.Malformed:
	default:
		return false
	}
	if !d.isKnown(e) {
		d.put(e, nil)
	}
	return true
}

// spaces returns the known spaces, sorted by name, and the error of the last reading of their list.
func (d *directory) spaces() (out []model.Participant, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for e, p := range d.entries {
		if e.key == spaces && p != nil {
			out = append(out, *p)
		}
	}
	model.SortPeople(out)
	return out, d.listings[listing{key: spaces}].err
}

// Lookup implements model.Provider. Users and groups are found by id, or by the beginning of their name or of a user's address,
// which is what the parameter like matches. The scope is a space. Spaces are read once and searched here.
func (p *provider) Lookup(ctx context.Context, req model.LookupRequest) (out model.LookupPage, err error) {
	req.Limit = cmp.Or(max(0, req.Limit), providers.LookupLimit)
	req.Text = strings.TrimSpace(req.Text)
	key := resource(req.Kind + "s")
	_, known := calls.Directories[key]
	switch {
	case !known:
		return out, providers.Unsupported("look up", "Kona has no directory of this kind: "+string(req.Kind))
	case key == spaces:
		return p.lookUpSpaces(ctx, req)
	case req.Scope != "" && !isID(req.Scope):
		return out, checkID("look up "+string(key), "space", req.Scope)
	case isID(req.Text):
		return p.lookUpID(ctx, key, req.Text)
	}
	number, size := pageNumber(req.Cursor), min(req.Limit, perPage)
	found, err := key.items(p.Client.Do(ctx, entries(key, req.Scope, req.Text, number, size)))
	for _, raw := range found {
		if who, ok := p.directory.keep(key, raw); ok {
			out.Items = append(out.Items, who)
		}
	}
	if len(found) >= min(size, defaultPage) {
		out.Cursor = strconv.Itoa(number + 1) // the next page may be empty
	}
	return out, err
}

func (p *provider) lookUpID(ctx context.Context, key resource, id string) (model.LookupPage, error) {
	raw, err := key.first(p.Client.Do(ctx, calls.Directories[key].One.Of(id, nil)))
	who, ok := p.directory.keep(key, raw)
	if err == nil && !ok {
		return model.LookupPage{}, nil
	}
	return providers.PageOfOne(who, err)
}

func (p *provider) lookUpSpaces(ctx context.Context, req model.LookupRequest) (model.LookupPage, error) {
	budget := maxNameRequests
	p.directory.read(ctx, &budget, listing{key: spaces})
	p.directory.read(ctx, &budget, listing{spaces, hiddenSpaces})
	if err := ctx.Err(); err != nil {
		return model.LookupPage{}, providers.GivenUp("list spaces", err)
	}
	all, err := p.directory.spaces()
	if err != nil {
		return model.LookupPage{}, err
	}
	page := providers.Search(all, req)
	if len(page.Items) == 0 && isID(req.Text) {
		return p.lookUpID(ctx, spaces, req.Text)
	}
	return page, nil
}
