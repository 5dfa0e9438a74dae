package ui

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"confab/ui/dialog"
	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/theme"
)

// overlay lies over the screen and takes the keys. The topmost one gets them.
type overlay interface {
	key(m *Model, k tea.KeyPressMsg) tea.Cmd
	draw(m *Model, screen layout.Rect) layout.Picture
}

// What overlays may also do.
type (
	paster interface {
		paste(m *Model, text string) tea.Cmd
	}
	scroller interface {
		scroll(m *Model, by int) tea.Cmd
	}
	complainer interface{ complain(text string) }
	// receiver takes results that were asked for on its behalf.
	receiver interface {
		receive(m *Model, msg tea.Msg) tea.Cmd
	}
)

func (m *Model) open(o overlay) {
	m.typed = nil
	m.overlays = append(m.overlays, o)
}

func (m *Model) isOpen(o overlay) bool { return slices.Contains(m.overlays, o) }

// closeOverlay takes an overlay away, wherever in the stack it is.
func (m *Model) closeOverlay(o overlay) {
	m.typed = nil
	m.overlays = slices.DeleteFunc(m.overlays, func(p overlay) bool { return p == o })
	m.hand.late = slices.DeleteFunc(m.hand.late, func(l lateOverlay) bool { return l.o == o })
}

// overlayResult hands a result to the overlay that asked; where that is closed
// it is dropped.
func (m *Model) overlayResult(msg tea.Msg) tea.Cmd {
	var owner overlay
	switch msg := msg.(type) {
	case lookupMsg:
		owner = msg.owner
	case lookupDueMsg:
		owner = msg.owner
	case peopleMsg:
		owner = msg.owner
	case draftMsg:
		owner = msg.owner
	}
	if r, ok := owner.(receiver); ok && m.isOpen(owner) {
		return r.receive(m, msg)
	}
	return nil
}

// sequence looks a key up that follows those typed so far; ok is false where they
// mean nothing, or not yet.
func (m *Model) sequence(key string, stack ...keymap.Context) (b keymap.Binding, ok bool) {
	m.typed = append(m.typed, key)
	b, r := m.keys.Lookup(stack, m.typed)
	if r != keymap.Prefix {
		m.typed = nil
	}
	return b, r == keymap.Match
}

// far is more lines than anything has.
const far = 1 << 20

// scrolling tells by how many lines an action scrolls; h is a page.
func scrolling(a keymap.Action, h int) (int, bool) {
	switch a {
	case keymap.Down:
		return 1, true
	case keymap.Up:
		return -1, true
	case keymap.PageDown:
		return h, true
	case keymap.PageUp:
		return -h, true
	case keymap.Top:
		return -far, true
	case keymap.Bottom:
		return far, true
	}
	return 0, false
}

// planOverlay asks before a plan is submitted.
type planOverlay struct {
	d   *dialog.Plan
	yes func(m *Model) tea.Cmd
}

func (o *planOverlay) draw(m *Model, screen layout.Rect) layout.Picture {
	return o.d.Draw(m.th, screen)
}
func (o *planOverlay) scroll(_ *Model, by int) tea.Cmd { o.d.Scroll(by); return nil }

func (o *planOverlay) paste(_ *Model, text string) tea.Cmd {
	if o.d.Typing() {
		o.d.Paste(text)
	}
	return nil
}

func (o *planOverlay) key(m *Model, k tea.KeyPressMsg) tea.Cmd {
	name := k.String()
	if name == "esc" {
		return o.no(m)
	}
	if o.d.Typing() {
		return o.typed(m, k)
	}
	b, ok := m.sequence(name, keymap.Dialog)
	if !ok {
		return nil
	}
	if b.Action == keymap.LeaveHidden && o.d.Hidden() > 0 {
		o.d.LeaveHiddenOut()
		return nil
	}
	if by, ok := scrolling(b.Action, 10); ok {
		o.d.Scroll(by)
		return nil
	}
	switch b.Action {
	case keymap.Yes:
		return o.proceed(m)
	case keymap.No:
		return o.no(m)
	case keymap.Accept:
		if o.d.Default() {
			return o.proceed(m)
		}
		return o.no(m)
	}
	return nil
}

// typed takes a key while a word is typed.
func (o *planOverlay) typed(m *Model, k tea.KeyPressMsg) tea.Cmd {
	name := k.String()
	b, _ := m.keys.Lookup([]keymap.Context{keymap.Dialog}, []string{name})
	switch {
	case b.Action == keymap.LeaveHidden && o.d.Hidden() > 0:
		o.d.LeaveHiddenOut()
	case name == "enter" && o.d.Typed():
		return o.proceed(m)
	case name == "enter":
	case name == "up", name == "pgup":
		o.d.Scroll(-4)
	case name == "down", name == "pgdown":
		o.d.Scroll(4)
	default:
		o.d.Key(k)
	}
	return nil
}

func (o *planOverlay) no(m *Model) tea.Cmd {
	m.closeOverlay(o)
	if o.d.Possible() {
		m.say(theme.Dim, "nothing was sent")
	}
	return nil
}

