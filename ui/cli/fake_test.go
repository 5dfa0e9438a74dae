package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"confab/model"
	"confab/ui/uitest"
)

// fakeEngine holds conversations in memory and plans with the real planner.
type fakeEngine struct {
	mu       sync.Mutex
	rows     map[model.Ref]model.Row
	body     string // of requests; "" is {"v":1}
	stops    []string
	people   map[model.LookupKind][]model.Participant
	outbox   []model.OutboxEntry
	journal  []model.JournalEntry
	accounts []model.AccountState
	describe map[string]model.Description
	caps     map[string]model.Capabilities

	// outcome returns an edit as its delivery leaves it; nil delivers it.
	outcome func(model.OutboxEntry) model.OutboxEntry
	loadErr map[model.Ref]error
	// fresh holds conversations that the cache has in an older state.
	fresh   map[model.Ref]model.Conversation
	syncErr map[string]error
	undo    model.Undo
	// moved is how often ApplyUndo finds that the submission has moved on.
	moved int
	// later, if set, is the undo after the edits that were not sent have been withdrawn.
	later  *model.Undo
	events chan model.Event

	made, loads, lookups, syncs, submits int
	queries                              []string
	closed                               bool
}

func newFake() *fakeEngine {
	all := model.Capabilities{}
	for _, k := range model.EditKinds() {
		all[k] = model.Capability{State: model.CapabilityYes}
	}
	none := model.Capabilities{}
	for _, k := range model.EditKinds() {
		none[k] = model.Capability{State: model.CapabilityNo, Reason: "the service has no call for " + string(k)}
	}
	none[model.EditContacts] = model.Capability{State: model.CapabilityAssumed, Reason: "assumed: the whole set is sent"}
	f := &fakeEngine{
		rows: map[model.Ref]model.Row{},
		people: map[model.LookupKind][]model.Participant{
			model.LookupUsers: {
				{Kind: "user", ID: "1", Name: "Ann Lee", Email: "ann@example.com"},
				{Kind: "user", ID: "2", Name: "Bo Day", Email: "bo@example.com"},
				{Kind: "user", ID: "3", Name: "Sam", Email: "sam1@example.com"},
				{Kind: "user", ID: "4", Name: "Sam", Email: "sam2@example.com"},
			},
			model.LookupGroups:   {{Kind: "group", ID: "1", Name: "Lifts"}, {Kind: "group", ID: "9", Name: "Roofs"}},
			model.LookupContacts: {{Kind: "contact", ID: "12", Name: "Cleo"}},
		},
		accounts: []model.AccountState{
			{Name: "projects", Provider: model.Kona, Swept: time.Unix(1, 0), Checked: time.Unix(1, 0)},
			{Name: "meetings", Provider: model.AskElephant, Swept: time.Unix(1, 0), Checked: time.Unix(1, 0)},
		},
		describe: map[string]model.Description{
			"projects": {Account: "projects", Provider: model.Kona, Name: "Kona", Roles: roleWords(), DefaultRole: model.RoleViewer,
				AccessValues: []string{"just_me", "group", "everyone"}, DefaultRoleValues: roleWords(), NewNeedsSpace: true,
				People: []model.LookupKind{model.LookupUsers, model.LookupGroups}},
			"meetings": {Account: "meetings", Provider: model.AskElephant, Name: "AskElephant"},
		},
		caps:    map[string]model.Capabilities{"projects": all, "meetings": none},
		loadErr: map[model.Ref]error{}, syncErr: map[string]error{},
	}
	f.add(model.Conversation{
		Ref: model.Ref{Account: "projects", ID: "71"}, Provider: model.Kona, Title: "Roof repair", Privacy: model.PrivacyPrivate,
		Access: "group", DefaultRole: model.RoleViewer, Labels: map[string]string{"tag": "old"}, Attributes: map[string]string{},
		Participants: model.SetOf(
			model.Participant{Kind: "user", ID: "2", Name: "Bo Day", Email: "bo@example.com", Role: model.RoleViewer},
			model.Participant{Kind: "user", ID: "5", Name: "Dee", Role: model.RoleEditor}),
	})
	f.add(model.Conversation{
		Ref: model.Ref{Account: "meetings", ID: "e:4"}, Provider: model.AskElephant, Title: "Kick-off", Privacy: model.PrivacyPublic,
		Contacts: model.SetOf(model.Participant{Kind: "contact", ID: "7", Name: "Gus"}),
	})
	return f
}

