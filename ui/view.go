package ui

import (
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/list"
	"confab/ui/status"
	"confab/ui/theme"
)

// View draws the screen. It does no I/O.
func (m *Model) View() tea.View {
	v := tea.View{AltScreen: true, MouseMode: tea.MouseModeCellMotion, WindowTitle: "confab"}
	if m.w <= 0 || m.h <= 0 {
		return v
	}
	lines, cursor := m.draw()
	m.drew()
	for i, l := range lines {
		lines[i] = hold(m.th.Draw(m.th.Truncate(l, m.w, "")))
	}
	v.SetContent(strings.Join(lines, "\n"))
	if cursor != nil && cursor.X < m.w && cursor.Y < m.h {
		v.Cursor = tea.NewCursor(max(0, cursor.X), max(0, cursor.Y))
		v.Cursor.Blink = false
	}
	return v
}

// held is a blank that the renderer can't erase, since it is concealed.
const held = "\x1b[8m \x1b[m"

// hold puts a held blank at the end of a line. There the renderer would look for
// shorter ways to write the line than what changed, cell by cell, and erase, insert
// or delete from the middle of a wide character on.
func hold(line string) string {
	text := strings.TrimSuffix(line, "\x1b[m")
	if head, ok := strings.CutSuffix(text, " "); ok && strings.Trim(head, " ") != "" {
		return head + held
	}
	return line
}

func (m *Model) tooSmall() bool { return m.w < tooSmallW || m.h < tooSmallH }

func (m *Model) draw() ([]string, *layout.Cursor) {
	full := layout.Rect{W: m.w, H: m.h}
	if m.tooSmall() {
		return m.th.Block(m.th.Wrap(m.tooSmallText(), m.w), m.w, m.h), nil
	}
	var lines []string
	var cursor *layout.Cursor
	if m.be == nil {
		lines = m.th.Block(nil, m.w, m.h)
	} else {
		lines, cursor = m.drawInbox()
	}
	for _, l := range m.layers {
		if l.refresh != nil {
			l.refresh()
		}
		if a, ok := l.overlay.(answerer); ok {
			a.Answer(m.notice.look, m.notice.text)
		}
		p := l.Draw(m.th, full)
		m.th.Overlay(lines, p.At, p.Lines, m.w)
		m.mouse.top = p
		cursor = p.Cursor
	}
	return lines, cursor
}

func (m *Model) drawInbox() ([]string, *layout.Cursor) {
	a := m.arrange()
	m.mouse = hitAreas{areas: a}
	var lines []string
	if a.tabs.H > 0 {
		lines = append(lines, m.drawTabs(a.tabs))
	}
	switch {
	case m.screen == screenDetail:
		body := layout.Rect{Y: a.tabs.H, W: m.w, H: m.h - a.tabs.H - a.message.H - a.status.H}
		lines = append(lines, m.detail.Draw(m.th, body, m.now())...)
	case a.preview.Empty():
		lines = append(lines, m.drawList(a.list)...)
	case a.right:
		left := m.drawList(a.list)
		rule := make([]string, a.rule.H)
		for i := range rule {
			rule[i] = m.th.Say(theme.Border, m.th.Vertical)
		}
		lines = append(lines, layout.Beside(layout.Beside(left, rule), m.detail.Draw(m.th, a.preview, m.now()))...)
	default:
		lines = append(lines, m.drawList(a.list)...)
		lines = append(lines, m.th.Say(theme.Border, strings.Repeat(m.th.Horizontal, a.rule.W)))
		lines = append(lines, m.detail.Draw(m.th, a.preview, m.now())...)
	}
	var cursor *layout.Cursor
	if m.prompt != nil && a.message.H > 0 {
		line, x := m.drawPrompt(a.message.W)
		lines = append(lines, line)
		cursor = &layout.Cursor{X: x, Y: a.message.Y}
	} else if a.message.H > 0 {
		lines = append(lines, m.drawMessage(a.message))
	}
	switch {
	case a.status.H == 0:
	case m.prompt != nil && a.message.H > 0:
		lines = append(lines, m.drawPromptHelp(a.status.W))
	case m.prompt != nil:
		line, x := m.drawPrompt(a.status.W)
		lines = append(lines, line)
		cursor = &layout.Cursor{X: x, Y: a.status.Y}
	default:
		lines = append(lines, m.drawStatus(a.status.W))
	}
	return m.th.Block(lines, m.w, m.h), cursor
}

func (m *Model) drawList(r layout.Rect) []string {
	swept := map[string]time.Time{}
	for _, a := range m.facts.Accounts() {
		swept[a.Name] = a.Swept
	}
	return m.list.Draw(m.th, r, list.Options{Now: m.now(), Account: m.accountWidth, Swept: swept, Empty: m.emptyText()})
}

