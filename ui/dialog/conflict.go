package dialog

import (
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/theme"
)

// Conflict shows base, mine and theirs of an edit that waits for a person.
type Conflict struct {
	// Keys and OutboxKeys are the keys of dialogs and of the outbox.
	Keys, OutboxKeys *keymap.Keys
	Now              func() time.Time

	Entry  model.OutboxEntry
	merged *model.Value
	pager
}

func NewConflict(e model.OutboxEntry) *Conflict {
	d := &Conflict{Entry: e}
	if e.Theirs != nil {
		d.merged = model.Merged(e.Edit, *e.Theirs)
	}
	return d
}

// CanMerge reports whether the merged choice exists.
func (d *Conflict) CanMerge() bool { return d.merged != nil }

func (d *Conflict) canResolve() bool {
	switch d.Entry.State {
	case model.InConflict, model.NotVerified, model.OutcomeNotKnown:
		return true
	}
	return false
}

// Existing returns the conversation that stands in the way of a create, if one does.
func (d *Conflict) Existing() (ref model.Ref, ok bool) {
	if d.Entry.Error == nil || d.Entry.Kind != model.EditCreate {
		return ref, false
	}
	ref, err := model.ParseRef(d.Entry.Error.Existing)
	return ref, err == nil
}

// Update returns Mine, Theirs or Merged for a conflict, Retry or Discard for what failed,
// and Accept to see what exists already.
func (d *Conflict) Update(msg tea.Msg) any {
	if k, ok := msg.(tea.KeyPressMsg); ok && !d.canResolve() {
		switch a := d.OutboxKeys.Press(k.String()); a {
		case keymap.Retry, keymap.Discard:
			return a
		}
	}
	a := d.Keys.Read(msg, page, d.Scroll)
	switch a {
	case keymap.Back:
		return a
	case keymap.Accept:
		if _, ok := d.Existing(); ok {
			return a
		}
	case keymap.Mine, keymap.Theirs, keymap.Merged:
		if d.canResolve() {
			return a
		}
	}
	return nil
}

// Draw draws the dialog.
func (d *Conflict) Draw(th *theme.Theme, screen layout.Rect) layout.Picture {
	now := d.Now()
	_, word, _ := th.StateSign(d.Entry.State)
	title := capital(word) + ": " + titleOf(d.Entry.Title, d.Entry.Ref)
	return d.draw(th, screen, title, d.footer(), theme.Warning, func(w int) []string { return d.lines(th, w, now) })
}

func (d *Conflict) footer() []string {
	merged := ""
	if d.CanMerge() {
		merged = d.Keys.Of(keymap.Merged)
	}
	if d.canResolve() {
		return []string{d.Keys.Of(keymap.Mine), "send mine", d.Keys.Of(keymap.Theirs), "keep theirs", merged, "send both", "esc", "later"}
	}
	show := ""
	if _, ok := d.Existing(); ok {
		show = d.Keys.Of(keymap.Accept)
	}
	return []string{show, "show that one", d.OutboxKeys.Of(keymap.Retry), "send again",
		d.OutboxKeys.Of(keymap.Discard), "discard", "esc", "close"}
}

func (d *Conflict) lines(th *theme.Theme, w int, now time.Time) []string {
	e := d.Entry
	var out []string
	say := func(head, text string, look theme.Token) {
		const column = 12
		lines := th.Wrapped(text, w, look, layout.Spaces(column))
		lines[0] = th.Say(theme.Dim, th.Fit(head, column, "")) + strings.TrimPrefix(lines[0], layout.Spaces(column))
		out = append(out, lines...)
	}
	out = append(out, th.Wrapped(why(th, e, now), w, theme.Text, "")...)
	if e.Kind.Shape() == model.ShapeAct {
		return append(out, "", th.Say(theme.Heading, th.Phrase(e.Edit)))
	}
	field := e.Kind.Words()
	if e.Key != "" {
		field = e.Kind.Pair() + " " + model.CleanLine(e.Key, 60)
	}
	out = append(out, "", th.Say(theme.Heading, th.Truncate(capital(field), w, th.Ellipsis)))
	say("it was", th.Value(e.Kind, e.Base), theme.Text)
	people := e.Base.People != nil && e.Target.People != nil
	if say("mine", th.Value(e.Kind, e.Target), theme.Added); people {
		say("", th.PeopleChange(e.Base.Set(), e.Target.Set()), theme.Dim)
	}
	if e.Theirs != nil {
		if say("theirs", th.Value(e.Kind, *e.Theirs), theme.Warning); people && e.Theirs.People != nil {
			say("", th.PeopleChange(e.Base.Set(), e.Theirs.Set()), theme.Dim)
		}
	}
	if d.CanMerge() {
		say("both", th.Value(e.Kind, *d.merged), theme.Accent)
	}
	return out
}

// why says what happened to an edit, and what did not.
func why(th *theme.Theme, e model.OutboxEntry, now time.Time) string {
	said := sentence(e.Error.Words())
	switch e.State {
	case model.InConflict:
		if said == "" {
			said = "Somebody else changed this since you looked."
		}
		return said + " Nothing was sent."
	case model.NotVerified:
		if said != "" {
			return said
		}
		return "The service accepted the change, but does not show it."
	case model.OutcomeNotKnown:
		if said != "" {
			return said
		}
		return "The change left, and no clear answer came back. It may have arrived."
	case model.Held:
		if said == "" {
			said = "It was queued a while ago, and was not sent since."
		}
		return said + " It is sent once you say so."
	}
	if reason := th.Reason(e, now); reason != "" {
		return sentence(reason)
	}
	return "On its way."
}