func (f *fakeEngine) add(c model.Conversation) { f.rows[c.Ref] = model.Row{Conversation: c} }

func (f *fakeEngine) Subscribe() (<-chan model.Event, func()) {
	return f.events, func() {}
}
func (f *fakeEngine) Sending() int                   { return 0 }
func (f *fakeEngine) Accounts() []model.AccountState { return f.accounts }
func (f *fakeEngine) Describe(a string) (model.Description, bool) {
	d, ok := f.describe[a]
	return d, ok
}
func (f *fakeEngine) Capabilities(c model.Conversation) model.Capabilities {
	return f.caps[c.Ref.Account]
}

func (f *fakeEngine) Refs(_ context.Context, q string, _ bool) ([]model.Ref, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.queries = append(f.queries, q)
	var out []model.Ref
	for ref := range f.rows {
		out = append(out, ref)
	}
	slices.SortFunc(out, func(a, b model.Ref) int { return strings.Compare(a.String(), b.String()) })
	return out, nil
}

func (f *fakeEngine) Nearest(context.Context, string, string, bool) (string, int, error) {
	return "", 0, nil
}

func (f *fakeEngine) List(ctx context.Context, req model.ListRequest) (model.Page, error) {
	refs, _ := f.Refs(ctx, req.Query, req.Inbox)
	p := model.Page{Total: len(refs), Offset: max(0, min(req.Offset, len(refs)-req.Limit)), Index: -1}
	for _, ref := range refs[p.Offset:min(len(refs), p.Offset+req.Limit)] {
		p.Rows = append(p.Rows, f.rows[ref])
	}
	return p, nil
}

func (f *fakeEngine) Row(_ context.Context, ref model.Ref) (model.Row, bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	row, ok := f.rows[ref]
	return row, ok, nil
}

func (f *fakeEngine) Load(_ context.Context, ref model.Ref, _ model.Need) (model.Detail, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.loads++
	if err := f.loadErr[ref]; err != nil {
		return model.Detail{}, err
	}
	if c, ok := f.fresh[ref]; ok {
		f.rows[ref] = model.Row{Conversation: c}
	}
	row, ok := f.rows[ref]
	if !ok {
		return model.Detail{}, &model.Error{Kind: model.NotFound, Message: "no such conversation"}
	}
	return model.Detail{Conversation: row.Conversation, Raw: []byte(`{"id":1}`)}, nil
}

func (f *fakeEngine) Lookup(_ context.Context, account string, req model.LookupRequest) (model.LookupPage, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lookups++
	if account == "meetings" && req.Kind != model.LookupContacts {
		return model.LookupPage{}, &model.Error{Kind: model.Unsupported, Message: "no directory"}
	}
	if all := f.people[req.Kind]; req.Limit > 0 && len(all) > req.Limit {
		return model.LookupPage{Items: all[:req.Limit], Cursor: "next"}, nil
	}
	return model.LookupPage{Items: f.people[req.Kind]}, nil
}

// Plan reads conversations that are not cached, and those whose people change, as the inbox does.
func (f *fakeEngine) Plan(ctx context.Context, refs []model.Ref, changes []model.Change, _ model.PlanOptions) (model.Plan, error) {
	p := model.Plan{ID: fmt.Sprintf("s%d", f.made+1)}
	for _, ref := range refs {
		row, cached, _ := f.Row(ctx, ref)
		c := row.Conversation
		relative := func(ch model.Change) bool { return len(ch.Queries) > 0 && ch.Op != model.OpSet }
		if !cached || slices.ContainsFunc(changes, relative) {
			d, err := f.Load(ctx, ref, 0)
			if err != nil {
				p.Items = append(p.Items, model.PlanItem{Ref: ref, State: model.PlanBlocked, Reason: "it could not be read", Err: err})
				continue
			}
			c = d.Conversation
		}
		d := f.describe[ref.Account]
		it := model.PlanOne(c, d, f.caps[ref.Account], changes, f.directory(ctx, ref.Account))
		for _, e := range it.Edits {
			if word := e.Target.String(); e.Kind == model.EditAccess && !slices.Contains(d.AccessValues, word) { // as its adapter does
				it = it.Blocked(fmt.Sprintf("%q is none of %s", word, strings.Join(d.AccessValues, ", ")))
			}
		}
		p.Items = append(p.Items, it)
	}
	return p, ctx.Err()
}

