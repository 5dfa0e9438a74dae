package inbox_test

import (
	"context"
	"maps"
	"slices"
	"sort"
	"strconv"
	"sync"
	"time"

	"confab/model"
)

// fake is a service in memory with its adapter. It follows the contract, fails as it is
// told, and counts its calls.
type fake struct {
	mu    sync.Mutex
	desc  model.Description
	convs map[string]model.Conversation
	down  bool
	// syncErr is the error of a list.
	syncErr error
	// onApply and onLoad may fail a call; applied reports whether the write took effect all
	// the same.
	onApply func() (err error, applied bool)
	onLoad  func(id string) error
	loads   int
	applies int
	sent    []model.EditKind // of every edit that was applied or refused
	lists   int
	filters []model.Filter // of the syncs that had one
	// fits reports whether a filter matches; nil matches everything.
	fits   func(model.Conversation, model.Filter) bool
	next   int
	ignore bool // writes are accepted and change nothing
	// onPage runs between the answer of a list and its emit, onRead between the answer of a read and its end.
	onPage func()
	onRead func()
	page   int // rows a page, 2 if it says nothing
	// short makes lists leave out more than people.
	short  bool
	unsure bool // the list proves nothing
	marked bool // a create is found by its mark
	// findErr is the error of the search for a create.
	findErr error
	// loadUnlisted answers the read of a conversation that no list has.
	loadUnlisted bool
	single       bool // each edit takes one request
	directory    []model.Participant
	lookups      int
	reach        time.Duration  // how far back the account lists
	since        time.Time      // of the last sync
	links        []model.Ref    // of the conversations whose links were asked for
	unable       model.EditKind // the service can't do it, besides contacts
	assumed      bool           // nothing is documented; the reason is the name of the kind
}

func newFake(account string, titles ...string) *fake {
	f := &fake{
		desc: model.Description{Provider: model.Kona, Name: "Kona", Account: account, Identity: "fake " + account,
			Roles: []string{model.RoleEditor, model.RoleViewer}, DefaultRole: model.RoleViewer},
		convs: map[string]model.Conversation{}, next: 1,
	}
	for _, title := range titles {
		f.add(title)
	}
	return f
}

func (f *fake) add(title string) string {
	id := strconv.Itoa(f.next)
	f.next++
	f.convs[id] = model.Conversation{Ref: model.Ref{Account: f.desc.Account, ID: id}, Provider: model.Kona, Kind: "conversation",
		Title: title, Privacy: model.PrivacyPublic, ParticipantCount: 1, Created: time.Now().Add(-time.Hour),
		Updated:      time.Now().Add(-time.Duration(f.next) * time.Minute),
		Participants: model.SetOf(model.Participant{Kind: "user", ID: "1", Name: "Ada", Role: model.RoleEditor})}
	return id
}

func (f *fake) ref(id string) model.Ref { return model.Ref{Account: f.desc.Account, ID: id} }

// change makes somebody else's change.
func (f *fake) change(id string, how func(*model.Conversation)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c := f.convs[id].Clone()
	how(&c)
	f.convs[id] = c
}

func (f *fake) get(id string) model.Conversation {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.convs[id]
}

func (f *fake) count() (loads, applies int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.loads, f.applies
}

func (f *fake) set(how func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	how()
}

var errDown = &model.Error{Kind: model.Unavailable, Message: "connection refused"}

func (f *fake) Describe() model.Description { return f.desc }

func (f *fake) Capabilities(model.Conversation) model.Capabilities {
	out := model.Capabilities{}
	for _, k := range model.EditKinds() {
		out[k] = model.Capability{State: model.CapabilityYes}
		if f.assumed {
			out[k] = model.Capability{State: model.CapabilityAssumed, Reason: string(k)}
		}
	}
	out[model.EditContacts] = model.Capability{State: model.CapabilityNo, Reason: "no contacts here"}
	if f.unable != "" {
		out[f.unable] = model.Capability{State: model.CapabilityNo, Reason: "not any more"}
	}
	return out
}

