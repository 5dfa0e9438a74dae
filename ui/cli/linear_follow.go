package cli

import (
	"context"

	"confab/model"
)

// followed is an act of this session whose end has not been said yet.
type followed struct {
	submission string
	refs       []model.Ref
	// delayed says that it was said what the act waits for.
	delayed bool
}

// followed begins to follow what was submitted.
func (l *linear) followed(p model.Plan) {
	l.forget(p.ID)
	f := followed{submission: p.ID}
	for _, it := range p.Items {
		f.refs = append(f.refs, it.Ref)
	}
	l.acts = append(l.acts, f)
}

// forget follows a submission no longer.
func (l *linear) forget(submission string) {
	kept := l.acts[:0]
	for _, f := range l.acts {
		if f.submission != submission {
			kept = append(kept, f)
		}
	}
	l.acts = kept
}

// follow says how acts ended, each in a line, and once what one waits for where
// it waits for a reason. It returns the conversations that the acts are about.
func (l *linear) follow(ctx context.Context, say func(string)) (map[model.Ref]bool, error) {
	own := map[model.Ref]bool{}
	kept := l.acts[:0]
	for i, f := range l.acts {
		for _, ref := range f.refs {
			own[ref] = true
		}
		sub, ok, err := l.engine.Submission(ctx, f.submission)
		if err != nil {
			l.acts = append(kept, l.acts[i:]...)
			return own, err
		}
		if !ok {
			continue
		}
		if !sub.Settled() {
			if sub.Problem != nil && sub.Problem.Error != nil && !f.delayed {
				f.delayed = true
				say(l.ending(sub, true, "outbox"))
			}
			kept = append(kept, f)
			continue
		}
		say(l.ending(sub, true, "outbox"))
	}
	l.acts = kept
	return own, nil
}

// needPerson counts the edits that wait for a decision.
func (l *linear) needPerson() int {
	n := 0
	for _, a := range l.engine.Accounts() {
		n += a.NeedPerson
	}
	return n
}
