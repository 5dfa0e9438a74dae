package ui_test

import (
	"context"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"confab/model"
	"confab/model/query"
	"confab/ui"
)

var clock = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)

// fake is an engine in memory. It plans with the real planner, holds an outbox, and counts the calls.
type fake struct {
	mu       sync.Mutex
	rows     []model.Row
	keys     map[model.Ref]int64
	details  map[model.Ref]model.Detail
	outbox   []model.OutboxEntry
	history  []model.JournalEntry
	drafts   map[string]string
	session  string
	opening  func(model.ListRequest)
	triaged  []model.TriageChange
	people   []model.Participant
	plans    []model.Plan // submitted
	resolved []model.Decision
	news     chan model.Event
	closed   bool
	accounts []model.AccountState
	caps     func(c model.Conversation) model.Capabilities
	nextID   int
	nextPlan int
	calls    map[string]int
	refreshs int
	lookups  []model.LookupRequest
	applied  []model.Undo
	undo     func(id string) (model.Undo, error)

	// delay delays the answer of a method, fail makes it an error.
	delay map[string]time.Duration
	fail  map[string]error

	// called holds the methods that each command's goroutine called; nil if no test asks.
	called map[string][]string

	// guarded makes a call from Update or View a panic. Commands run on goroutines of their own.
	guarded bool
}

func newFake(rows ...model.Row) *fake {
	f := &fake{rows: rows, details: map[model.Ref]model.Detail{}, drafts: map[string]string{}, news: make(chan model.Event, 64),
		calls: map[string]int{}, delay: map[string]time.Duration{}, fail: map[string]error{}}
	seen := map[string]bool{}
	for _, r := range rows {
		if a := r.Conversation.Ref.Account; !seen[a] {
			seen[a] = true
			f.accounts = append(f.accounts, model.AccountState{Name: a, Provider: r.Conversation.Provider, Checked: clock.Add(-time.Hour)})
		}
	}
	return f
}

// caller returns Update or View if one of them is on the stack, "" inside a command.
func caller() string {
	pc := make([]uintptr, 64)
	frames := runtime.CallersFrames(pc[:runtime.Callers(2, pc)])
	for {
		fr, more := frames.Next()
		for _, part := range []string{"ui.(*Model).Update", "ui.(*Model).View", "ui.(*Model).Init", "ui.New"} {
			if fr.Function == "confab/"+part {
				return part
			}
		}
		if !more {
			return ""
		}
	}
}

// goroutine returns the id of the running goroutine.
func goroutine() string {
	head := make([]byte, 64)
	return strings.Fields(string(head[:runtime.Stack(head, false)]))[1]
}

// calledHere returns the methods that this goroutine called.
func (f *fake) calledHere() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.called[goroutine()]
}

func (f *fake) enter(name string) error {
	if f.guarded {
		if from := caller(); from != "" {
			panic(name + " was called from " + from)
		}
	}
	f.mu.Lock()
	d, err := f.delay[name], f.fail[name]
	f.calls[name]++
	if f.called != nil {
		f.called[goroutine()] = append(f.called[goroutine()], name)
	}
	f.mu.Unlock()
	if d > 0 {
		time.Sleep(d)
	}
	return err
}

func (f *fake) count(name string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[name]
}

// announce sends an event to the screen.
func (f *fake) announce(refs ...model.Ref) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.closed {
		f.news <- model.Event{Refs: refs, All: len(refs) == 0}
	}
}

// change changes rows as a sync does, and announces that.
func (f *fake) change(with func(rows []model.Row) []model.Row) {
	f.mu.Lock()
	f.rows = with(slices.Clone(f.rows))
	f.mu.Unlock()
	f.announce()
}

func (f *fake) Accounts() []model.AccountState {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := slices.Clone(f.accounts)
	for i := range out {
		for _, e := range f.outbox {
			if e.Ref.Account != out[i].Name {
				continue
			}
			if e.State.Waiting() {
				out[i].Waiting++
			} else if e.State.NeedsPerson() {
				out[i].NeedPerson++
			}
		}
	}
	return out
}

