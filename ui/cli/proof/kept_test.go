package proof

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"confab/model"
	"confab/model/store"
)

// kept is what a database holds of edits.
type kept struct {
	outbox  []model.OutboxEntry
	journal []model.JournalEntry
	subs    []model.Submission
}

func readStore(ctx context.Context, s *store.Store) (k kept, err error) {
	if k.outbox, err = s.Outbox(ctx); err != nil {
		return k, err
	}
	if k.journal, err = s.History(ctx, model.HistoryRequest{Limit: 1 << 20}); err != nil {
		return k, err
	}
	k.subs, err = s.Submissions(ctx, model.HistoryRequest{Limit: 1 << 20})
	return k, err
}

// waiting counts the edits that are on their way by themselves.
func (k kept) waiting() int {
	n := 0
	for _, e := range k.outbox {
		if e.State.Waiting() && !k.undecided(e) {
			n++
		}
	}
	return n
}

// undecided reports whether a widening edit waits for a person's decision on an earlier edit of its submission.
func (k kept) undecided(e model.OutboxEntry) bool {
	return e.Widens() && slices.ContainsFunc(k.outbox, func(o model.OutboxEntry) bool {
		return o.Submission == e.Submission && o.Ref == e.Ref && o.ID < e.ID && o.State.NeedsPerson()
	})
}

func (k kept) String() string {
	var b strings.Builder
	for _, s := range k.subs {
		fmt.Fprintf(&b, "submission %s %s: %s\n", s.ID, s.Sentence, s.Ending(func(time.Time) string { return "" }))
	}
	for _, e := range k.outbox {
		fmt.Fprintf(&b, "outbox  %s %s %s %s sent=%v %s → %s %+v\n", e.ID, e.Ref, e.Kind, e.State, e.Sent,
			show(e.Base), show(e.Target), e.Error)
	}
	for _, j := range k.journal {
		fmt.Fprintf(&b, "journal %s %s %s %s %s → %s undoes=%s undone=%s\n", j.ID, j.Ref, j.Kind, j.State,
			show(j.Before), show(j.After), j.Undoes, j.Undone)
	}
	return b.String()
}

func show(v model.Value) string {
	raw, _ := v.MarshalJSON()
	return model.CleanLine(string(raw), 200)
}
