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

// Conflict shows base, mine and theirs of an edit that waits for a person.
type Conflict struct {
	// Keys and OutboxKeys are the keys of dialogs and of the outbox.
	Keys, OutboxKeys *keymap.Keys
	Now              func() time.Time

	Entry model.OutboxEntry
	pager
}

func NewConflict(e model.OutboxEntry) *Conflict { return &Conflict{Entry: e} }

func (d *Conflict) merged() *model.Value {
	if d.Entry.Theirs == nil {
		return nil
	}
	return model.Merged(d.Entry.Edit, *d.Entry.Theirs)
}

func (d *Conflict) CanMerge() bool { return d.merged() != nil }

func (d *Conflict) canResolve() bool {
	return d.Entry.State.NeedsPerson() && d.Entry.State != model.Refused && d.Entry.State != model.Held
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
	_, exists := d.Existing()
	a := d.Keys.Read(msg, page, d.Scroll)
	decides := a == keymap.Mine || a == keymap.Theirs || a == keymap.Merged
	if a == keymap.Back || decides && d.canResolve() || a == keymap.Accept && exists {
		return a
	}
	return nil
}

func (d *Conflict) Draw(th *theme.Theme, screen layout.Rect) layout.Picture {
	_, word, _ := th.StateSign(d.Entry.State)
	title := capital(word) + ": " + theme.TitleOf(d.Entry.Title, d.Entry.Ref, 200)
	return d.draw(th, screen, title, d.footer(), theme.Warning, d.lines)
}

func (d *Conflict) footer() []string {
	if d.canResolve() {
		return []string{d.Keys.Of(keymap.Mine), "send mine", d.Keys.Of(keymap.Theirs), "keep theirs",
			d.Keys.If(d.CanMerge(), keymap.Merged), "send both", "esc", "later"}
	}
	_, exists := d.Existing()
	return []string{d.Keys.If(exists, keymap.Accept), "show that one", d.OutboxKeys.Of(keymap.Retry), "send again",
		d.OutboxKeys.Of(keymap.Discard), "discard", "esc", "close"}
}

func (d *Conflict) lines(p *theme.Page) {
	e := d.Entry
	p.Add(theme.Text, "", why(p.Theme, e, d.Now()))
	p.Line("")
	if e.Kind.Shape() == model.ShapeAct {
		p.Line(p.Say(theme.Heading, p.Phrase(e.Edit)))
		return
	}
	field := theme.Pick(e.Key == "", e.Kind.Words(), e.Kind.Pair()+" "+model.CleanLine(e.Key, 60))
	p.Line(p.Say(theme.Heading, p.Truncate(capital(field), p.W, p.Ellipsis)))
	say := func(head string, v *model.Value, look theme.Token, changes bool) {
		if v == nil {
			return
		}
		indent, at := layout.Spaces(12), len(p.Lines)
		p.Add(look, indent, p.Value(e.Kind, *v))
		p.Lines[at] = p.Say(theme.Dim, p.Fit(head, len(indent), "")) + strings.TrimPrefix(p.Lines[at], indent)
		if changes && e.Base.People != nil && v.People != nil {
			p.Add(theme.Dim, indent, p.PeopleChange(e.Base.Set(), v.Set()))
		}
	}
	say("it was", &e.Base, theme.Text, false)
	say("mine", &e.Target, theme.Added, true)
	say("theirs", e.Theirs, theme.Warning, true)
	say("both", d.merged(), theme.Accent, false)
}

// happened says for a state what stands in place of the words of the error, and behind them.
var happened = map[model.EditState][2]string{
	model.InConflict:      {"Somebody else changed this since you looked.", " Nothing was sent."},
	model.NotVerified:     {"The service accepted the change, but does not show it."},
	model.OutcomeNotKnown: {"The change left, and no clear answer came back. It may have arrived."},
	model.Held:            {"It was queued a while ago, and was not sent since.", " It is sent once you say so."},
}

// why says what happened to an edit, and what did not.
func why(th *theme.Theme, e model.OutboxEntry, now time.Time) string {
	if words, ok := happened[e.State]; ok {
		return cmp.Or(sentence(e.Error.Words()), words[0]) + words[1]
	}
	return cmp.Or(sentence(th.Reason(e, now)), "On its way.")
}