func (f *fakeEngine) directory(ctx context.Context, account string) model.Directory {
	return func(req model.LookupRequest) (model.LookupPage, error) { return f.Lookup(ctx, account, req) }
}

func (f *fakeEngine) PlanCreate(ctx context.Context, account string, n model.NewConversation, o model.PlanOptions) (model.Plan, error) {
	d, err := f.describe[account], error(nil)
	if f.caps[account].Of(model.EditCreate).Can() {
		if n, err = n.WithPeople(o.With, d, f.directory(ctx, account)); err != nil {
			return model.Plan{}, err
		}
	}
	return model.Plan{Items: []model.PlanItem{model.PlanCreate(f.describe[account], f.caps[account], n)}}, nil
}

func (f *fakeEngine) Requests(_ context.Context, p model.Plan) (model.Plan, error) {
	for i := range p.Items {
		p.Items[i].Stops = f.stops
		for _, e := range p.Items[i].Edits {
			q := model.Request{Method: "PUT", Path: "/c/" + e.Ref.ID + "/" + string(e.Kind), Body: []byte(cmp.Or(f.body, `{"v":1}`))}
			if e.Kind == model.EditPrivacy {
				q.Query, q.Body = "privacy="+e.Target.String(), nil
			}
			p.Items[i].Requests = append(p.Items[i].Requests, q)
		}
	}
	return p, nil
}

func (f *fakeEngine) Submit(_ context.Context, p model.Plan) ([]string, error) {
	f.submits++
	var ids []string
	for _, e := range p.Edits() {
		f.made++
		e.ID, e.Submission = fmt.Sprintf("e%d", f.made), p.ID
		f.outbox = append(f.outbox, model.OutboxEntry{Edit: e, State: model.Queued})
		ids = append(ids, e.ID)
	}
	return ids, nil
}

func (f *fakeEngine) Deliver(_ context.Context, ids []string, report func(model.DeliveryResult)) error {
	var left []model.OutboxEntry
	for _, e := range f.outbox {
		if !slices.Contains(ids, e.ID) {
			left = append(left, e)
			continue
		}
		e.State = model.Done
		if f.outcome != nil {
			e = f.outcome(e)
		}
		d := model.DeliveryResult{Entry: e}
		if e.State == model.Done || e.State == model.OutcomeAlreadySet {
			j := model.JournalEntry{Edit: e.Edit, Before: e.Base, After: e.Target, State: e.State, At: time.Unix(1000, 0)}
			f.journal = append([]model.JournalEntry{j}, f.journal...)
			if e.State == model.Done {
				d.Journal = &j
			}
		} else {
			left = append(left, e)
		}
		report(d)
	}
	f.outbox = left
	return nil
}

func (f *fakeEngine) SyncNow(ctx context.Context, _ bool, report func(model.DeliveryResult)) error {
	for _, a := range f.accounts {
		if err := f.Sync(ctx, a.Name); err != nil {
			return err
		}
	}
	var ids []string
	for _, e := range f.outbox {
		if e.State.Waiting() {
			ids = append(ids, e.ID)
		}
	}
	return f.Deliver(ctx, ids, report)
}

func (f *fakeEngine) PlanUndo(_ context.Context, id string, o model.PlanOptions) (model.Undo, error) {
	if id == "none" {
		return model.Undo{}, &model.Error{Kind: model.NotFound, Message: "no edit none"}
	}
	u := f.undo
	if o.Was == nil {
		return u, nil
	}
	if u.Withdraw = nil; f.later != nil {
		u = *f.later
	}
	f.outbox = slices.DeleteFunc(f.outbox, func(e model.OutboxEntry) bool {
		gone := slices.Contains(o.Was.Withdraw, e.ID) && !e.Sent
		if gone {
			u.Withdrawn = append(u.Withdrawn, e.ID)
		}
		return gone
	})
	return u, nil
}

func (f *fakeEngine) ApplyUndo(ctx context.Context, u model.Undo) ([]string, error) {
	if f.moved > 0 {
		f.moved--
		return nil, model.ErrUndoMoved
	}
	f.outbox = slices.DeleteFunc(f.outbox, func(e model.OutboxEntry) bool { return slices.Contains(u.Withdraw, e.ID) })
	return f.Submit(ctx, u.Plan)
}

