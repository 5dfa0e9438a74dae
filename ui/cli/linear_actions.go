package cli

import (
	"context"
	"strings"

	"confab/model"
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
	l.print("%s queued.", count(len(ids), "edit"))
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

func (l *linear) doUndo(ctx context.Context, rest string) error {
	u, err := l.engine.PlanUndo(ctx, rest)
	if err != nil {
		return err
	}
	if len(u.Titles) > 0 {
		l.print("%s", model.CleanLine(strings.Join(u.Titles, ", "), 500))
	}
	for _, why := range u.Blocked {
		l.print("can't: %s", model.CleanLine(why, 1000))
	}
	l.printPlan(l.Out, u.Plan)
	if len(u.Withdraw) == 0 && u.Plan.Count(model.PlanChange) == 0 {
		return nil
	}
	if u.Plan.Risky() {
		yes, err := l.asked.confirm(ctx, "Take this back?", needsWhole(u.Plan.Risks()))
		if err != nil || !yes {
			return err
		}
	}
	ids, err := l.engine.ApplyUndo(ctx, u)
	if err != nil {
		return err
	}
	l.print("%d withdrawn, %d queued.", len(u.Withdraw), len(ids))
	return nil
}
