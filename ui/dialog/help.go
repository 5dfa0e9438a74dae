package dialog

import (
	"fmt"
	"strings"

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

// NewHelp makes the screen.
func NewHelp(table *keymap.Map, version string) *Help {
	return &Help{table: table, keys: table.Keys(keymap.Pager, keymap.Global), version: version}
}

// Update scrolls and closes.
func (h *Help) Update(msg tea.Msg) any {
	switch h.keys.Read(msg, h.Page(), h.Scroll) {
	case keymap.Back, keymap.Hide:
		return keymap.Back
	}
	return nil
}

// Draw draws the screen.
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
	wide := 24
	switch {
	case w < 32:
		wide = 0 // keys stand above what they do
	case w < 60:
		wide = 14
	}
	for _, b := range h.table.Bindings() {
		title := b.Section
		if b.Context == keymap.Detail {
			title += " (in a conversation)"
		}
		if title != section {
			section = title
			if len(out) > 0 {
				out = append(out, "")
			}
			out = append(out, " "+th.Say(theme.Heading, title))
		}
		out = append(out, keysRow(th, b, wide, w)...)
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
	out = append(out, "")
	for _, l := range strings.Split(helpNotes, "\n") {
		out = append(out, th.Wrapped(l, w, theme.Dim, "   ")...)
	}
	return out
}

func keysRow(th *theme.Theme, b keymap.Binding, wide, w int) []string {
	keys, text := b.AllKeys(), b.Help
	if keys == "" {
		keys = ":" + string(b.Action)
	}
	above := func(indent string) string {
		return indent + th.Say(theme.Key, th.Truncate(keys, w-len(indent), th.Ellipsis))
	}
	switch {
	case wide == 0:
		return append([]string{above(" ")}, th.Hang("   ", text, w)...)
	case th.Width(keys) > wide:
		return append([]string{above("   ")}, th.Hang(layout.Spaces(4+wide), text, w-1)...)
	}
	return th.Hang("   "+th.Say(theme.Key, th.Fit(keys, wide, ""))+" ", text, w-1)
}

const helpNotes = `A number before a key repeats it: 5j. Every action takes the marked conversations, else the one under the cursor.
ctrl+c, enter, esc and the arrows always work. Other keys are set in [keys.CONTEXT] of the config by action name.
The mouse scrolls, selects and opens; hold shift to select text as usual.`