func (f *fakeEngine) PlanDecision(_ context.Context, d model.Decision, entries []model.OutboxEntry) (p model.Plan, err error) {
	for _, x := range entries {
		edit, err := x.Decided(d)
		if err != nil {
			return p, err
		}
		it := model.PlanItem{Ref: x.Ref, Title: x.Title, State: model.PlanChange, Edits: []model.Edit{edit}}
		desc, _ := f.Describe(x.Ref.Account)
		it.WeighAgain(f.rows[x.Ref].Conversation, desc, nil)
		p.Items = append(p.Items, it)
	}
	return p, nil
}
func (f *fakeEngine) Outbox(context.Context) ([]model.OutboxEntry, error) {
	return slices.Clone(f.outbox), nil
}
func (f *fakeEngine) History(_ context.Context, req model.HistoryRequest) ([]model.JournalEntry, error) {
	return f.journal[:min(len(f.journal), req.Limit)], nil
}
func (f *fakeEngine) Submissions(context.Context, model.HistoryRequest) ([]model.Submission, error) {
	return uitest.Submissions(f.outbox, f.journal), nil
}
func (f *fakeEngine) Submission(_ context.Context, id string) (model.Submission, bool, error) {
	for _, s := range uitest.Submissions(f.outbox, f.journal) {
		if s.ID == id {
			return s, true, nil
		}
	}
	return model.Submission{}, false, nil
}
func (f *fakeEngine) SubmissionEdits(ctx context.Context, id string, _ int64) (out model.SubmissionEdits, err error) {
	out.Submission, _, err = f.Submission(ctx, id)
	for _, e := range f.outbox {
		if e.Submission == id {
			out.Outbox = append(out.Outbox, e)
		}
	}
	for _, j := range slices.Backward(f.journal) {
		if j.Submission == id {
			out.Journal = append(out.Journal, j)
		}
	}
	return out, err
}
func (f *fakeEngine) Decide(_ context.Context, how model.Decision, edits ...model.OutboxEntry) (int, error) {
	decided := func(e model.OutboxEntry) bool {
		return slices.ContainsFunc(edits, func(o model.OutboxEntry) bool { return o.ID == e.ID })
	}
	if how == model.DecideDiscard || how == model.DecideTheirs {
		f.outbox = slices.DeleteFunc(f.outbox, decided)
	}
	for i, e := range f.outbox {
		if !decided(e) {
			continue
		}
		if how != model.DecideRetry {
			merged := model.Merged(e.Edit, *e.Theirs)
			if e.Base = *e.Theirs; how == model.DecideMerged {
				e.Target = *merged
			}
			e.Theirs = nil
		}
		e.State = model.Queued
		f.outbox[i] = e
	}
	return len(edits), nil
}
func (f *fakeEngine) Recheck(_ context.Context, id string) (model.OutboxEntry, error) {
	for i, e := range f.outbox {
		if e.ID != id {
			continue
		}
		c, err := f.Load(context.Background(), e.Ref, 0)
		if err != nil {
			return e, err
		}
		theirs, _ := e.Read(c.Conversation)
		f.outbox[i].Theirs = &theirs
		return f.outbox[i], nil
	}
	return model.OutboxEntry{}, nil
}
func (f *fakeEngine) Changed(context.Context, int64, int, ...string) ([]model.Submission, int64, error) {
	return slices.DeleteFunc(uitest.Submissions(f.outbox, f.journal), func(s model.Submission) bool { return s.Over() }), 1, nil
}
func (f *fakeEngine) See(context.Context, model.Ref) error { return nil }
func (f *fakeEngine) Triage(context.Context, []model.Ref, model.TriageChange, func(done, total int)) error {
	return nil
}

func (f *fakeEngine) SyncQuery(ctx context.Context, _ string, accounts ...string) error {
	if len(accounts) == 0 {
		for _, a := range f.Accounts() {
			accounts = append(accounts, a.Name)
		}
	}
	var errs []error
	for _, a := range accounts {
		if err := f.Sync(ctx, a); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", a, err))
		}
	}
	return errors.Join(errs...)
}

func (f *fakeEngine) Sync(_ context.Context, accounts ...string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.syncs += len(accounts)
	for _, a := range accounts {
		if err := f.syncErr[a]; err != nil {
			return err
		}
	}
	return nil
}
func (f *fakeEngine) Refresh(...string)           {}
func (f *fakeEngine) Start(context.Context)       {}
func (f *fakeEngine) Close(context.Context) error { f.closed = true; return nil }