func (f *fake) Describe(account string) (model.Description, bool) {
	for _, a := range f.Accounts() {
		if a.Name != account {
			continue
		}
		d := model.Description{Provider: a.Provider, Name: strings.ToUpper(a.Provider[:1]) + a.Provider[1:], Account: account, ReadOnly: a.ReadOnly,
			Audience: model.Audiences{
				{Privacy: model.PrivacyPublic, Audience: model.Audience{Class: model.ClassEveryone, Word: "public", Sentence: "everybody at Acme"}},
				{Privacy: model.PrivacyPrivate, Audience: model.Audience{Class: model.ClassMembers, Word: "private", Sentence: "{owner+people}", Assumed: "nobody says it"}},
				{Privacy: model.PrivacyParticipants, Audience: model.Audience{Class: model.ClassMembers, Word: "members", Sentence: "{people}"}}}}
		switch a.Provider {
		case model.Kona:
			d.Roles = []string{model.RoleEditor, model.RoleViewer, model.RoleComplete}
			d.DefaultRole = model.RoleViewer
			d.DefaultRoleValues = d.Roles
			d.AccessValues = []string{"just_me", "group", "everyone"}
			d.People = []model.LookupKind{model.LookupUsers, model.LookupGroups}
			d.NewNeedsSpace = true
		case model.Bird:
			d.NewTakesChannel = true
			d.AccessValues = []string{"open", "invite-only"}
			d.ParticipantStatuses = []string{"active", "left"}
			d.DefaultStatus = "active"
			d.People = []model.LookupKind{model.LookupContacts, model.LookupUsers}
		}
		return d, true
	}
	return model.Description{}, false
}

func (f *fake) Capabilities(c model.Conversation) model.Capabilities {
	if f.caps != nil {
		return f.caps(c)
	}
	no := func(why string) model.Capability {
		return model.Capability{State: model.CapabilityNo, Reason: why}
	}
	yes := model.Capability{State: model.CapabilityYes}
	out := model.Capabilities{}
	for _, k := range model.EditKinds() {
		out[k] = no("the service can't do this")
	}
	allow := func(kinds ...model.EditKind) {
		for _, k := range kinds {
			out[k] = yes
		}
	}
	switch c.Provider {
	case model.Attention:
		allow(model.EditPrivacy, model.EditTitle, model.EditLabels, model.EditArchive)
	case model.Bird:
		allow(model.EditPrivacy, model.EditTitle, model.EditDescription, model.EditStatus, model.EditAccess,
			model.EditParticipants, model.EditAttributes, model.EditDelete, model.EditCreate)
	case model.AskElephant:
		allow(model.EditContacts)
		out[model.EditPrivacy] = no("AskElephant's API can only read privacy")
	case model.Kona:
		allow(model.EditTitle, model.EditDescription, model.EditAccess, model.EditParticipants, model.EditDefaultRole,
			model.EditDelete, model.EditCreate)
		out[model.EditPrivacy] = no("Kona conversations are always for their participants")
	}
	return out
}

func (f *fake) Subscribe() (<-chan model.Event, func()) {
	_ = f.enter("Subscribe")
	return f.news, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		if !f.closed {
			f.closed = true
			close(f.news)
		}
	}
}

func (f *fake) project(r model.Row) model.Row {
	if f.keys == nil {
		f.keys = map[model.Ref]int64{}
	}
	if _, ok := f.keys[r.Conversation.Ref]; !ok {
		f.keys[r.Conversation.Ref] = int64(len(f.keys) + 1)
	}
	r.Key = f.keys[r.Conversation.Ref]
	var edits []model.Edit
	r.Pending = nil
	for _, e := range f.outbox {
		if e.Ref == r.Conversation.Ref {
			edits = append(edits, e.Edit)
			r.Pending = append(r.Pending, model.Pending{ID: e.ID, Submission: e.Submission, Kind: e.Kind, State: e.State})
		}
	}
	r.Conversation = model.Project(r.Conversation, edits)
	return r
}

