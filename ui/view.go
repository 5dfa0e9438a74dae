package ui

import (
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/detail"
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
	m.guard.noteDrawn()
	for i, l := range lines {
		lines[i] = pinEnd(m.th.Draw(l))
	}
	v.SetContent(strings.Join(lines, "\n"))
	if cursor != nil && cursor.X < m.w && cursor.Y < m.h {
		v.Cursor = tea.NewCursor(max(0, cursor.X), max(0, cursor.Y))
		v.Cursor.Blink = false
	}
	return v
}

// concealedBlank is a blank that the renderer does not erase, since it has an attribute.
const concealedBlank = "\x1b[8m \x1b[m"

// pinEnd replaces a line's last blank by concealedBlank. With a plain blank the renderer looks for shorter
// ways to write the line, and may erase or insert in the middle of a wide character.
func pinEnd(line string) string {
	text := strings.TrimSuffix(line, "\x1b[m")
	if head, ok := strings.CutSuffix(text, " "); ok && strings.Trim(head, " ") != "" {
		return head + concealedBlank
	}
	return line
}

const (
	layoutAuto   = "auto"
	layoutRight  = "right"
	layoutBottom = "bottom"
	layoutOff    = "off"
)

const (
	// tooSmallW and tooSmallH are the least width and height in which the screen is drawn.
	tooSmallW, tooSmallH = 20, 4
	// rightFrom is the width from which the preview is placed on the right.
	rightFrom = 140
	// previewFrom is the height from which there is a preview.
	previewFrom = 20
)

// screen is the size of the screen and what it shows.
type screen struct {
	w, h     int
	layout   string
	ssh      bool // the terminal is at the far end of an SSH connection
	inDetail bool // an open conversation fills the screen instead of the list
}

type areas struct{ tabs, list, rule, preview, message, status layout.Rect }

// areas lays the screen out.
func (s *screen) areas() (a areas) {
	rest := layout.Rect{W: s.w, H: s.h}
	a.tabs, rest = rest.Top(theme.Pick(s.h >= 6, 1, 0))
	rest, a.status = rest.Bottom(1)
	rest, a.message = rest.Bottom(theme.Pick(s.h >= 5, 1, 0))
	a.list = rest
	switch s.previewPlace() {
	case layoutRight:
		a.list, rest = rest.Left(rest.W * 13 / 20)
		a.rule, a.preview = rest.Left(1)
	case layoutBottom:
		a.list, rest = rest.Bottom(max(6, rest.H*2/5))
		a.rule, a.preview = rest.Top(1)
	}
	return a
}

func (s *screen) previewPlace() string {
	auto := s.layout == layoutAuto
	switch {
	case s.h < previewFrom && auto, s.h < 12, s.layout == layoutOff, s.layout == layoutRight && s.w < 60:
		return layoutOff
	case s.layout == layoutRight, auto && s.w >= rightFrom && !s.ssh:
		return layoutRight
	}
	return layoutBottom
}

func (s *screen) previewShown() bool { return !s.inDetail && s.previewPlace() != layoutOff }

// contexts returns the contexts of the keys, the closest first.
func (s *screen) contexts() []keymap.Context {
	if s.inDetail {
		return []keymap.Context{keymap.Detail, keymap.List, keymap.Global}
	}
	return []keymap.Context{keymap.List, keymap.Global}
}

// arrange lays the screen out and sets the height of the list.
func (m *Model) arrange() areas {
	a := m.areas()
	m.list.SetHeight(a.list.H)
	return a
}

func (m *Model) cyclePreview() {
	order := []string{layoutRight, layoutBottom, layoutOff}
	m.layout = order[(slices.Index(order, m.previewPlace())+1)%len(order)]
	if m.layout == layoutRight && m.previewPlace() != layoutRight {
		m.layout = layoutBottom
	}
	m.arrange()
	fits := m.previewPlace() == m.layout
	m.say(theme.Dim, "preview: "+theme.Pick(fits, m.layout, "there is no room for it"))
	m.detail.updatePreview()
}

func (s *screen) tooSmall() bool { return s.w < tooSmallW || s.h < tooSmallH }

func (m *Model) draw() ([]string, *layout.Cursor) {
	if m.tooSmall() {
		return m.th.Block(m.th.Wrap(m.quit.tooSmallText(), m.w), m.w, m.h), nil
	}
	var lines []string
	var cursor *layout.Cursor
	m.hits, m.hitsOf = nil, nil
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
		p := l.Draw(m.th, layout.Rect{W: m.w, H: m.h})
		m.th.Overlay(lines, p.At, p.Lines, m.w)
		cursor = p.Cursor
		m.hits, m.hitsOf = nil, l.overlay
		m.hitKeys(p.Keys)
		m.hits = append(m.hits, hit{p.Inside, func(at tea.Mouse) { m.updateLayer(l, layout.Click(at.Y-p.Inside.Y)) }})
	}
	return lines, cursor
}

