package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"confab/config"
	"confab/model"
	"confab/ui/theme"
)

// demo runs the inbox on a sandbox of its own, with a config and a state
// directory that go when it ends.
func (r *run) demo(ctx context.Context, o SandboxOptions, start Start) (err error) {
	r.plainIfDumb()
	s, err := r.openSandbox(o, "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer s.server.Close()
	dir, err := r.privateTemp()
	if err != nil {
		return err
	}
	defer func() {
		if gone := os.RemoveAll(dir); gone != nil {
			err = errors.Join(err, fmt.Errorf("the demo's directory stays behind: %w", gone))
		}
	}()
	r.setup.Demo = true
	r.setup.Paths = config.Paths{Config: filepath.Join(dir, "config.toml"), State: filepath.Join(dir, "state")}
	if err := config.WriteSandbox(r.setup.Paths.Config, s.accounts); err != nil {
		return local(err)
	}
	if err := r.loadConfig(); err != nil {
		return err
	}
	if err := r.furnish(ctx, s.accounts, o); err != nil {
		return err
	}
	if !o.Hostile {
		start.Greeting = greeting[r.flags.plain]
	}
	err = r.openInbox(ctx, start)
	if err == nil && r.onScreen() {
		r.say("The demo is over, and nothing of it is kept. confab init adds an account of your own.")
	}
	return err
}

// greeting says what to try in the demo, on the screen and in the line mode.
var greeting = map[bool]string{
	false: "Try / label:interview enter * p (nothing leaves this machine)",
	true:  "Everything here is made up, and nothing leaves this machine. Try: list is:public label:interview, then private 1-3",
}

const (
	// demoReads is how long a demo's first look at its accounts may take where they are slow or fail: they are read once the
	// inbox is open. Where nothing disturbs it, it goes to the end, since what is read later is unseen.
	demoReads = 3 * time.Second
	// manyConversations take a while to read, which is said.
	manyConversations = 5000
)

// furnish makes the demo a place that somebody works in: it reads the accounts, marks seen what they don't name as unseen, and makes
// the edits of the days before. A world without such names stays bare. The engine for that is one of its own: in the inbox there
// is nothing to take back that was not done there.
func (r *run) furnish(ctx context.Context, accounts []config.SandboxAccount, o SandboxOptions) error {
	unseen := map[model.Ref]bool{}
	var acts []config.SandboxAct
	for _, a := range accounts {
		for _, id := range a.Unseen {
			unseen[model.Ref{Account: a.Name, ID: id}] = true
		}
		acts = append(acts, a.Acts...)
	}
	if len(unseen) == 0 {
		return nil
	}
	var past atomic.Pointer[time.Time]
	setup := r.setup
	setup.Now = func() time.Time {
		if at := past.Load(); at != nil {
			return *at
		}
		return r.Now()
	}
	e, err := r.Open(ctx, setup)
	if err != nil {
		return err
	}
	patience := demoReads
	disturbed := len(o.Faults) > 0 || o.Latency > 0
	if !disturbed {
		patience += time.Duration(o.Conversations) * 5 * time.Millisecond
	}
	if disturbed || r.setup.ReadOnly {
		acts = nil
	}
	if o.Conversations >= manyConversations {
		r.say("Reading %s…", theme.Count(o.Conversations, "conversation"))
	}
	reading, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_ = e.Sync(reading) // what fails here fails again in the inbox, which says so
	err = Furnish(ctx, e, unseen, acts, past.Store)
	return errors.Join(err, r.Leave(ctx, r.setup, e))
}

// Furnish marks all seen but the unseen, and makes the edits of acts; at sets the clock of the inbox, nil to what it was.
func Furnish(ctx context.Context, e Engine, unseen map[model.Ref]bool, acts []config.SandboxAct, at func(*time.Time)) error {
	refs, err := e.Refs(ctx, "is:any", false)
	if err == nil {
		refs = slices.DeleteFunc(refs, func(ref model.Ref) bool { return unseen[ref] })
		err = e.Triage(ctx, refs, model.TriageChange{Seen: new(true)}, nil)
	}
	slices.SortFunc(acts, func(a, b config.SandboxAct) int { return a.At.Compare(b.At) })
	defer at(nil)
	for _, act := range acts {
		at(&act.At)
		err = errors.Join(err, perform(ctx, e, act))
	}
	return err
}

func perform(ctx context.Context, e Engine, act config.SandboxAct) error {
	refs, err := e.Refs(ctx, act.Query, false)
	if err != nil || len(refs) == 0 {
		return err
	}
	change := model.Change{Kind: model.EditKind(act.Field), Op: model.OpSet, Target: model.TextValue(act.To)}
	plan, err := e.Plan(ctx, refs, []model.Change{change}, model.PlanOptions{})
	if err != nil {
		return err
	}
	ids, err := e.Submit(ctx, plan)
	if err != nil {
		return err
	}
	act.Prepare()
	return e.Deliver(ctx, ids, func(model.DeliveryResult) {})
}