// all returns the rows, and what a query sees of each.
func (f *fake) all() (rows []model.Row, subjects []*query.Subject) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.rows {
		r = f.project(r)
		rows, subjects = append(rows, r), append(subjects, query.NewSubject(r))
	}
	return rows, subjects
}

func (f *fake) find(text string, inbox bool) ([]model.Row, error) {
	rows, subjects := f.all()
	return matching(text, inbox, rows, subjects)
}

func matching(text string, inbox bool, rows []model.Row, subjects []*query.Subject) (out []model.Row, err error) {
	q, err := query.Parse(text)
	if inbox {
		q = q.Inbox()
	}
	for i, r := range rows {
		if err == nil && q.Match(subjects[i], clock, time.UTC) {
			out = append(out, r)
		}
	}
	return out, err
}

func (f *fake) List(ctx context.Context, req model.ListRequest) (model.Page, error) {
	if err := f.enter("List"); err != nil {
		return model.Page{}, err
	}
	if ctx.Err() != nil {
		return model.Page{}, ctx.Err()
	}
	all, err := f.find(req.Query, req.Inbox)
	if err != nil {
		return model.Page{}, err
	}
	p := model.Page{Total: len(all), Index: -1, Offset: req.Offset}
	if !req.Anchor.IsZero() {
		for i, r := range all {
			if r.Conversation.Ref == req.Anchor {
				p.Index = i
				p.Offset = max(0, i-req.Limit/2)
			}
		}
	}
	p.Offset = min(p.Offset, len(all))
	p.Rows = all[p.Offset:min(len(all), p.Offset+req.Limit)]
	return p, nil
}

func (f *fake) Count(_ context.Context, q string, inbox bool) (int, error) {
	if err := f.enter("Count"); err != nil {
		return 0, err
	}
	all, err := f.find(q, inbox)
	return len(all), err
}

func (f *fake) row(ref model.Ref) (model.Row, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.rows {
		if r.Conversation.Ref == ref {
			return f.project(r), true
		}
	}
	return model.Row{}, false
}

func (f *fake) Row(_ context.Context, ref model.Ref) (model.Row, bool, error) {
	err := f.enter("Row")
	r, ok := f.row(ref)
	return r, ok, err
}