func (f *fake) Sync(_ context.Context, req model.SyncRequest, emit func(model.Batch) (bool, error)) (model.SyncResult, error) {
	page := max(2, f.page)
	if !req.Filter.IsZero() {
		f.set(func() { f.filters = append(f.filters, req.Filter) })
	}
	start := 0
	if req.Mode == model.SyncFull && req.Cursor != "" {
		start, _ = strconv.Atoi(req.Cursor)
	}
	for {
		f.mu.Lock()
		f.lists++
		f.since = req.Since
		down, failure := f.down, f.syncErr
		var all []model.Conversation
		for _, c := range f.convs {
			if f.fits != nil && !f.fits(c, req.Filter) {
				continue
			}
			c.Participants = model.Set[model.Participant]{} // lists do not bring people
			if f.short {
				c.Description, c.Labels, c.Owner.Name = "", nil, ""
			}
			all = append(all, c)
		}
		f.mu.Unlock()
		if down {
			return model.SyncResult{}, errDown
		}
		if failure != nil {
			return model.SyncResult{}, failure
		}
		sort.Slice(all, func(i, j int) bool { return all[i].Ref.ID < all[j].Ref.ID })
		end := min(start+page, len(all))
		b := model.Batch{Total: len(all)}
		if start < end {
			b.Conversations = all[start:end]
		}
		if end < len(all) {
			b.Cursor = strconv.Itoa(end)
		}
		if f.onPage != nil {
			f.onPage()
		}
		more, err := emit(b)
		if err != nil {
			return model.SyncResult{}, err
		}
		if end >= len(all) {
			return model.SyncResult{Complete: more}, nil
		}
		if !more {
			return model.SyncResult{}, nil
		}
		start = end
	}
}

func (f *fake) Load(ctx context.Context, id string, _ model.Need) (model.Detail, error) {
	if ctx.Err() != nil {
		return model.Detail{}, &model.Error{Kind: model.Canceled, Err: ctx.Err()}
	}
	f.mu.Lock()
	defer func() {
		f.mu.Unlock()
		if f.onRead != nil {
			f.onRead()
		}
	}()
	f.loads++
	if f.down {
		return model.Detail{}, errDown
	}
	if f.onLoad != nil {
		if err := f.onLoad(id); err != nil {
			return model.Detail{}, err
		}
	}
	c, ok := f.convs[id]
	if !ok && f.loadUnlisted {
		c, ok = model.Conversation{Ref: f.ref(id), Provider: model.Kona, Title: "unlisted", Privacy: model.PrivacyPublic}, true
	}
	if !ok {
		return model.Detail{}, &model.Error{Kind: model.NotFound, Message: "gone"}
	}
	return model.Detail{Conversation: c.Clone()}, nil
}

func (f *fake) Lookup(context.Context, model.LookupRequest) (model.LookupPage, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lookups++
	return model.LookupPage{Items: f.directory}, nil
}
func (f *fake) Check(context.Context) []model.CheckResult { return nil }
func (f *fake) Link(_ context.Context, c model.Conversation, _ model.LinkKind) (string, error) {
	f.links = append(f.links, c.Ref)
	return "https://example.com/" + c.Ref.ID, nil
}
func (f *fake) Needs(...model.EditKind) model.Need { return model.NeedParticipants }
func (f *fake) Requests(_ model.Conversation, edits []model.Edit) ([]model.Request, error) {
	if !f.single {
		return nil, nil
	}
	return make([]model.Request, len(edits)), nil
}

func (f *fake) Apply(_ context.Context, _ model.Conversation, edits []model.Edit) []model.Outcome {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := make([]model.Outcome, len(edits))
	for i, e := range edits {
		f.applies++
		f.sent = append(f.sent, e.Kind)
		var err error
		applied := true
		if f.onApply != nil {
			err, applied = f.onApply()
		}
		if f.down {
			err, applied = errDown, false
		}
		if applied && !f.ignore {
			switch e.Kind {
			case model.EditCreate:
				id := f.add(e.Target.New.Title)
				out[i].Created = id
			case model.EditDelete:
				delete(f.convs, e.Ref.ID)
			default:
				f.convs[e.Ref.ID] = model.Project(f.convs[e.Ref.ID], []model.Edit{e})
			}
		}
		out[i].Err = err
		if c, ok := f.convs[e.Ref.ID]; ok && err == nil {
			c = c.Clone()
			out[i].After = &c
		}
	}
	return out
}

func (f *fake) Newest(context.Context, model.NewConversation) (model.Newest, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down {
		return model.Newest{}, errDown
	}
	return model.Newest{IDs: slices.Collect(maps.Keys(f.convs)), Sure: !f.unsure}, nil
}

func (f *fake) Find(_ context.Context, e model.Edit, known []string) (model.FoundCreates, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down {
		return model.FoundCreates{}, errDown
	}
	if f.findErr != nil {
		return model.FoundCreates{}, f.findErr
	}
	out := model.FoundCreates{Sure: !f.unsure, Marked: f.marked}
	for _, c := range f.convs {
		if c.Title == e.Target.New.Title && !slices.Contains(known, c.Ref.ID) {
			out.Alike = append(out.Alike, c.Ref.ID)
			if c.Description == e.Target.New.Description {
				out.Same = append(out.Same, c.Clone())
			}
		}
	}
	return out, nil
}