func (m *Model) emptyText() []string {
	if f := m.tabs[m.tab].filter; f != "" {
		text := []string{"Nothing matches " + model.CleanLine(f, 200), ""}
		if near, ok := m.nearest(); ok {
			key := m.keys.KeyOf(keymap.List, keymap.Filter)
			text = append(text, fmt.Sprintf("Nearest: %s, %s.", near.text, theme.Number(near.found)), "", key+" tab takes it; esc clears the filter.")
			return text
		}
		return append(text, "esc clears the filter.")
	}
	for _, a := range m.facts.Accounts() {
		if a.Syncing || a.Checked.IsZero() && a.Error == nil {
			return []string{"Nothing here yet: the services are being read."}
		}
	}
	// An account that was never read whole and fails holds what nobody here has
	// seen: "nothing" would be a lie.
	var unread []string
	for _, a := range m.facts.Accounts() {
		if a.Error != nil && a.Swept.IsZero() {
			unread = append(unread, a.Name+": "+a.Error.Words())
		}
	}
	if len(unread) > 0 {
		return append(append([]string{"Nothing could be read yet.", ""}, unread...), "", "It is tried again by itself; r tries now.")
	}
	return []string{"Nothing here.", "", "What is done, snoozed or archived is left out; a filter of is:any shows it."}
}

func (m *Model) drawTabs(r layout.Rect) string {
	labels := make([]string, len(m.tabs))
	widths := make([]int, len(m.tabs))
	for i, t := range m.tabs {
		labels[i] = m.th.Truncate(model.CleanLine(t.Name, 60), 20, m.th.Ellipsis)
		if t.count >= 0 {
			labels[i] += " " + theme.Number(t.count)
		}
		widths[i] = m.th.Width(labels[i]) + 2
	}
	first := 0
	for first < m.tab && sum(widths[first:m.tab+1]) > r.W {
		first++
	}
	m.mouse.first, m.mouse.tabs = first, nil
	var s strings.Builder
	x := 0
	for i := first; i < len(labels); i++ {
		if x+widths[i] > r.W {
			break
		}
		look := theme.Tab
		if i == m.tab {
			look = theme.TabActive
		}
		s.WriteString(" " + m.th.Say(look, labels[i]) + " ")
		m.mouse.tabs = append(m.mouse.tabs, layout.Rect{X: r.X + x, Y: r.Y, W: widths[i], H: 1})
		x += widths[i]
	}
	return m.th.Fit(s.String(), r.W, "")
}

func (m *Model) drawMessage(r layout.Rect) string {
	w := r.W
	switch {
	case m.hint() != "":
		return " " + m.th.Paint(theme.Key, m.hint(), w-1)
	case m.notice.text != "":
		return " " + m.th.Paint(m.notice.look, m.notice.text, w-1)
	case m.list.Ranging() && m.screen == screenList:
		first, last := m.list.RangeBounds()
		return " " + m.th.Paint(theme.Marked, "range of "+theme.Number(last-first+1)+": move on, then act; V marks it, esc gives it up", w-1)
	}
	if op := m.working(); op != nil {
		return " " + m.th.Paint(theme.Pending, op.words(m.th.Ellipsis), w-1)
	}
	if text := m.reading(); text != "" {
		return " " + m.th.Paint(theme.Pending, text, w-1)
	}
	if line, ok := m.drawTold(r); ok {
		return line
	}
	line, hits := m.th.KeyLine(layout.Rect{X: r.X + 1, Y: r.Y, W: w - 2}, m.footer()...)
	m.mouse.keys = hits
	return m.th.Fit(" "+line, w, "")
}

// footer names the keys that matter most here.
func (m *Model) footer() []string {
	var out []string
	keys := m.keys.Keys(m.stack()...)
	add := func(a keymap.Action, does string) { out = append(out, keys.Of(a), does) }
	if m.screen == screenDetail {
		add(keymap.Back, "back")
		add(keymap.NextTab, "tab")
		add(keymap.NextItem, "next")
		add(keymap.Search, "search")
	} else {
		add(keymap.Open, "open")
		add(keymap.Filter, "filter")
		add(keymap.Mark, "mark")
	}
	if !m.opts.ReadOnly {
		add(keymap.TogglePrivacy, "privacy")
		add(keymap.Rename, "rename")
		add(keymap.Participants, "people")
	}
	add(keymap.Palette, "actions")
	if !m.opts.ReadOnly {
		add(keymap.Undo, "undo")
		add(keymap.Contacts, "contacts")
	}
	add(keymap.Help, "help")
	return out
}

func (m *Model) drawStatus(w int) string {
	info := status.Info{Accounts: m.facts.Accounts(), ReadOnly: m.opts.ReadOnly, Demo: m.opts.Demo,
		Marked: m.list.MarkCount(), Hidden: m.list.Hidden(), Filter: m.tabs[m.tab].filter, Now: m.now(),
		Settle: m.keys.KeyOf(keymap.List, keymap.Settle)}
	if c := m.list.Cursor(); c >= 0 {
		info.Position = theme.Number(c+1) + "/" + theme.Number(m.list.Total()) + m.plus()
		if !m.asOf.IsZero() {
			info.Position += " as of " + status.Clock(m.asOf, info.Now)
		}
	} else if m.list.Loaded() {
		info.Position = "0"
	}
	return status.Draw(m.th, w, info)
}

func (m *Model) plus() string {
	if m.more {
		return "+"
	}
	return ""
}

func sum(n []int) int {
	t := 0
	for _, v := range n {
		t += v
	}
	return t
}
