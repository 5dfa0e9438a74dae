package proof

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"confab/model"
	"confab/model/inbox"
	"confab/model/store"
	"confab/providers"
	"confab/providers/askelephant"
	"confab/providers/attention"
	"confab/providers/bird"
	"confab/providers/kona"
	"confab/providers/sandbox"
)

// static is a credential that is given as text.
type static string

func (s static) Get(context.Context) (string, error) { return string(s), nil }
func (s static) Reject(string)                       {}

// simulation runs confabs and another client against the services, and records what really happens.
type simulation struct {
	dir    string
	r      *rand.Rand
	box    *sandbox.Sandbox
	others map[string]model.Provider // the accounts of another client

	mu     sync.Mutex // held by the client that uses the services
	truth  map[model.Ref]model.Conversation
	gone   map[model.Ref]bool
	events []event
	made   map[string]int // conversations made by confab, by title
	asked  map[string]int // creates submitted, by title
	// dropped holds edits that were given up though they may have been sent. No history explains what they did.
	dropped map[string]bool
	// read holds the number of events at the time when confab last read a conversation.
	read map[model.Ref]int
	// seen counts the situations that arose, so that a run shows what it proved.
	seen    map[string]int
	checked map[string]bool

	notes  sync.Mutex
	steps  []string
	faults []string

	pool  map[string][]model.Participant
	space string

	generation int
	// running are the confabs that are open on the database; confab is the one that is used at the moment.
	running []*confab
	*confab
}

// confab is a running confab.
type confab struct {
	wire  *wire
	store *store.Store
	inbox *inbox.Inbox
}

func (w *simulation) say(format string, args ...any) {
	w.notes.Lock()
	defer w.notes.Unlock()
	w.steps = append(w.steps, time.Now().Format("15:04:05.000 ")+fmt.Sprintf(format, args...))
}

// fault records that something is not as confab says.
func (w *simulation) fault(format string, args ...any) {
	w.notes.Lock()
	defer w.notes.Unlock()
	w.faults = append(w.faults, fmt.Sprintf(format, args...))
}

// failed reports whether anything is not as confab says.
func (w *simulation) failed() bool {
	w.notes.Lock()
	defer w.notes.Unlock()
	return len(w.faults) > 0
}

// registry lists the providers, as package main does.
var registry = providers.Registry{attention.Factory(), bird.Factory(), askelephant.Factory(), kona.Factory()}

func accounts(box *sandbox.Sandbox, dir string, t http.RoundTripper) (map[string]model.Provider, []model.Provider, error) {
	const root = "http://127.0.0.1:9"
	by := map[string]model.Provider{}
	var all []model.Provider
	for _, a := range box.Accounts(root) {
		f, ok := registry.Find(a.Provider)
		if !ok {
			return nil, nil, fmt.Errorf("no adapter for %s", a.Provider)
		}
		secrets := map[string]model.CredentialSource{}
		for k, v := range a.Secrets {
			secrets[k] = static(v)
		}
		p, err := f.Open(providers.Account{Name: a.Name, BaseURL: a.BaseURL, Settings: a.Settings, Credential: static(a.Credential),
			Secrets: secrets, StateDir: dir, Transport: t})
		if err != nil {
			return nil, nil, err
		}
		by[a.Name], all = p, append(all, p)
	}
	return by, all, nil
}

const everything = model.NeedParticipants | model.NeedContacts