// proceed goes on: to the second question where there is one, else to the work.
func (o *planOverlay) proceed(m *Model) tea.Cmd {
	if !o.d.Possible() {
		m.closeOverlay(o)
		return nil
	}
	if !o.d.Typing() && o.d.AskAgain() {
		m.freshen(o)
		return nil
	}
	m.closeOverlay(o)
	m.notice = notice{} // what becomes of this is told in its place
	return o.yes(m)
}

// promptOverlay asks for a line of text.
type promptOverlay struct {
	d     *dialog.Prompt
	draft string
	done  func(m *Model, text string) tea.Cmd
}

func (o *promptOverlay) draw(m *Model, screen layout.Rect) layout.Picture {
	return o.d.Draw(m.th, screen)
}
func (o *promptOverlay) complain(text string) { o.d.Problem = text }

func (o *promptOverlay) key(m *Model, k tea.KeyPressMsg) tea.Cmd {
	switch k.String() {
	case "esc":
		m.closeOverlay(o)
		if o.draft == "" {
			return nil
		}
		if o.d.Input.Touched() {
			m.say(theme.Dim, "kept as a draft")
			return m.saveDraft(o.draft)
		}
		return m.clearDraft(o.draft)
	case "enter", "ctrl+s":
		return o.done(m, o.d.Input.Value())
	}
	if o.d.Key(k) {
		return m.draftChanged(o.draft, o.d.Input.Value())
	}
	return nil
}

func (o *promptOverlay) paste(m *Model, text string) tea.Cmd {
	if o.d.Input.Paste(text) {
		return m.draftChanged(o.draft, o.d.Input.Value())
	}
	return nil
}

func (o *promptOverlay) receive(_ *Model, msg tea.Msg) tea.Cmd {
	if d, ok := msg.(draftMsg); ok && d.text != "" && !o.d.Input.Touched() && d.text != o.d.Input.Value() {
		o.d.Input.Set(d.text)
		o.d.Help = "restored from your draft; ctrl+u clears the line"
	}
	return nil
}

// menuOverlay offers choices.
type menuOverlay struct {
	d      *dialog.Menu
	choose func(m *Model, i int) tea.Cmd
	cancel func(m *Model)
	// refresh, if set, brings what is offered up to date before it is drawn.
	refresh func(m *Model)
}

func (o *menuOverlay) draw(m *Model, screen layout.Rect) layout.Picture {
	if o.refresh != nil {
		o.refresh(m)
	}
	return o.d.Draw(m.th, screen)
}

func (o *menuOverlay) line(m *Model, line int) tea.Cmd {
	i, ok := o.d.ItemAt(line)
	switch {
	case !ok:
	case i != o.d.At():
		o.d.SetAt(i)
	case o.d.Items[i].Off == "":
		m.closeOverlay(o)
		return o.choose(m, i)
	}
	return nil
}

func (o *menuOverlay) key(m *Model, k tea.KeyPressMsg) tea.Cmd {
	name := k.String()
	at := o.d.Find(name)
	switch name {
	case "esc":
		m.closeOverlay(o)
		if o.cancel != nil {
			o.cancel(m)
		}
		return nil
	case "up", "k":
		o.d.Move(-1)
		return nil
	case "down", "j":
		o.d.Move(1)
		return nil
	case "enter":
		at = o.d.At()
	}
	if at < 0 || at >= len(o.d.Items) || o.d.Items[at].Off != "" {
		return nil
	}
	m.closeOverlay(o)
	return o.choose(m, at)
}

// progressOverlay shows an operation that takes a while.
type progressOverlay struct{ op *operation }

func (o *progressOverlay) draw(m *Model, screen layout.Rect) layout.Picture {
	d := dialog.Progress{Title: o.op.title, Done: o.op.done, Total: o.op.total}
	return d.Draw(m.th, screen)
}

func (o *progressOverlay) key(m *Model, k tea.KeyPressMsg) tea.Cmd {
	if k.String() == "esc" {
		o.op.cancel()
		m.endOperation(o.op.id)
		m.say(theme.Dim, "stopped: nothing was sent")
	}
	return nil
}

// textOverlay shows text.
type textOverlay struct{ d *dialog.Text }

func (o *textOverlay) draw(m *Model, screen layout.Rect) layout.Picture {
	return o.d.Draw(m.th, screen)
}
func (o *textOverlay) scroll(_ *Model, by int) tea.Cmd { o.d.Scroll(by); return nil }

func (o *textOverlay) key(m *Model, k tea.KeyPressMsg) tea.Cmd {
	if k.String() == "esc" || k.String() == "enter" {
		m.closeOverlay(o)
		return nil
	}
	b, ok := m.sequence(k.String(), keymap.Pager)
	if !ok {
		return nil
	}
	if by, ok := scrolling(b.Action, 10); ok {
		o.d.Scroll(by)
		return nil
	}
	m.closeOverlay(o)
	return nil
}
