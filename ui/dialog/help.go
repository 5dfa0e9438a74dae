package dialog

import (
	"cmp"
	"fmt"

	tea "charm.land/bubbletea/v2"

	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/theme"
)

// Help lists every binding of the key table with the keys the person gave it. A binding
// without a key is listed as the command that does the same.
type Help struct {
	layout.Pager
	table   *keymap.Map
	keys    *keymap.Keys
	version string
	at      keymap.Context // its keys come first into sight; "" once they have
}

// NewHelp returns the help, scrolled to the keys of a context.
func NewHelp(table *keymap.Map, at keymap.Context, version string) *Help {
	return &Help{table: table, keys: table.Keys(keymap.Pager, keymap.Global), version: version, at: at}
}

func (h *Help) Update(msg tea.Msg) any {
	if a := h.keys.Read(msg, h.Page(), h.Scroll); a == keymap.Back || a == keymap.Hide {
		return keymap.Back
	}
	return nil
}

func (h *Help) Draw(th *theme.Theme, r layout.Rect) layout.Picture {
	lines := th.Write(r.W, h.text)[1:]
	head := " " + th.Say(theme.Heading, "Keys") + th.Say(theme.Dim, theme.Around("  confab ", h.version, ""))
	first, last := h.Show(len(lines), max(1, r.H-2))
	out := append([]string{head}, th.Block(lines[first:last], r.W, h.Rows)...)
	position := fmt.Sprintf("%d/%d ", last, len(lines))
	keys, _ := th.KeyLine(layout.Rect{W: r.W - 2 - th.Width(position)}, "j k", "scroll", "esc", "close")
	foot := th.Fit(" "+keys, r.W-th.Width(position), "") + th.Say(theme.Dim, position)
	return layout.Picture{At: r, Lines: th.Block(append(out, foot), r.W, r.H)}
}

func (h *Help) text(p *theme.Page) {
	heading := func(title string) { p.Line("", " "+p.Say(theme.Heading, title)) }
	section := ""
	for _, b := range h.table.Bindings() {
		title := b.Section + theme.Pick(b.Context == keymap.Detail, " (in a conversation)", "")
		if title != section {
			heading(title)
		}
		section = title
		if b.Context == h.at {
			h.Top, h.at = len(p.Lines)-2, ""
		}
		keysRow(p, b)
	}
	heading("Signs")
	for _, s := range [][2]string{{p.PrivateSign, "private"}, {p.PublicSign, "public, or everyone in its space"},
		{p.ParticipantsSign, "members: its people alone; group: the groups in it too"},
		{p.UnknownSign, "the service does not say who sees it"}, {p.UnseenSign, "not opened yet"},
		{p.StaleSign, "not in the last complete sweep: it may have changed or be gone"},
		{p.PinSign, "pinned"}, {p.MarkSign, "marked; of an edit: done"},
		{p.QueuedSign, "an edit is on its way"}, {p.RetrySign, "an edit is tried again later"},
		{p.FailedSign, "an edit needs you: settle it with the key of the same sign"}} {
		p.Line(p.Hang("   "+p.Say(theme.Key, p.Fit(s[0], 2, "")), s[1], p.W-1)...)
	}
	p.Line("")
	p.Add(theme.Dim, "   ", helpNotes)
}

// keysRow writes the keys of a binding beside its help; above the help where the keys are long or the screen is narrow.
func keysRow(p *theme.Page, b keymap.Binding) {
	keys, column := cmp.Or(b.AllKeys(), ":"+string(b.Action)), theme.Pick(p.W < 60, 14, 24)
	above := func(lead string) { p.Line(lead + p.Say(theme.Key, p.Truncate(keys, p.W-len(lead), p.Ellipsis))) }
	switch {
	case p.W < 32:
		above(" ")
		p.Line(p.Hang("   ", b.Help, p.W)...)
	case p.Width(keys) > column:
		above("   ")
		p.Line(p.Hang(layout.Spaces(4+column), b.Help, p.W-1)...)
	default:
		p.Line(p.Hang("   "+p.Say(theme.Key, p.Fit(keys, column, ""))+" ", b.Help, p.W-1)...)
	}
}

const helpNotes = `A number before a key repeats it: 5j. Every action takes the marked conversations, else the one under the cursor.
ctrl+c, enter, esc and the arrows always work. Other keys are set in [keys.CONTEXT] of the config by action name.
The mouse scrolls, selects and opens; hold shift to select text as usual.`
