package inbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"confab/model"
	"confab/model/store"
)

// act is what a person can take back in this session: a submission, or a change of local marks.
type act struct {
	no         int
	submission string
	sentence   string
	change     model.TriageChange
	marks      []store.Marked
}

// session is the stack of acts of this run, newest last.
type session struct {
	mu      sync.Mutex
	acts    []act
	last    int
	undoing bool // the newest thing done was an undo: another one asks
}

func (s *session) did(a act) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	a.no = s.last
	s.acts = append(s.acts, a)
	s.undoing = false
}

// find returns the newest act that matches, one with the number 0 where there is none, and whether the last thing done
// was an undo.
func (s *session) find(meant func(act) bool) (a act, again bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range slices.Backward(s.acts) {
		if meant(a) {
			return a, s.undoing
		}
	}
	return act{}, s.undoing
}

// spend takes an act off the stack: it was taken back, or can't be.
func (s *session) spend(no int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.undoing = true
	s.acts = slices.DeleteFunc(s.acts, func(a act) bool { return a.no == no })
}

// Triage changes local marks, as an act that can be taken back. progress, if it is not nil, is
// told how far that has come. Where it ends early, the error says so and the act is what was done.
func (b *Inbox) Triage(ctx context.Context, refs []model.Ref, ch model.TriageChange, progress func(done, total int)) error {
	var before []store.Marked
	err := b.store.TriageEach(ctx, refs, ch, func(some []store.Marked) {
		before = append(before, some...)
		b.announce(ctx)
		if progress != nil {
			progress(len(before), len(refs))
		}
	})
	if len(before) == 0 {
		return err
	}
	titles := make([]string, len(before))
	if len(before) == 1 {
		if row, ok, err := b.store.Row(ctx, before[0].Ref); err == nil && ok {
			titles[0] = row.Conversation.Title
		}
	}
	b.session.did(act{sentence: ch.Sentence(titles), change: ch, marks: before})
	return cutShort(err, "marked", len(before), len(refs))
}

// cutShort says of an error how much had been done before it.
func cutShort(err error, did string, done, total int) error {
	if err == nil {
		return nil
	}
	why := model.Words(err)
	if errors.Is(err, context.Canceled) {
		why = "stopped"
	}
	why = fmt.Sprintf("%s: %s of %s were %s", why, model.Number(done), model.Number(total), did)
	return &model.Error{Kind: model.KindOf(err), Message: why, Err: err}
}

// See marks a conversation seen because it was shown, which is no act.
func (b *Inbox) See(ctx context.Context, ref model.Ref) error {
	return b.store.TriageEach(ctx, []model.Ref{ref}, model.TriageChange{Seen: new(true)}, func([]store.Marked) { b.announce(ctx) })
}

// unmark takes a change of local marks back. Where it ends early, another call takes back the rest.
func (b *Inbox) unmark(ctx context.Context, a act) error {
	done := 0
	err := b.store.Restore(ctx, a.marks, a.change, func(some []store.Marked) {
		done += len(some)
		b.announce(ctx)
	})
	return cutShort(err, "taken back", done, len(a.marks))
}
