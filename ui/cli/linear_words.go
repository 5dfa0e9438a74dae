package cli

import (
	"cmp"
	"context"
	"strings"

	"confab/model"
	"confab/ui/theme"
)

// maxNamed bounds the titles that a plan for many names.
const maxNamed = 5

// accountLine says how an account does, without what changes all the time.
func accountLine(a model.AccountState) string {
	if a.Syncing && a.Swept.IsZero() {
		return a.Name + ": reading the list for the first time"
	}
	return a.Name + ": " + commas(theme.Count(a.Conversations, "conversation"), a.Error.Words())
}

func title(c model.Conversation) string { return cell(cmp.Or(c.Title, "(no title)")) }

// rowLine says a conversation in one line as far as it is about the conversation itself: an act has a line of its
// own, and what is normal is not said.
func (l *linear) rowLine(row model.Row) string {
	c := row.Conversation
	return commas(title(c), l.seenBy(&c), unusual(c), cell(peopleIn(c, true)), c.Ref.Account)
}

func (l *linear) listLine(row model.Row) string {
	parts := []string{l.rowLine(row), l.spoken(when(row.Conversation)), only(!row.Triage.Seen, "unseen")}
	for _, p := range row.Pending {
		parts = append(parts, model.FieldName(p.Kind)+" "+p.State.Words())
	}
	return commas(parts...)
}

func unusual(c model.Conversation) string {
	status := c.PlainStatus()
	return pick(c.Archived, "archived", only(status != model.StatusOpen, status))
}

func (l *linear) nothing(ctx context.Context) []string {
	var unread []string
	for _, a := range l.engine.Accounts() {
		switch {
		case !a.Swept.IsZero():
		case a.Error != nil:
			unread = append(unread, accountLine(a))
		default:
			return []string{"Nothing here yet: the services are being read."}
		}
	}
	switch {
	case len(unread) > 0:
		return append([]string{"Nothing could be read yet."}, unread...)
	case l.query != "":
		return []string{"Nothing matches " + cell(l.query) + cell(l.nearest(ctx, l.query, true)) + "."}
	}
	return []string{"Nothing here. What is done, snoozed or archived is left out; list is:any has it."}
}

// preview says what a plan is about to do, and what it leaves alone. What is the same for several is said once.
func (l *linear) preview(plan model.Plan) (lines []string) {
	var edits []model.Titled
	var titles, each, alike, notes []string
	for _, it := range plan.Items {
		if it.State != model.PlanChange {
			continue
		}
		var changes []string
		for _, e := range it.Edits {
			edits = append(edits, model.Titled{Edit: e, Title: it.Title})
			changes = append(changes, editLines(e)...)
		}
		alike = appendNew(alike, strings.Join(changes, "\n"))
		titles = append(titles, quote(it.Title))
		each = append(each, quote(it.Title)+": "+strings.Join(changes, "; "))
		for _, note := range it.Notes {
			notes = appendNew(notes, model.CleanLine(note, 500))
		}
	}
	if len(edits) > 0 {
		said := model.Sentence(edits)
		lines = []string{model.Submission{Sentence: said, Edits: len(edits), Waiting: len(edits)}.Words()}
		if len(titles) > 1 && len(alike) == 1 {
			lines[0] += ": " + few(titles)
		}
		if len(alike) > 1 {
			lines = append(lines, each...)
		} else if strings.HasPrefix(said, "changed ") || len(titles) > 1 && strings.HasPrefix(said, "renamed ") {
			lines = append(lines, "  "+strings.ReplaceAll(alike[0], "\n", "\n  "))
		}
	}
	var seen *model.AudienceChange
	if len(titles) == 1 && len(plan.Items) == 1 {
		seen = plan.Items[0].Audience
	}
	lines = append(lines, riskLines(seen, plan.Risks())...)
	return append(append(lines, notes...), leftAlone(plan)...)
}

func few(names []string) string {
	return theme.People(names, maxNamed, func(name string) string { return name })
}

func leftAlone(plan model.Plan) (lines []string) {
	titles := map[string][]string{}
	var reasons []string
	for _, it := range plan.Items {
		if reason := whyUnchanged(it); reason != "" {
			reasons = appendNew(reasons, reason)
			titles[reason] = append(titles[reason], quote(it.Title))
		}
	}
	for _, reason := range reasons {
		lines = append(lines, few(titles[reason])+": "+reason)
	}
	return lines
}

// brief reads a conversation out: what it is, who can see it, who is in it, and what was said.
func (l *linear) brief(row model.Row, d model.Detail) {
	c, now := row.Conversation, l.Now().Local()
	described, _ := l.engine.Describe(c.Ref.Account)
	about := theme.NewAbout(&c, described, now)
	l.print("%s", title(c))
	l.print("%s", about.What)
	l.print("Seen by %s.", model.CleanLine(described.AudienceOf(&c).Words(), 0))
	for _, f := range about.Head[1:] {
		if strings.Contains(f.Value, "\n") {
			l.text("", f.Value)
		} else {
			l.print("%s: %s", f.Label, f.Value)
		}
	}
	for _, p := range row.Pending {
		l.print("Not delivered yet: %s, %s", model.FieldName(p.Kind), p.State.Words())
	}
	l.messages(d, now)
}
