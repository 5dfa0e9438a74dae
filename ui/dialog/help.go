package dialog

import (
	"cmp"
	"fmt"

	tea "charm.land/bubbletea/v2"

	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/theme"
)

// Help draws the keys from the live table: every binding with the keys the person
// gave it, and one without a key as the command that does it.
type Help struct {
	layout.Pager
	table   *keymap.Map
	keys    *keymap.Keys
	version string
}

func NewHelp(table *keymap.Map, version string) *Help {
	return &Help{table: table, keys: table.Keys(keymap.Pager, keymap.Global), version: version}
}

func (h *Help) Update(msg tea.Msg) any {
	switch h.keys.Read(msg, h.Page(), h.Scroll) {
	case keymap.Back, keymap.Hide:
		return keymap.Back
	}
	return nil
}

func (h *Help) Draw(th *theme.Theme, r layout.Rect) layout.Picture {
	if r.Empty() {
		return layout.Picture{}
	}
	lines := h.text(th, r.W)
	head := " " + th.Say(theme.Heading, "Keys")
	if h.version != "" {
		head += th.Say(theme.Dim, "  confab "+h.version)
	}
	first, last := h.Show(len(lines), max(1, r.H-2))
	out := append([]string{head}, th.Block(lines[first:last], r.W, h.Rows)...)
	at := fmt.Sprintf("%d/%d ", last, len(lines))
	keys, _ := th.KeyLine(layout.Rect{W: r.W - 2 - th.Width(at)}, "j k", "scroll", "esc", "close")
	foot := " " + keys
	foot += layout.Spaces(r.W-th.Width(at)-th.Width(foot)) + th.Say(theme.Dim, at)
	return layout.Picture{At: r, Lines: th.Block(append(out, foot), r.W, r.H)}
}

func (h *Help) text(th *theme.Theme, w int) []string {
	var out []string
	section := ""
	for _, b := range h.table.Bindings() {
		title := b.Section
		if b.Context == keymap.Detail {
			title += " (in a conversation)"
		}
		if title != section {
			out = append(out, "", " "+th.Say(theme.Heading, title))
		}
		section = title
		out = append(out, keysRow(th, b, w)...)
	}
	out = append(out, "", " "+th.Say(theme.Heading, "Signs"))
	for _, s := range [][2]string{{th.PrivateSign, "private"}, {th.PublicSign, "public, or everyone in its space"},
		{th.ParticipantsSign, "members: its people alone; group: the groups in it too"}, {th.UnknownSign, "the service does not say who sees it"},
		{th.UnseenSign, "not opened yet"}, {th.StaleSign, "not in the last complete sweep: it may have changed or be gone"},
		{th.PinSign, "pinned"}, {th.MarkSign, "marked; of an edit: done"},
		{th.QueuedSign, "an edit is on its way"}, {th.RetrySign, "an edit is tried again later"},
		{th.FailedSign, "an edit needs you: settle it with the key of the same sign"}} {
		out = append(out, th.Hang("   "+th.Say(theme.Key, th.Fit(s[0], 2, "")), s[1], w-1)...)
	}
	return append(out[1:], append([]string{""}, th.Wrapped(helpNotes, w, theme.Dim, "   ")...)...)
}

func keysRow(th *theme.Theme, b keymap.Binding, w int) []string {
	keys, column := cmp.Or(b.AllKeys(), ":"+string(b.Action)), 24
	if w < 60 {
		column = 14
	}
	row := func(lead, indent string, wrap int) []string {
		keys := lead + th.Say(theme.Key, th.Truncate(keys, w-len(lead), th.Ellipsis))
		return append([]string{keys}, th.Hang(indent, b.Help, wrap)...)
	}
	switch {
	case w < 32:
		return row(" ", "   ", w)
	case th.Width(keys) > column:
		return row("   ", layout.Spaces(4+column), w-1)
	}
	return th.Hang("   "+th.Say(theme.Key, th.Fit(keys, column, ""))+" ", b.Help, w-1)
}

const helpNotes = `A number before a key repeats it: 5j. Every action takes the marked conversations, else the one under the cursor.
ctrl+c, enter, esc and the arrows always work. Other keys are set in [keys.CONTEXT] of the config by action name.
The mouse scrolls, selects and opens; hold shift to select text as usual.`