// newSimulation makes a simulation in which the clock of the services is off by skew.
func newSimulation(dir string, r *rand.Rand, harm float64, skew time.Duration) (*simulation, error) {
	w := &simulation{
		dir: dir, r: r, truth: map[model.Ref]model.Conversation{}, gone: map[model.Ref]bool{},
		made: map[string]int{}, asked: map[string]int{}, dropped: map[string]bool{}, seen: map[string]int{},
		read: map[model.Ref]int{}, checked: map[string]bool{}, pool: map[string][]model.Participant{},
	}
	clock := func() time.Time { return time.Now().Add(skew) }
	var err error
	if w.box, err = sandbox.New(sandbox.Options{Conversations: 16, Seed: r.Uint64N(1000), Now: clock}); err != nil {
		return nil, err
	}
	if w.others, _, err = accounts(w.box, dir, w.box.Transport()); err != nil {
		return nil, err
	}
	for account, ids := range map[string][]string{"sales": w.box.Attention().IDs(), "support": w.box.Bird().IDs(),
		"meetings": w.box.AskElephant().IDs(), "projects": w.box.Kona().IDs()} {
		for _, id := range ids {
			ref := model.Ref{Account: account, ID: id}
			c, err := w.look(ref)
			if err != nil {
				return nil, err
			}
			w.truth[ref] = c
			w.pool[account] = append(w.pool[account], c.Participants.Items...)
			w.pool[account] = append(w.pool[account], c.Contacts.Items...)
			if account == "projects" {
				w.space = c.Space.ID
			}
		}
	}
	if err := os.MkdirAll(filepath.Dir(w.path()), 0o700); err != nil {
		return nil, err
	}
	for range 1 + r.IntN(2) {
		if err := w.open(harm); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// look reads a conversation as another client.
func (w *simulation) look(ref model.Ref) (model.Conversation, error) {
	d, err := w.others[ref.Account].Load(context.Background(), ref.ID, everything)
	return d.Conversation, err
}

// open starts a confab on the newest database.
func (w *simulation) open(harm float64) (err error) {
	ctx := context.Background()
	c := &confab{}
	if c.store, err = store.Open(ctx, w.path(), store.Options{Host: "laptop"}); err != nil {
		return err
	}
	c.wire = &wire{w: w, r: rand.New(rand.NewPCG(w.r.Uint64(), 1)), harm: harm, store: c.store}
	o := inbox.Options{Store: c.store, User: "ada", Location: time.UTC}
	_, all, err := accounts(w.box, filepath.Dir(w.path()), c.wire)
	if err != nil {
		return err
	}
	for _, p := range all {
		o.Accounts = append(o.Accounts, inbox.Account{Provider: p})
	}
	if c.inbox, err = inbox.Open(ctx, o); err != nil {
		return err
	}
	c.inbox.Start(ctx)
	w.running, w.confab = append(w.running, c), c
	return nil
}

func (w *simulation) path() string {
	return filepath.Join(w.dir, fmt.Sprint("state", w.generation), "confab.db")
}

// close ends a confab in order.
func (w *simulation) close(c *confab) error {
	w.running = slices.DeleteFunc(w.running, func(o *confab) bool { return o == c })
	return errors.Join(c.inbox.Close(context.Background()), c.store.Close())
}

// again ends every confab and opens as many.
func (w *simulation) again(end func() error) error {
	n, harm := len(w.running), w.wire.harm
	if err := end(); err != nil {
		return err
	}
	for range n {
		if err := w.open(harm); err != nil {
			return err
		}
	}
	return nil
}

func (w *simulation) closeAll() error {
	var errs []error
	for len(w.running) > 0 {
		errs = append(errs, w.close(w.running[0]))
	}
	return errors.Join(errs...)
}

// die ends every confab as kill -9 would: the next ones get the files as they are now, and these reach no service any more.
func (w *simulation) die() error {
	from := filepath.Dir(w.path())
	w.generation++
	to := filepath.Dir(w.path())
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	files, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, f := range files { // the rest is made anew at each start
		if name := f.Name(); f.Type().IsRegular() && !strings.HasSuffix(name, "-shm") {
			raw, err := os.ReadFile(filepath.Join(from, name))
			if err := errors.Join(err, os.WriteFile(filepath.Join(to, name), raw, 0o600)); err != nil {
				return err
			}
		}
	}
	for _, c := range w.running {
		c.wire.mu.Lock()
		c.wire.dead = true
		c.wire.mu.Unlock()
	}
	return w.closeAll()
}

// harm sets the rate of requests that fail.
func (w *simulation) harm(part float64) {
	for _, c := range w.running {
		c.wire.mu.Lock()
		c.wire.harm = part
		c.wire.mu.Unlock()
	}
}

// wrote records what a write of confab changed, and compares it with the edits that were being sent. The caller must hold mu.
func (w *simulation) wrote(provider string, req *http.Request, sending, outbox []model.OutboxEntry) {
	account := accountOf(provider)
	if req.Method == http.MethodPost && strings.HasSuffix(req.URL.Path, "/conversations") {
		w.countMade()
		return
	}
	ref, ok := w.refOf(account, unescape(req.URL.EscapedPath()))
	if !ok {
		w.fault("a write to an unknown conversation: %s %s", req.Method, req.URL.Path)
		return
	}
	for _, ev := range w.observe(ref) {
		i := slices.IndexFunc(sending, func(e model.OutboxEntry) bool { return e.Ref == ref && e.Field() == ev.field() })
		if i < 0 && w.crossed(ev) {
			w.events = append(w.events, ev)
			w.seen["overwritten between read and write"]++
			continue
		}
		if i < 0 {
			w.fault("confab changed what no edit asked for: %s", ev)
			continue
		}
		e := sending[i]
		ev.crossed, ev.edit = w.crossed(ev), e.ID
		if e.Base.People == nil && !ev.was.Equal(e.Base) && !ev.crossed {
			w.fault("edit %s has the base %s, but was written over another client's change: %s", e.ID, show(e.Base), ev)
		}
		w.events = append(w.events, ev)
		w.say("  %s", ev)
		for _, p := range outbox {
			if e.Widens() && p.Ref == ref && p.Submission == e.Submission && p.ID < e.ID {
				w.fault("edit %s (%s → %s) widened while edit %s of the same submission was %s", e.ID, e.Kind, show(e.Target), p.ID, p.State)
			}
		}
	}
}

// crossed reports whether another client changed a field after confab read it and before confab wrote it. A service that takes a
// whole map or list leaves no way to notice that.
func (w *simulation) crossed(ev event) bool {
	return slices.ContainsFunc(w.events[w.read[ev.ref]:], func(o event) bool {
		return o.edit == "" && o.ref == ev.ref && o.field() == ev.field()
	})
}

// observe reads a conversation again and returns what changed in it.
func (w *simulation) observe(ref model.Ref) []event {
	c, err := w.look(ref)
	if err != nil {
		if model.KindOf(err) != model.NotFound {
			w.fault("another client can't read %s: %v", ref, err)
		}
		w.gone[ref] = true
		return nil
	}
	was := w.truth[ref]
	w.truth[ref] = c
	return changed(was, c)
}

func (w *simulation) refOf(account, path string) (model.Ref, bool) {
	for ref := range w.truth {
		if ref.Account == account && strings.Contains(path+"/", "/"+ref.ID+"/") {
			return ref, true
		}
	}
	return model.Ref{}, false
}

// countMade counts the conversations that are new.
func (w *simulation) countMade() {
	for account, ids := range map[string][]string{"support": w.box.Bird().IDs(), "projects": w.box.Kona().IDs()} {
		for _, id := range ids {
			ref := model.Ref{Account: account, ID: id}
			if _, known := w.truth[ref]; known {
				continue
			}
			c, err := w.look(ref)
			if err != nil {
				w.fault("another client can't read %s: %v", ref, err)
				continue
			}
			w.truth[ref] = c
			w.made[account+" "+c.Title]++
			w.say("  made %s “%s”", ref, c.Title)
		}
	}
}

// values returns what a field held at a time; several values if it changed at that time.
func (w *simulation) values(ref model.Ref, field string, at time.Time) []model.Value {
	var out []model.Value
	for _, ev := range w.events {
		if ev.ref != ref || ev.field() != field {
			continue
		}
		if out == nil {
			out = []model.Value{ev.was}
		}
		switch {
		case ev.at.Before(at):
			out = []model.Value{ev.is}
		case !ev.at.After(at):
			out = append(out, ev.is)
		}
	}
	return out
}