func (m *Model) drawInbox() ([]string, *layout.Cursor) {
	a := m.arrange()
	var lines []string
	if a.tabs.H > 0 {
		line, at := m.list.views.draw(m.th, a.tabs)
		lines = append(lines, line)
		for i, r := range at {
			m.hits = append(m.hits, hit{r, func(tea.Mouse) { m.list.switchTab(i) }})
		}
	}
	if m.inDetail {
		body := layout.Rect{Y: a.tabs.H, W: m.w, H: m.h - a.tabs.H - a.message.H - a.status.H}
		lines = append(lines, m.drawDetail(body)...)
	} else {
		list := m.drawList(a.list)
		m.hits = append(m.hits, hit{a.list, func(at tea.Mouse) { m.clickList(at.Y - a.list.Y) }})
		switch {
		case a.preview.Empty():
		case a.preview.X > 0:
			rule := slices.Repeat([]string{m.th.Say(theme.Border, m.th.Vertical)}, a.rule.H)
			list = layout.Beside(layout.Beside(list, rule), m.drawDetail(a.preview))
		default:
			list = append(list, m.th.Say(theme.Border, strings.Repeat(m.th.Horizontal, a.rule.W)))
			list = append(list, m.drawDetail(a.preview)...)
		}
		lines = append(lines, list...)
	}
	var cursor *layout.Cursor
	switch at := a.message; {
	case m.prompt != nil:
		if at.H == 0 {
			at = a.status
		}
		bottom, x := m.drawPrompt(m.w)
		lines = append(lines, bottom[:1+a.status.Y-at.Y]...)
		cursor = &layout.Cursor{X: x, Y: at.Y}
	case at.H == 0:
		lines = append(lines, m.drawMessage(a.status, m.drawStatus))
	default:
		lines = append(lines, m.drawMessage(at, m.drawFooter), m.drawStatus(a.status))
	}
	return m.th.Block(lines, m.w, m.h), cursor
}

func (m *Model) drawDetail(r layout.Rect) []string {
	lines := m.detail.Draw(m.th, r, m.now())
	for i, at := range m.detail.TabsAt() {
		m.hits = append(m.hits, hit{at, func(tea.Mouse) { m.detail.SetTab(detail.Tab(i)) }})
	}
	return lines
}

func (m *Model) drawList(r layout.Rect) []string {
	o := list.Options{Now: m.now(), Settle: m.keys.KeyOf(keymap.List, keymap.Settle),
		Swept: map[string]time.Time{}, Audience: map[string]model.Audiences{}}
	accounts := m.accounts()
	same := len(accounts) == 1 // all rows have the same account
	for _, a := range accounts {
		about, _ := m.be.Describe(a.Name)
		o.Swept[a.Name], o.Audience[a.Name] = a.Swept, about.Audience
		o.Account = max(o.Account, m.th.Width(a.Name))
		same = same || m.list.currentTab().Query == "account:"+a.Name
	}
	if same {
		o.Account = 0
	}
	if m.list.Loaded() && m.list.Total() == 0 {
		o.Empty = m.emptyText()
	}
	return m.list.Draw(m.th, r, o)
}

func (m *Model) emptyText() []string {
	if f := m.list.currentTab().filter; f != "" {
		text := []string{"Nothing matches " + model.CleanLine(f, 200), ""}
		if near := m.list.nearest(); near.Text != "" {
			key := m.keyFor(keymap.List, keymap.Filter)
			return append(text, "Nearest: "+near.Text+", "+theme.Number(near.Count)+".", "", key+" tab takes it; esc clears the filter.")
		}
		return append(text, "esc clears the filter.")
	}
	for _, a := range m.accounts() {
		if a.Syncing || a.Checked.IsZero() && a.Error == nil {
			return []string{"Nothing here yet: the services are being read."}
		}
	}
	// An account that was never walked completely can't be called empty.
	unread, then := []string(nil), "Set the credential, then start confab again; confab doctor checks it."
	for _, a := range m.accounts() {
		if a.Error != nil && a.Swept.IsZero() {
			unread = append(unread, a.Name+": "+a.Error.Words())
			if a.Error.Kind != model.NoCredential {
				then = "It is tried again by itself; " + m.keyFor(keymap.List, keymap.Refresh) + " tries now."
			}
		}
	}
	if len(unread) > 0 {
		return append(append([]string{"Nothing could be read yet.", ""}, unread...), "", then)
	}
	return []string{"Nothing here.", "", "What is done, snoozed or archived is left out; a filter of is:any shows it."}
}

