package dialog

import (
	"cmp"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/theme"
)

// Conflict shows an edit that a person has to decide about: its base, the person's value and the service's.
type Conflict struct {
	Keys, OutboxKeys *keymap.Keys // of dialogs, and of the outbox
	Now              func() time.Time
	Entry            model.OutboxEntry
	pager
}

func (d *Conflict) merged() *model.Value {
	if d.Entry.Theirs == nil {
		return nil
	}
	return model.Merged(d.Entry.Edit, *d.Entry.Theirs)
}

func (d *Conflict) CanMerge() bool { return d.merged() != nil }

// Existing returns the conversation because of which a create was refused, if the service named one.
func (d *Conflict) Existing() (ref model.Ref, ok bool) {
	if d.Entry.Error == nil {
		return ref, false
	}
	ref, err := model.ParseRef(d.Entry.Error.Existing)
	return ref, err == nil
}

// Update returns keymap.Mine, Theirs or Merged for a conflict, Retry or Discard for an edit
// that failed, and Accept to show the conversation that exists already.
func (d *Conflict) Update(msg tea.Msg) any {
	if k, ok := msg.(tea.KeyPressMsg); ok && !d.Entry.State.Resolvable() {
		switch a := d.OutboxKeys.Press(k.String()); a {
		case keymap.Retry, keymap.Discard:
			return a
		}
	}
	_, exists := d.Existing()
	switch a := d.Keys.Read(msg, page, d.Scroll); {
	case a == keymap.Back,
		a == keymap.Accept && exists,
		d.Entry.State.Resolvable() && (a == keymap.Mine || a == keymap.Theirs || a == keymap.Merged):
		return a
	}
	return nil
}

func (d *Conflict) Draw(th *theme.Theme, screen layout.Rect) layout.Picture {
	_, word, _ := th.StateSign(d.Entry.State)
	title := capital(word) + ": " + theme.TitleOf(d.Entry.Title, d.Entry.Ref, 200)
	return d.draw(th, screen, textWidth, title, d.footer(screen.W), d.Keys.Of(keymap.Down), theme.Warning, d.lines)
}

// footer returns the keys. The words are short where all three choices would not fit, since none may be missing.
func (d *Conflict) footer(w int) []string {
	if d.Entry.State.Resolvable() {
		send, keep := "send ", "keep "
		if w < 62 {
			send, keep = "", ""
		}
		return []string{d.Keys.Of(keymap.Mine), send + "mine", d.Keys.Of(keymap.Theirs), keep + "theirs",
			d.Keys.If(d.CanMerge(), keymap.Merged), send + "both", "esc", "later"}
	}
	_, exists := d.Existing()
	return []string{d.Keys.If(exists, keymap.Accept), "show that one", d.OutboxKeys.Of(keymap.Retry), "send again",
		d.OutboxKeys.Of(keymap.Discard), "discard", "esc", "close"}
}

func (d *Conflict) lines(p *theme.Page) {
	e := d.Entry
	why := e
	why.Theirs = nil // it stands below
	p.Add(theme.Text, "", cmp.Or(sentence(p.Reason(why, d.Now())), "On its way.")+theme.Pick(e.Orphaned, "", consequences[e.State]))
	p.Line("")
	if e.Kind.Shape() == model.ShapeAct {
		p.Line(p.Say(theme.Heading, p.Phrase(e.Edit)))
		return
	}
	field := theme.Pick(e.Key == "", e.Kind.Words(), e.Kind.Pair()+" "+model.CleanLine(e.Key, 60))
	p.Line(p.Say(theme.Heading, p.Truncate(capital(field), p.W, p.Ellipsis)))
	sets := [][]model.Participant{e.Base.Set(), e.Target.Set()}
	if e.Theirs != nil {
		sets = append(sets, e.Theirs.Set())
	}
	name := theme.Naming(sets...)
	value := func(label string, v *model.Value, look theme.Token, showChange bool) {
		if v == nil {
			return
		}
		indent, first := layout.Spaces(12), len(p.Lines)
		text := p.Value(e.Kind, *v)
		if v.People != nil {
			text = theme.Set(*v.People, name)
		}
		p.Add(look, indent, text)
		p.Lines[first] = p.Say(theme.Dim, p.Fit(label, len(indent), "")) + strings.TrimPrefix(p.Lines[first], indent)
		if showChange && e.Base.People != nil && v.People != nil {
			p.Add(theme.Dim, indent, p.Changes(model.DiffPeople(e.Base.Set(), v.Set()), name))
		}
	}
	value("it was", &e.Base, theme.Text, false)
	value("mine", &e.Target, theme.Added, true)
	value("theirs", e.Theirs, theme.Warning, true)
	value("both", d.merged(), theme.Accent, false)
}

// consequences follow the reason why an edit needs a person.
var consequences = map[model.EditState]string{model.InConflict: " Nothing was sent.", model.Held: " It is sent once you say so."}
