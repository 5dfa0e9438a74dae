package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"confab/model"
	"confab/ui/theme"
)

func planLines(plan model.Plan) []string {
	var out []string
	if plan.Bulk() {
		var parts []string
		for _, p := range []struct {
			state model.PlanState
			word  string
		}{{model.PlanChange, "to change"}, {model.PlanAlready, "already so"}, {model.PlanBlocked, "can't be done"}} {
			if n := plan.Count(p.state); n > 0 {
				parts = append(parts, fmt.Sprintf("%d %s", n, p.word))
			}
		}
		out = append(out, theme.Count(len(plan.Items), "conversation")+": "+strings.Join(parts, ", "))
	}
	for _, it := range plan.Items {
		out = append(out, itemLines(it)...)
	}
	return out
}

// whyUnchanged returns why a plan leaves a conversation alone, or "" if it changes it.
func whyUnchanged(it model.PlanItem) string {
	switch {
	case it.State == model.PlanBlocked:
		return "can't: " + model.CleanLine(it.Reason, 1000)
	case it.State == model.PlanAlready && len(it.Waiting) > 0:
		return "asked for already, and not delivered yet"
	case it.State == model.PlanAlready:
		return "already so"
	}
	return ""
}

// riskLines returns the reasons to ask. If it is known who sees the conversation before and after, that replaces the risks
// about visibility.
func riskLines(seen *model.AudienceChange, risks []model.Risk) (lines []string) {
	if seen != nil {
		lines = seen.Lines()
	}
	for _, risk := range risks {
		if seen == nil || !risk.Kind.Exposes() {
			lines = append(lines, risk.Text)
		}
	}
	for i, line := range lines {
		lines[i] = model.CleanLine(line, 500)
	}
	return lines
}

func itemLines(it model.PlanItem) []string {
	why := whyUnchanged(it)
	out := []string{cell(it.Ref.String()) + only(it.Title != "", "  "+quote(it.Title)) + only(why != "", ": "+why)}
	if why == "" {
		for _, e := range it.Edits {
			out = append(out, indent("  ", editLines(e))...)
		}
	}
	if it.State != model.PlanBlocked {
		for _, e := range it.Waiting {
			out = append(out, "  in the outbox: "+e.ID+"  "+e.State.Words()+"  "+shortEdit(e.Edit)+nextTry(e)+because(e.Error))
		}
	}
	if why != "" {
		return out
	}
	out = append(out, indent("  ! ", riskLines(it.Audience, it.Risks))...)
	return append(out, indent("  note: ", notes(nil, it))...)
}

// notes appends the notes of an item that are not in the list yet.
func notes(list []string, it model.PlanItem) []string {
	for _, note := range it.Notes {
		if note != "" {
			list = appendNew(list, model.CleanLine(note, 500))
		}
	}
	return list
}

func indent(by string, lines []string) []string {
	for i := range lines {
		lines[i] = by + lines[i]
	}
	return lines
}

func field(e model.Edit) string {
	return pick(e.Kind.Shape() == model.ShapePairs, e.Kind.Pair()+" "+cell(e.Key), e.Kind.Words())
}

// editLines says what an edit changes, of sets and new conversations one part a line.
func editLines(e model.Edit) []string {
	var out []string
	switch n := e.Target.New; {
	case n != nil:
		out = []string{"create " + quote(n.Title)}
		for _, f := range [][2]string{{"description", n.Description}, {"space", n.Space}, {"privacy", string(n.Privacy)},
			{"access", n.Access}, {"default role", model.RoleName(n.DefaultRole)}, {"first message", n.Message}} {
			if f[1] != "" {
				out = append(out, "  "+f[0]+": "+model.CleanLine(f[1], 200))
			}
		}
		for _, p := range n.People {
			p.Status = ""
			out = append(out, "  + "+personWith(p))
		}
		return out
	case e.Kind.Shape() != model.ShapePeople:
		return []string{shortEdit(e)}
	}
	d := model.DiffPeople(e.Base.Set(), e.Target.Set())
	out = []string{field(e)}
	if was, will := len(e.Base.Set()), len(e.Target.Set()); was != will {
		out[0] += fmt.Sprintf(": %d → %d", was, will)
	}
	for _, p := range d.Added {
		out = append(out, "  + "+personWith(p))
	}
	for i, p := range d.Altered {
		was, line := d.Was[i], "  ~ "+person(p)
		if was.Role != p.Role {
			line += ", " + cmp.Or(short(model.RoleName(was.Role)), "no role") + " → " + short(model.RoleName(p.Role))
		}
		if was.Status != p.Status {
			line += ", " + cmp.Or(short(was.Status), "no status") + " → " + short(p.Status)
		}
		out = append(out, line)
	}
	for _, p := range d.Removed {
		out = append(out, "  - "+person(p))
	}
	return out
}

func resultLine(d model.DeliveryResult) string {
	e := d.Entry
	if d.Journal != nil && d.Journal.Ref.ID != "" {
		e.Ref = d.Journal.Ref // a created conversation has its id only now
	}
	line := fmt.Sprintf("%s  %s  %s", e.State.Words(), cell(e.Ref.String()), shortEdit(e.Edit))
	if e.State.Waiting() {
		line += ": stays in the outbox" + nextTry(e)
	}
	if e.Theirs != nil && e.Kind != model.EditArchive {
		line += "; it is now " + value(*e.Theirs)
	}
	// An edit that is done may still carry the error of an earlier try.
	if e.State.Waiting() || e.State.NeedsPerson() {
		line += because(e.Error)
	}
	return line
}

func nextTry(e model.OutboxEntry) string {
	return only(!e.NextTry.IsZero(), ", next try "+e.NextTry.Local().Format(time.TimeOnly))
}

// shortEdit says in one line what an edit changes: "title: Old → New".
func shortEdit(e model.Edit) string {
	switch e.Kind.Shape() {
	case model.ShapeAct:
		if e.Kind == model.EditCreate {
			return "create " + value(e.Target)
		}
		return field(e)
	case model.ShapePeople:
		d := model.DiffPeople(e.Base.Set(), e.Target.Set())
		parts := slices.Concat(peopleShort("+", d.Added), peopleShort("~", d.Altered), peopleShort("-", d.Removed))
		return field(e) + ": " + strings.Join(parts, ", ")
	}
	return field(e) + ": " + value(e.Base) + " → " + value(e.Target)
}