// drawMessage draws the message, if there is one, in place of what is there otherwise.
func (m *Model) drawMessage(r layout.Rect, otherwise func(layout.Rect) string) string {
	text, look := m.message(r.W - 1)
	if text == "" {
		return otherwise(r)
	}
	return " " + m.th.Paint(look, text, r.W-1)
}

func (m *Model) message(w int) (string, theme.Token) {
	op, hint, reading := m.lineOperation(), m.hint(), m.list.readingText()
	switch {
	case hint != "":
		return hint, theme.Key
	case m.notice.text != "":
		return shorten(m.th, m.notice.text, w), m.notice.look
	case m.list.Ranging() && !m.inDetail:
		first, last := m.list.RangeBounds()
		key := m.keyFor(keymap.List, keymap.MarkRange)
		return "range of " + theme.Number(last-first+1) + ": move on, then act; " + key + " marks it, esc gives it up", theme.Marked
	case op != nil:
		return op.words(m.th.Ellipsis), theme.Pending
	case reading != "":
		return reading, theme.Pending
	}
	return m.followed.line(w)
}

func (m *Model) drawStatus(r layout.Rect) string {
	info := status.Info{Accounts: m.accounts(), ReadOnly: m.opts.ReadOnly, Demo: m.opts.Demo,
		Marked: m.list.Marks.Len(), Hidden: min(m.list.Hidden, m.list.Marks.Len()), Filter: m.list.currentTab().filter, Now: m.now(),
		Settle: m.keys.KeyOf(keymap.List, keymap.Settle), Position: m.list.positionText()}
	return status.Draw(m.th, r.W, info)
}

// footerKey is an action in the footer, with a word for what it does.
type footerKey struct {
	action keymap.Action
	does   string
}

// The most useful actions come first. Those that don't fit are left out, except the last one.
var (
	listKeys = []footerKey{{keymap.Settle, "settle"}, {keymap.Open, "open"}, {keymap.Mark, "mark"}, {keymap.TogglePrivacy, "privacy"},
		{keymap.Rename, "rename"}, {keymap.Participants, "people"}, {keymap.Contacts, "contacts"}, {keymap.ToggleStatus, "close"},
		{keymap.Undo, "undo"}, {keymap.Back, "back"}, {keymap.Filter, "filter"}, {keymap.Palette, "actions"}, {keymap.Help, "help"}}
	detailKeys = []footerKey{{keymap.Back, "back"}, {keymap.Settle, "settle"}, {keymap.NextTab, "tab"}, {keymap.NextItem, "next"},
		{keymap.TogglePrivacy, "privacy"}, {keymap.Rename, "rename"}, {keymap.Participants, "people"}, {keymap.Contacts, "contacts"},
		{keymap.ToggleStatus, "close"}, {keymap.Undo, "undo"}, {keymap.SearchNext, "next match"}, {keymap.Search, "search"},
		{keymap.Palette, "actions"}, {keymap.Help, "help"}}
)

// drawFooter names the keys that work on the row under the cursor. While the cursor moves it stays as it was.
func (m *Model) drawFooter(r layout.Rect) string {
	if m.covered() {
		return layout.Spaces(r.W) // the overlay names the keys that work
	}
	if m.detail.rested() {
		m.footer = m.footerPairs()
	}
	line, hits := m.th.KeyLine(layout.Rect{X: r.X + 1, Y: r.Y, W: r.W - 2}, m.footer...)
	m.hitKeys(hits)
	return m.th.Fit(" "+line, r.W, "")
}

func (m *Model) footerPairs() (pairs []string) {
	here := theme.Pick(m.inDetail, detailKeys, listKeys)
	keys, global := m.keys.Keys(m.contexts()...), m.keys.Keys(keymap.Global)
	in := m.intent("")
	in.count = 0
	for _, o := range here {
		in.action = o.action
		if does := m.footerWord(in, o.does); does != "" {
			pairs = append(pairs, theme.Pick(o.action == keymap.Back, global, keys).Of(o.action), does)
		}
	}
	return pairs
}

func (m *Model) footerWord(in intent, does string) string {
	switch a := in.action; {
	case m.off(in) != "",
		a == keymap.Settle && !in.here.row.Worst().NeedsPerson(),
		a == keymap.Undo && m.undo.acts == 0:
		return ""
	case a == keymap.TogglePrivacy && in.size() > 1:
		return "make private"
	case a == keymap.ToggleStatus && in.single && in.row.Conversation.PlainStatus() == model.StatusClosed:
		return "reopen"
	case a == keymap.Back:
		does, _ = m.back()
	}
	return does
}