func (f *fake) Load(_ context.Context, ref model.Ref, _ model.Need) (model.Detail, error) {
	if err := f.enter("Load"); err != nil {
		return model.Detail{}, err
	}
	r, ok := f.row(ref)
	if !ok {
		return model.Detail{}, &model.Error{Kind: model.NotFound, Message: "no such conversation"}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	d, ok := f.details[ref]
	if !ok {
		d = model.Detail{Messages: model.SetOf[model.Message](), Raw: []byte(`{"id":"` + ref.ID + `"}`)}
	}
	d.Conversation = r.Conversation
	return d, nil
}

func (f *fake) Lookup(_ context.Context, _ string, req model.LookupRequest) (model.LookupPage, error) {
	if err := f.enter("Lookup"); err != nil {
		return model.LookupPage{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lookups = append(f.lookups, req)
	var page model.LookupPage
	for _, p := range f.people {
		if string(req.Kind) == p.Kind && strings.Contains(strings.ToLower(p.Name+p.Email), strings.ToLower(req.Text)) {
			page.Items = append(page.Items, p)
		}
	}
	return page, nil
}

func (f *fake) Link(_ context.Context, ref model.Ref, _ model.LinkKind) (string, error) {
	if err := f.enter("Link"); err != nil {
		return "", err
	}
	r, _ := f.row(ref)
	return r.Conversation.URL, nil
}

var _ ui.Backend = (*fake)(nil)

type chanEvent = model.Event

func (f *fake) Opening(_ context.Context, req model.ListRequest) (model.Page, error) {
	if f.opening != nil {
		f.opening(req)
	}
	return model.Page{Total: -1, Index: -1}, f.enter("Opening")
}

func (f *fake) Counts(_ context.Context, queries []string) ([]int, error) {
	if err := f.enter("Counts"); err != nil {
		return nil, err
	}
	out := make([]int, len(queries))
	rows, subjects := f.all()
	for i, q := range queries {
		all, err := matching(q, true, rows, subjects)
		if err != nil {
			return nil, err
		}
		out[i] = len(all)
	}
	return out, nil
}

func (f *fake) Select(_ context.Context, req model.SelectRequest) (model.Selection, error) {
	var out model.Selection
	if err := f.enter("Select"); err != nil {
		return out, err
	}
	all, err := f.find(req.Query, req.Inbox)
	if len(all) == 0 {
		return out, err
	}
	first, last := 0, len(all)-1
	if !req.First.IsZero() {
		at := func(ref model.Ref) int {
			return slices.IndexFunc(all, func(r model.Row) bool { return r.Conversation.Ref == ref })
		}
		first = at(req.First)
		if last = at(req.Last); req.N > 0 {
			last = min(first+req.N, len(all)) - 1
		}
		if first < 0 || last < 0 {
			return out, err
		}
	}
	for i := min(first, last); err == nil && i <= max(first, last); i++ {
		out.Add(all[i].Conversation.Ref.Account, all[i].Key)
	}
	return out, err
}

func (f *fake) RefsOf(_ context.Context, s model.Selection) ([]model.Ref, error) {
	if err := f.enter("RefsOf"); err != nil {
		return nil, err
	}
	all, err := f.find("is:any", false)
	var out []model.Ref
	for _, r := range all {
		if s.Has(r.Conversation.Ref.Account, r.Key) {
			out = append(out, r.Conversation.Ref)
		}
	}
	return out, err
}

func (f *fake) Hidden(_ context.Context, req model.ListRequest, s model.Selection) (int, error) {
	if err := f.enter("Hidden"); err != nil {
		return 0, err
	}
	all, err := f.find(req.Query, req.Inbox)
	var in model.Selection
	for _, r := range all {
		in.Add(r.Conversation.Ref.Account, r.Key)
	}
	return s.Missing(in), err
}

func (f *fake) Complete(_ context.Context, text string, cursor int) ([]query.Completion, error) {
	if err := f.enter("Complete"); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	counts := map[string]map[string]int{}
	add := func(field, text string) {
		if counts[field] == nil {
			counts[field] = map[string]int{}
		}
		if text != "" {
			counts[field][text]++
		}
	}
	for _, r := range f.rows {
		c := &r.Conversation
		add("account", c.Ref.Account)
		add("provider", c.Provider)
		add("kind", c.Kind)
		add("status", strings.ToLower(c.Status))
		for _, p := range c.People() {
			add("with", p.Name)
		}
	}
	return query.Complete(text, cursor, func(field string, rank func(string) int, limit int) (out []query.Value) {
		for _, text := range slices.Sorted(maps.Keys(counts[field])) {
			if rank(model.FoldText(text)) >= 0 && len(out) < limit {
				out = append(out, query.Value{Text: text, Count: counts[field][text]})
			}
		}
		slices.SortStableFunc(out, func(a, b query.Value) int { return rank(model.FoldText(a.Text)) - rank(model.FoldText(b.Text)) })
		return out
	}), nil
}

func (f *fake) Nearest(_ context.Context, view, filter string, inbox bool) (string, int, error) {
	if err := f.enter("Nearest"); err != nil || !strings.HasPrefix(filter, "status:ope") {
		return "", 0, err
	}
	return "status:active", 15, nil
}
