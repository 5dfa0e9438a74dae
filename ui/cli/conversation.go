package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"confab/model"
	"confab/ui/theme"
)

func (r *run) showRef(ctx context.Context, args []string, _ flags) error {
	ref, err := r.ref(args[0])
	if err != nil {
		return err
	}
	row, d, err := r.readWhole(ctx, ref)
	if err != nil {
		return fmt.Errorf("%s: %w", ref, err)
	}
	if r.flags.json {
		r.object(model.NewDetailJSON(row, r.engine.Capabilities(d.Conversation), d))
	} else {
		r.show(row, d)
	}
	return nil
}

// readWhole reads a conversation afresh. The detail holds what is never stored, and replaces the conversation of the row.
func (r *run) readWhole(ctx context.Context, ref model.Ref) (model.Row, model.Detail, error) {
	d, err := r.engine.Load(ctx, ref, model.NeedParticipants|model.NeedContacts|model.NeedMessages|model.NeedEverything)
	if err != nil {
		return model.Row{}, d, err
	}
	row, _, err := r.engine.Row(ctx, ref)
	row.Conversation = d.Conversation
	return row, d, err
}

// show prints a conversation as text, in the order of the detail view.
func (r *run) show(row model.Row, d model.Detail) {
	c := row.Conversation
	described, _ := r.engine.Describe(c.Ref.Account)
	now := r.Now().Local()
	about := theme.NewAbout(&c, described, now)
	r.print("%s", cmp.Or(model.CleanLine(c.Title, 0), "(no title)"))
	r.print("%s\n", about.What)
	head := append([]model.Fact{{Label: "Ref", Value: cell(c.Ref.String())}}, about.Head...)
	add := func(label, value string) {
		if value != "" {
			head = append(head, model.Fact{Label: label, Value: value})
		}
	}
	t := row.Triage
	add("Triage", theme.Commas(only(t.Done, "done"), only(!t.SnoozedUntil.IsZero(), "snoozed until "+dateTime(t.SnoozedUntil)),
		only(t.Pinned, "pinned")))
	for _, p := range row.Pending {
		add("Edit", fmt.Sprintf("%s  %s: %s", p.ID, p.Kind.Words(), p.State.Words()))
	}
	// The reasons why the rest can't be edited are left to `edit`.
	add("Can edit", theme.Commas(can(r.engine.Capabilities(c),
		func(k model.EditKind) string { return only(k != model.EditCreate, k.Words()) })...))
	r.facts(head, "")
	if about.Assumed != "" {
		r.print("\n%s", about.Assumed)
	}
	r.people("PEOPLE", model.Set[model.Participant]{Known: c.Participants.Known || c.Contacts.Known, Items: c.People()})
	r.messages(d, now)
	r.facts(about.Facts, "More")
	r.facts(about.Raw, model.GroupRaw)
}

func can(caps model.Capabilities, name func(model.EditKind) string) (out []string) {
	for _, k := range model.EditKinds() {
		if caps.Of(k).Can() {
			out = append(out, name(k))
		}
	}
	return out
}

func (r *run) text(indent, s string) {
	for line := range strings.SplitSeq(strings.TrimRight(model.Clean(s), "\n"), "\n") {
		r.print("%s%s", indent, line)
	}
}

func (r *run) people(head string, set model.Set[model.Participant]) {
	if !set.Known {
		return
	}
	r.print("\n%s", head)
	if len(set.Items) == 0 {
		r.print("  (nobody)")
	}
	people := slices.Clone(set.Items)
	model.SortPeople(people)
	for _, p := range people {
		if p.Email != "" && r.flags.plain {
			p.ID = "" // the address is enough where the line is read aloud
		}
		r.print("  %s", personWith(p))
	}
}

// facts prints facts under the headings of their groups. Facts without a group belong to the given one; "" has no heading.
func (r *run) facts(facts []model.Fact, group string) {
	last := ""
	for _, f := range facts {
		if f.Group = cmp.Or(f.Group, group); f.Group != last {
			r.print("\n%s", strings.ToUpper(f.Group))
			last = f.Group
		}
		switch {
		case strings.ContainsAny(f.Value, "\n\r"):
			r.print("  %s:", f.Label)
			r.text("    ", f.Value)
		case f.Group == "":
			r.print("%-10s %s", f.Label, f.Value)
		default:
			r.print("  %s: %s", f.Label, f.Value)
		}
	}
}

func (r *run) messages(d model.Detail, now time.Time) {
	if !d.Messages.Known {
		return
	}
	r.print("\nMESSAGES")
	if d.MoreMessages {
		r.print("  (there are older messages)")
	}
	if len(d.Messages.Items) == 0 {
		r.print("  (none)")
	}
	for _, m := range d.Messages.Items {
		note := theme.Commas(cell(m.Kind), cell(m.Status))
		r.print("%s%s", theme.Speaker(m, now), only(note != "", " ("+note+")"))
		r.text("  ", m.Text)
	}
}
