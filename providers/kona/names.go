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
	gate   providers.Gate // of one place, taken while a listing or an id is read

	mu       sync.Mutex
	entries  map[single]model.Participant
	missed   map[single]bool
	listings map[listing]progress
	failed   error // how the listing of the spaces failed
}

// single is one id of a resource.
type single struct{ key, id string }

// listing is one of a resource: those of a space, or of all.
type listing struct{ key, scope string }

// hiddenSpaces is the scope of the spaces that are left out of the plain list.
const hiddenSpaces = "hidden"

// progress is how far a listing was read: the page to go on with, "" after its end, and when it may be read again.
type progress struct {
	at  string
	due time.Time
}

func newDirectory(c client) *directory {
	return &directory{client: c, gate: providers.NewGate(1), entries: map[single]model.Participant{}, missed: map[single]bool{},
		listings: map[listing]progress{}}
}

// name returns what is known of an id, for convert.
func (d *directory) name(s single) model.Participant {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.entries[s]
}

func (d *directory) known(s single) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, ok := d.entries[s]
	return ok
}

func (d *directory) unknown(s single) bool {
	return isID(s.id) && !d.known(s) && !d.hasMissed(s)
}

func (d *directory) hasMissed(s single) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.missed[s]
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
	m := mentioned{raw: raw, space: o.Text("space_id")}
	m.ids = append(m.ids, single{keySpaces, m.space}, single{keyUsers, o.Text("creator_id")})
	for _, list := range []struct{ field, id, key string }{{"participants", "user_id", keyUsers}, {"groups", "group_id", keyGroups}} {
		entries, _ := providers.Elements(o.Peek(list.field))
		for _, e := range entries {
			entry, _ := providers.ObjectOf(e)
			m.ids = append(m.ids, single{list.key, entry.Text(list.id)})
		}
	}
	return m
}

func (d *directory) misses(m mentioned, key string) bool {
	return slices.ContainsFunc(m.ids, func(s single) bool { return s.key == key && d.unknown(s) })
}

// everywhere reads the lists of all spaces, of all users one is connected with and of all groups, each where an id of
// it is unknown, and with anew also where it is old. left is how many requests may be made, and is counted down.
func (d *directory) everywhere(ctx context.Context, left *int, all []mentioned, anew bool) {
	for _, key := range []string{keySpaces, keyUsers, keyGroups} {
		wanted := anew && d.tried(listing{key: key}) || slices.ContainsFunc(all, func(m mentioned) bool { return d.misses(m, key) })
		switch {
		case wanted && key == keySpaces:
			d.listSpaces(ctx, left)
		case wanted:
			_, _ = d.read(ctx, left, listing{key: key})
		}
	}
}

func (d *directory) tried(l listing) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, tried := d.listings[l]
	return tried
}

// inSpaces reads the users and groups of the spaces of conversations that name ids which are unknown.
func (d *directory) inSpaces(ctx context.Context, left *int, all []mentioned) {
	for _, m := range all {
		for _, key := range []string{keyUsers, keyGroups} {
			if m.space != "" && d.misses(m, key) {
				_, _ = d.read(ctx, left, listing{key, m.space})
			}
		}
	}
}

// listSpaces reads the spaces, those that are hidden too.
func (d *directory) listSpaces(ctx context.Context, left *int) {
	if read, err := d.read(ctx, left, listing{key: keySpaces}); read {
		d.mu.Lock()
		d.failed = err
		d.mu.Unlock()
	}
	_, _ = d.read(ctx, left, listing{keySpaces, hiddenSpaces})
}

// read reads a listing that is due, or goes on with it. read is false where nothing was asked.
func (d *directory) read(ctx context.Context, left *int, l listing) (read bool, err error) {
	if *left <= 0 || d.gate.Enter(ctx) != nil {
		return false, nil
	}
	defer d.gate.Leave()
	d.mu.Lock()
	so, tried := d.listings[l]
	d.mu.Unlock()
	if tried && so.at == "" && time.Now().Before(so.due) {
		return false, nil
	}
	pages := 0
	walk := d.client.pages(l.key, min(*left, maxDirectoryPages), func(page int) providers.Call {
		return named(l.key, l.scope, "", page, perPage)
	})
	walked, err := walk.Run(ctx, so.at, func(p providers.RawPage) (bool, error) {
		pages++
		for _, raw := range p.Rows {
			d.keep(l.key, raw)
		}
		return true, nil
	})
	*left -= max(1, pages)
	so = progress{due: time.Now().Add(namesAge)}
	switch model.KindOf(err) {
	case "":
		if pageNumber(walked.At) <= maxDirectoryPages {
			so.at = walked.At
		}
	case model.Forbidden, model.NotFound, model.Unsupported:
	case model.Canceled:
		return true, err
	default:
		so.due = time.Now().Add(namesPause)
	}
	d.mu.Lock()
	d.listings[l] = so
	d.mu.Unlock()
	return true, err
}

func (d *directory) keep(key string, raw json.RawMessage) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if p, ok := convertNamed(key, raw); ok && len(d.entries) < maxNames {
		d.entries[single{key, p.ID}] = p
	}
}

// lookUp reads ids that no listing brought, a bounded number of them, and remembers those that cannot be had.
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
	if d.gate.Enter(ctx) != nil {
		return false
	}
	defer d.gate.Leave()
	if !d.unknown(s) {
		return true
	}
	raw, err := d.client.one(ctx, s.key, resources[s.key].one.Of(s.id, nil))
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
		d.missed[s] = true // whatever came of it, it is not asked again
	}
	return true
}

// spaces returns the spaces, sorted by name, and why there are none where they could not be listed.
func (d *directory) spaces() (out []model.Participant, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for s, p := range d.entries {
		if s.key == keySpaces {
			out = append(out, p)
		}
	}
	model.SortPeople(out)
	return out, d.failed
}
