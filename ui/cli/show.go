package cli

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"confab/model"
)

func (r *run) showCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "show REF",
		Short:   "Print one conversation, read afresh, with everything known",
		Example: "  confab show projects:1481000003663\n  confab show --json projects:1481000003663",
		Args:    cobra.ExactArgs(1),
		RunE: r.do(func(ctx context.Context, args []string) error {
			return r.withEngine(ctx, func() error {
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
			})
		}),
	}
}

// readWhole reads a conversation afresh. The answer is newer than its row and
// holds what is never stored.
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
	field := func(name, text string) {
		if text != "" {
			r.print("%-14s %s", name, text)
		}
	}
	r.print("%s", model.CleanLine(c.Title, 0))
	field("ref", cell(c.Ref.String()))
	field("provider", c.Provider)
	field("kind", cell(c.Kind))
	field("privacy", privacyWord(c))
	field("status", cell(statusWord(c)))
	field("access", cell(c.Access))
	field("default role", cell(model.RoleName(c.DefaultRole)))
	if c.Owner != (model.Participant{}) {
		field("owner", person(c.Owner))
	}
	field("team", named(c.Team))
	field("space", named(c.Space))
	field("channel", named(c.Channel))
	for _, company := range c.Companies {
		field("company", named(company))
	}
	field("created", at(c.Created))
	field("updated", at(c.Updated))
	if c.Duration > 0 {
		field("duration", c.Duration.String())
	}
	field("url", cell(c.URL))
	field("triage", triageWords(row.Triage))
	for _, p := range row.Pending {
		field("edit", fmt.Sprintf("%s  %s: %s", p.ID, model.FieldName(p.Kind), p.State.Words()))
	}
	for _, kind := range []model.EditKind{model.EditLabels, model.EditAttributes} {
		pairs := model.Pairs(c, kind)
		for _, k := range slices.Sorted(maps.Keys(pairs)) {
			r.print("%-14s %s=%s", kind.Pair(), cell(k), cell(pairs[k]))
		}
	}
	if c.Description != "" {
		r.print("\nDESCRIPTION")
		r.text("  ", c.Description)
	}
	r.people("PEOPLE", c.Participants)
	r.people("CONTACTS", c.Contacts)
	r.facts(c.Facts)
	r.capabilities(r.engine.Capabilities(c))
	r.messages(d)
}

func named(n model.Named) string {
	switch {
	case n.Name == "":
		return cell(n.ID)
	case n.ID == "":
		return cell(n.Name)
	}
	return cell(n.Name) + " (" + cell(n.ID) + ")"
}

func triageWords(t model.Triage) string {
	var words []string
	if t.Done {
		words = append(words, "done")
	}
	if !t.SnoozedUntil.IsZero() {
		words = append(words, "snoozed until "+at(t.SnoozedUntil))
	}
	if t.Pinned {
		words = append(words, "pinned")
	}
	return strings.Join(words, ", ")
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
			p.ID = "" // the address tells who it is, and is read aloud
		}
		r.print("  %s", personWith(p))
	}
}

func (r *run) facts(facts []model.Fact) {
	// A group stands where its first fact does.
	first := map[string]int{}
	for i, f := range facts {
		if _, ok := first[f.Group]; !ok {
			first[f.Group] = i
		}
	}
	facts = slices.Clone(facts)
	slices.SortStableFunc(facts, func(a, b model.Fact) int { return first[a.Group] - first[b.Group] })
	for i, f := range facts {
		if i == 0 || f.Group != facts[i-1].Group {
			r.print("\n%s", strings.ToUpper(cell(cmp.Or(f.Group, "Other"))))
		}
		if strings.ContainsAny(f.Value, "\n\r") {
			r.print("  %s:", cell(f.Label))
			r.text("    ", f.Value)
			continue
		}
		r.print("  %s: %s", cell(f.Label), model.CleanLine(f.Value, 0))
	}
}

func (r *run) capabilities(caps model.Capabilities) {
	r.print("\nEDITS")
	for _, k := range model.EditKinds() {
		if k == model.EditCreate {
			continue
		}
		cp := caps.Of(k)
		word := string(cp.State)
		if reason := strings.TrimSpace(strings.TrimPrefix(cp.Reason, word+":")); reason != "" {
			word += ": " + cell(reason)
		}
		r.print("  %-13s %s", k.Words(), word)
	}
}

func (r *run) messages(d model.Detail) {
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
		when := at(m.At)
		if m.At.IsZero() && m.Offset > 0 {
			when = m.Offset.String()
		}
		note := ""
		switch {
		case m.Kind != "" && m.Status != "":
			note = " (" + cell(m.Kind) + ", " + cell(m.Status) + ")"
		case m.Kind != "" || m.Status != "":
			note = " (" + cell(m.Kind+m.Status) + ")"
		}
		r.print("%s  %s%s", when, cell(cmp.Or(m.Author, "unknown")), note)
		r.text("  ", m.Text)
	}
}
