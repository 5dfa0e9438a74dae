package cli

import (
	"context"
	"errors"
	"strings"

	"confab/model"
	"confab/ui/theme"
)

// edit plans, asks where the plan is risky or for several, and submits; the
// engine delivers in the background, and events tell.
func (l *linear) edit(ctx context.Context, refs []model.Ref, req request) error {
	plan, _, err := l.planEdit(ctx, l.engine, refs, req)
	if err != nil {
		return err
	}
	l.printPlan(l.Out, plan)
	if plan.Count(model.PlanChange) == 0 {
		return nil
	}
	if plan.Risky() || plan.Bulk() {
		yes, err := l.asked.confirm(ctx, question(plan), needsWhole(plan.Risks()))
		if err != nil {
			return err
		}
		if !yes {
			l.print("Nothing was sent.")
			return nil
		}
	}
	ids, err := l.engine.Submit(ctx, plan)
	if err != nil {
		return err
	}
	l.print("%s queued.", theme.Count(len(ids), "edit"))
	l.followed(plan)
	return nil
}

func (l *linear) doList(ctx context.Context, rest string) error {
	if rest != "" {
		if err := l.checkQuery(rest); err != nil {
			return err
		}
		l.query = rest
	}
	return l.list(ctx, 0)
}

func (l *linear) doView(ctx context.Context, rest string) error {
	var names []string
	for _, v := range l.setup.Config.Views {
		if strings.EqualFold(v.Name, rest) {
			l.query = v.Query
			return l.list(ctx, 0)
		}
		names = append(names, v.Name)
	}
	l.print("Views: %s", cell(strings.Join(names, ", ")))
	return nil
}

func (l *linear) doOpen(ctx context.Context, rest string) error {
	refs, _, err := l.pickOne(rest)
	if err != nil {
		return err
	}
	d, err := l.engine.Load(ctx, refs[0], model.NeedParticipants|model.NeedContacts|model.NeedMessages|model.NeedEverything)
	if err != nil {
		return err
	}
	row, _, err := l.engine.Row(ctx, refs[0])
	if err != nil {
		return err
	}
	row.Conversation = d.Conversation
	l.show(row, l.engine.Capabilities(d.Conversation), d)
	return l.engine.See(ctx, refs[0])
}

func (l *linear) doPeople(ctx context.Context, rest string) error {
	refs, _, err := l.pickOne(rest)
	if err != nil {
		return err
	}
	d, err := l.engine.Load(ctx, refs[0], model.NeedParticipants|model.NeedContacts)
	if err != nil {
		return err
	}
	l.people("PEOPLE", d.Conversation.Participants)
	l.people("CONTACTS", d.Conversation.Contacts)
	return nil
}

// decide does what a person decided about edits of the outbox; what is sent is
// shown and asked about where an edit would be.
func (l *linear) decide(ctx context.Context, d decision, ids []string) error {
	if len(ids) == 0 {
		return errors.New("say which, by an id of the outbox")
	}
	picked, err := l.pickDecided(ctx, l.engine, d, ids, false)
	if err != nil {
		return err
	}
	plan, err := l.showDecision(ctx, l.engine, d, picked, l.Out, false)
	if err != nil {
		return err
	}
	if !d.sends() || plan.Risky() || plan.Bulk() {
		yes, err := l.asked.confirm(ctx, d.question(len(picked)), needsWhole(plan.Risks()))
		if err != nil || !yes {
			return err
		}
	}
	if err := d.apply(ctx, l.engine, picked); err != nil {
		return err
	}
	for _, x := range picked {
		if d.sends() {
			l.followed(model.Plan{ID: x.Submission, Items: []model.PlanItem{{Ref: x.Ref}}})
		} else {
			l.print("given up  %s  %s", cell(x.Ref.String()), shortEdit(x.Edit))
		}
	}
	return nil
}

func (l *linear) doResolve(ctx context.Context, rest string) error {
	words := strings.Fields(rest)
	if last := len(words) - 1; last > 0 {
		how := model.Resolution(strings.TrimPrefix(words[last], "--"))
		switch how {
		case model.ResolveMine, model.ResolveTheirs, model.ResolveMerged:
			return l.decide(ctx, decision{name: "resolve", how: how}, words[:last])
		}
	}
	return errors.New("say which and how: resolve ID mine|theirs|merged")
}
