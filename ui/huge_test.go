package ui_test

import (
	"context"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui"
	"confab/ui/keymap"
)

// hugeEngine is an engine with so many conversations that it stores none: each is made from its number.
type hugeEngine struct {
	*fake
	n int
}

func newHugeEngine(n int) *hugeEngine {
	v := &hugeEngine{fake: newFake(conversations(4)...), n: n}
	v.guarded, v.called = true, map[string][]string{}
	return v
}

func vastRow(i int) model.Row {
	r := conversation(i)
	r.Key = int64(i + 1)
	return r
}

func (v *hugeEngine) List(_ context.Context, req model.ListRequest) (model.Page, error) {
	_ = v.enter("List")
	p := model.Page{Total: v.n, Index: -1, Offset: req.Offset}
	if !req.Anchor.IsZero() {
		p.Index, _ = strconv.Atoi(strings.TrimPrefix(req.Anchor.ID, "c"))
		p.Offset = max(0, p.Index-req.Limit/2)
	}
	for i := p.Offset; i < min(v.n, p.Offset+req.Limit); i++ {
		p.Rows = append(p.Rows, vastRow(i))
	}
	return p, nil
}

func (v *hugeEngine) Select(context.Context, model.SelectRequest) (model.Selection, error) {
	var s model.Selection
	_ = v.enter("Select")
	for i := range v.n {
		s.Add(providers[i%4]+"-a", int64(i+1))
	}
	return s, nil
}

func (v *hugeEngine) Hidden(context.Context, model.ListRequest, model.Selection) (int, error) {
	return 0, v.enter("Hidden")
}

func (v *hugeEngine) RefsOf(_ context.Context, s model.Selection) ([]model.Ref, error) {
	_ = v.enter("RefsOf")
	var out []model.Ref
	for account, key := range s.Keys() {
		out = append(out, model.Ref{Account: account, ID: fmt.Sprintf("c%05d", key-1)})
	}
	return out, nil
}

func (v *hugeEngine) Plan(_ context.Context, refs []model.Ref, changes []model.Change, _ model.PlanOptions) (model.Plan, error) {
	_ = v.enter("Plan")
	p := model.Plan{ID: v.newPlanID()}
	text := model.TextValue("private")
	for i, r := range refs {
		it := model.PlanItem{Ref: r, Title: "a talk", State: model.PlanChange}
		if i%10 == 3 {
			it.State, it.Reason = model.PlanBlocked, "it is gone"
		} else {
			it.Edits = []model.Edit{{Ref: r, Kind: changes[0].Kind, Base: text, Target: changes[0].Target}}
		}
		p.Items = append(p.Items, it)
	}
	return p, nil
}

func (v *hugeEngine) Submit(context.Context, model.Plan) ([]string, error) {
	return nil, v.enter("Submit")
}

// Submission returns a submission with an edit that needs a person.
func (v *hugeEngine) Submission(_ context.Context, id string) (model.Submission, bool, error) {
	return v.submission(id), true, v.enter("Submission")
}

func (v *hugeEngine) submission(id string) model.Submission {
	return model.Submission{ID: id, Sentence: "made them private", Edits: v.n, Waiting: v.n - 1, NeedPerson: 1}
}

func (v *hugeEngine) SubmissionEdits(_ context.Context, id string, _ int64) (model.SubmissionEdits, error) {
	out := make([]model.OutboxEntry, v.n)
	for i := range out {
		e := model.Edit{ID: fmt.Sprint(i), Submission: id, Ref: vastRow(i).Conversation.Ref, Kind: model.EditPrivacy}
		out[i] = model.OutboxEntry{Edit: e, State: model.Queued}
	}
	out[v.n/2].State = model.Refused
	return model.SubmissionEdits{Submission: v.submission(id), Outbox: out}, v.enter("SubmissionEdits")
}

func (v *hugeEngine) Triage(context.Context, []model.Ref, model.TriageChange, func(int, int)) error {
	return v.enter("Triage")
}

// bench drives a model step by step, so that the work of each Update and View can be measured.
type bench struct {
	t    testing.TB
	m    *ui.Model
	be   *hugeEngine
	msgs chan brought
	// spent is how many bytes each kind of message allocated in Update and View; nil if nobody asks.
	spent map[string]uint64
}

// brought is a message and its kind: the method of the engine that its command called, or the type of a
// message that is not the inbox's own.
type brought struct {
	msg  tea.Msg
	kind string
}

// kinds names messages by a method that their command called.
var kinds = []struct{ call, kind string }{{"Plan", "planned"}, {"Submit", "submitted"}, {"Submission", "told"}, {"Triage", "triaged"},
	{"SubmissionEdits", "edits"}, {"List", "page"}, {"Select", "marked"}, {"RefsOf", "refs"}}

func isKind(name string) bool {
	return slices.ContainsFunc(kinds, func(k struct{ call, kind string }) bool { return k.kind == name })
}

func kindOf(msg tea.Msg, calls []string) string {
	for _, k := range kinds {
		if slices.Contains(calls, k.call) {
			return k.kind
		}
	}
	if v := reflect.ValueOf(msg); v.Kind() == reflect.Func && strings.Contains(runtime.FuncForPC(v.Pointer()).Name(), "waitForNews") {
		return "announced"
	}
	return reflect.TypeOf(msg).String()
}

// onBench starts a model. To measure what messages allocate it must be in a synctest bubble.
func onBench(t testing.TB, be *hugeEngine, measures bool) *bench {
	t.Helper()
	now := time.Now()
	b := &bench{t: t, be: be, msgs: make(chan brought, 1000)}
	if measures {
		b.spent = map[string]uint64{}
	}
	// Each reading of the clock is a second later, so that no two keys are one burst.
	b.m = ui.New(usualViews(ui.Options{Backend: be, Layout: "off", Now: func() time.Time { now = now.Add(time.Second); return now }}))
	t.Cleanup(b.m.Close)
	b.take(tea.WindowSizeMsg{Width: 120, Height: 40}, "size")
	b.run(b.m.Init())
	b.await("page")
	return b
}

func (b *bench) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	go func() {
		switch msg := cmd().(type) {
		case nil:
		case tea.BatchMsg:
			for _, c := range msg {
				b.run(c)
			}
		default:
			b.msgs <- brought{msg, kindOf(msg, b.be.calledHere())}
		}
	}()
}

// take passes a message to the model and draws the result.
func (b *bench) take(msg tea.Msg, kind string) {
	var before, after runtime.MemStats
	if b.spent != nil {
		synctest.Wait() // until no command is at work
		runtime.ReadMemStats(&before)
	}
	_, cmd := b.m.Update(msg)
	b.m.View()
	if b.spent != nil {
		runtime.ReadMemStats(&after)
		b.spent[kind] = max(b.spent[kind], after.TotalAlloc-before.TotalAlloc)
	}
	b.run(cmd)
}

// announce has an engine send an event.
func (b *bench) announce(v *hugeEngine) {
	v.fake.announce()
	b.await("announced")
}

// await takes messages until one of a kind came.
func (b *bench) await(kind string) {
	b.t.Helper()
	for end := time.After(30 * time.Second); ; {
		select {
		case got := <-b.msgs:
			b.take(got.msg, got.kind)
			if got.kind == kind {
				return
			}
		case <-end:
			b.t.Fatalf("no message of kind %s came", kind)
		}
	}
}

func (b *bench) press(key string) {
	k, err := keymap.Press(key)
	if err != nil {
		b.t.Fatal(err)
	}
	b.take(k, "key")
}
