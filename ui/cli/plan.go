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

// planLines show what will change, for whom, what already is so, and what
// can't be done and why.
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

func itemLines(it model.PlanItem) []string {
	head := cell(it.Ref.String())
	if it.Title != "" {
		head += "  " + quote(it.Title)
	}
	switch it.State {
	case model.PlanAlready:
		if len(it.Waiting) == 0 {
			return []string{head + ": already so"}
		}
		return append([]string{head + ": asked for already, and not delivered yet"}, waitingLines(it)...)
	case model.PlanBlocked:
		return []string{head + ": can't: " + model.CleanLine(it.Reason, 1000)}
	}
	out := []string{head}
	for _, e := range it.Edits {
		for _, line := range editLines(e) {
			out = append(out, "  "+line)
		}
	}
	out = append(out, waitingLines(it)...)
	if it.Seen != nil {
		for _, line := range it.Seen.Lines() {
			out = append(out, "  ! "+model.CleanLine(line, 500))
		}
	}
	for _, risk := range it.Risks {
		if it.Seen == nil || !risk.Exposes() {
			out = append(out, "  ! "+model.CleanLine(risk.Text, 500))
		}
	}
	for i, note := range it.Notes {
		if note != "" && !slices.Contains(it.Notes[:i], note) {
			out = append(out, "  note: "+model.CleanLine(note, 500))
		}
	}
	return out
}

func waitingLines(it model.PlanItem) []string {
	var out []string
	for _, e := range it.Waiting {
		line := "  in the outbox: " + e.ID + "  " + e.State.Words() + "  " + shortEdit(e.Edit) + nextTry(e)
		if e.Error != nil {
			line += ": " + e.Error.Words()
		}
		out = append(out, line)
	}
	return out
}

func field(e model.Edit) string {
	if e.Kind.Shape() == model.ShapePairs {
		return e.Kind.Pair() + " " + cell(e.Key)
	}
	return e.Kind.Words()
}

func editLines(e model.Edit) []string {
	switch e.Kind.Shape() {
	case model.ShapeAct:
		if e.Kind == model.EditCreate {
			return createLines(e.Target.New)
		}
		return []string{field(e)}
	case model.ShapePeople:
		return peopleLines(e)
	}
	return []string{field(e) + ": " + value(e.Base) + " → " + value(e.Target)}
}

func peopleLines(e model.Edit) []string {
	d := model.DiffPeople(e.Base.Set(), e.Target.Set())
	what := field(e)
	if was, will := len(e.Base.Set()), len(e.Target.Set()); was != will {
		what += fmt.Sprintf(": %d → %d", was, will)
	}
	out := []string{what}
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

func createLines(n *model.NewConversation) []string {
	if n == nil {
		return []string{"create"}
	}
	out := []string{"create " + quote(n.Title)}
	for _, f := range [][2]string{{"description", n.Description}, {"space", n.Space}, {"privacy", string(n.Privacy)}, {"access", n.Access},
		{"default role", model.RoleName(n.DefaultRole)}, {"first message", n.Message}} {
		if f[1] != "" {
			out = append(out, "  "+f[0]+": "+model.CleanLine(f[1], 200))
		}
	}
	for _, p := range n.People {
		p.Status = ""
		out = append(out, "  + "+personWith(p))
	}
	return out
}

func resultLine(d model.DeliveryResult) string {
	e := d.Entry
	if d.Journal != nil && d.Journal.Ref.ID != "" {
		e.Ref = d.Journal.Ref // a create has an id only afterwards
	}
	line := fmt.Sprintf("%s  %s  %s", e.State.Words(), cell(e.Ref.String()), shortEdit(e.Edit))
	if e.State.Waiting() {
		line += ": stays in the outbox" + nextTry(e)
	}
	if e.Theirs != nil && e.Kind != model.EditArchive {
		line += "; it is now " + value(*e.Theirs)
	}
	// What is done may carry the failure of an earlier try.
	if e.Error != nil && (e.State.Waiting() || e.State.NeedsPerson()) {
		line += ": " + e.Error.Words()
	}
	return line
}

func nextTry(e model.OutboxEntry) string {
	if e.NextTry.IsZero() {
		return ""
	}
	return ", next try " + e.NextTry.Local().Format(time.TimeOnly)
}

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
