package ui

import (
	"fmt"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/theme"
)

// wants says what an action needs to be about.
type wants int

const (
	wantsNothing wants = iota
	wantsRow           // one conversation
	wantsRows          // one or more
)

// handler is what an action does.
type handler struct {
	wants wants
	// kind is the edit it makes, "" if none; it is off where that can't be done.
	kind model.EditKind
	run  func(m *Model, in intent) tea.Cmd
	// moves says that it moves the cursor or scrolls, opens that it opens something to
	// type or choose in at once.
	moves, opens bool
	// asks says that it always opens a dialog, later than its key.
	asks bool
	// unasked reports whether it may change a service without asking; nil for never.
	unasked func(in intent) bool
	// off returns why else it is off; nil for never.
	off func(m *Model, in intent) string
}

func handlers() map[keymap.Action]handler {
	h := map[keymap.Action]handler{
		keymap.Down:     {moves: true, run: moveBy(1)},
		keymap.Up:       {moves: true, run: moveBy(-1)},
		keymap.Top:      {moves: true, run: (*Model).top},
		keymap.Bottom:   {moves: true, run: (*Model).bottom},
		keymap.HalfDown: {moves: true, run: pageBy(1, 2)},
		keymap.HalfUp:   {moves: true, run: pageBy(-1, 2)},
		keymap.PageDown: {moves: true, run: pageBy(1, 1)},
		keymap.PageUp:   {moves: true, run: pageBy(-1, 1)},

		keymap.Open:         {wants: wantsRow, run: (*Model).openDetail},
		keymap.Back:         {run: (*Model).back},
		keymap.CyclePreview: {run: (*Model).cyclePreview},
		keymap.NextView:     {run: func(m *Model, in intent) tea.Cmd { return m.switchTab(m.tab + in.times()) }},
		keymap.PreviousView: {run: func(m *Model, in intent) tea.Cmd { return m.switchTab(m.tab - in.times()) }},
		keymap.NextTab:      {run: func(m *Model, in intent) tea.Cmd { return m.turnDetail(1) }},
		keymap.PreviousTab:  {run: func(m *Model, in intent) tea.Cmd { return m.turnDetail(-1) }},
		keymap.NextItem:     {moves: true, run: stepItem(1)},
		keymap.PreviousItem: {moves: true, run: stepItem(-1)},
		keymap.LoadMore:     {wants: wantsRow, run: (*Model).reloadDetail},

		keymap.Filter:      {opens: true, run: (*Model).openFilter},
		keymap.Search:      {opens: true, run: (*Model).openSearch},
		keymap.SearchNext:  {run: searchBy(1), off: searching},
		keymap.SearchPrev:  {run: searchBy(-1), off: searching},
		keymap.CommandLine: {opens: true, run: (*Model).openCommandLine},
		keymap.Palette:     {opens: true, run: (*Model).openPalette},
		keymap.Sort:        {opens: true, run: (*Model).sort},
		keymap.ViewNamed:   {run: (*Model).view},
		keymap.Unview:      {run: (*Model).unview, off: noKeeper},

		keymap.Mark:       {wants: wantsRow, run: (*Model).mark},
		keymap.MarkRange:  {run: (*Model).markRange},
		keymap.MarkAll:    {run: (*Model).markAll},
		keymap.ClearMarks: {run: (*Model).clearMarks},

		keymap.TogglePrivacy: {wants: wantsRows, kind: model.EditPrivacy, run: (*Model).togglePrivacy, unasked: narrows},
		keymap.MakePrivate:   sets("make private", model.EditPrivacy, string(model.PrivacyPrivate), always),
		keymap.MakePublic:    sets("make public", model.EditPrivacy, string(model.PrivacyPublic), nil),
		keymap.ToggleStatus:  {wants: wantsRows, kind: model.EditStatus, run: (*Model).toggleStatus, unasked: always},
		keymap.Close:         sets("close", model.EditStatus, model.StatusClosed, always),
		keymap.Reopen:        sets("reopen", model.EditStatus, model.StatusOpen, always),
		keymap.Rename:        {opens: true, wants: wantsRows, kind: model.EditTitle, run: (*Model).rename, unasked: named},
		keymap.Describe:      {opens: true, wants: wantsRows, kind: model.EditDescription, run: formOf(model.EditDescription)},
		keymap.Labels:        {opens: true, wants: wantsRows, kind: model.EditLabels, run: formOf(model.EditLabels)},
		keymap.Attributes:    {opens: true, wants: wantsRows, kind: model.EditAttributes, run: formOf(model.EditAttributes)},
		keymap.EditForm:      {opens: true, wants: wantsRows, run: formOf()},
		keymap.Participants: {opens: true, wants: wantsRows, kind: model.EditParticipants,
			run: peopleOf("People", model.EditParticipants)},
		keymap.Contacts:    {opens: true, wants: wantsRows, kind: model.EditContacts, run: peopleOf("Contacts", model.EditContacts)},
		keymap.Access:      {opens: true, wants: wantsRows, kind: model.EditAccess, run: chooses("Who has access", model.EditAccess)},
		keymap.DefaultRole: {opens: true, wants: wantsRows, kind: model.EditDefaultRole, run: chooses("Default role", model.EditDefaultRole)},
		keymap.Archive:     ends(model.EditArchive),
		keymap.Delete:      ends(model.EditDelete),
		keymap.NewItem:     {opens: true, run: (*Model).openCreate, off: cannotCreate},
		keymap.Repeat:      {wants: wantsRows, run: (*Model).repeat, off: nothingToRepeat, unasked: always},
		keymap.Undo:        {run: (*Model).undo},
		keymap.Settle:      {run: (*Model).settleHere},
		keymap.RetryFailed: {run: (*Model).retryFailed},

		keymap.Done:   {wants: wantsRows, run: triageDone},
		keymap.Pin:    {wants: wantsRows, run: triagePin},
		keymap.Seen:   {wants: wantsRows, run: triageSeen},
		keymap.Snooze: {opens: true, wants: wantsRows, run: (*Model).snooze},

		keymap.CopyRef:      copies(keymap.CopyRef),
		keymap.CopyTitle:    copies(keymap.CopyTitle),
		keymap.CopyLink:     copies(keymap.CopyLink),
		keymap.CopyMarkdown: copies(keymap.CopyMarkdown),
		keymap.CopyEmails:   copies(keymap.CopyEmails),
		keymap.Copy:         {opens: true, wants: wantsRows, run: (*Model).copyAny},
		keymap.Browser:      {wants: wantsRow, run: opens(model.LinkWeb), off: cannotOpen},
		keymap.Recording:    {wants: wantsRow, run: opens(model.LinkRecording), off: cannotOpen},
		keymap.OutboxScreen: {run: (*Model).openOutbox},
		keymap.Refresh:      {run: (*Model).refresh},
		keymap.Redraw:       {run: func(*Model, intent) tea.Cmd { return redraw() }},
		keymap.Help:         {run: (*Model).openHelp},
		keymap.Suspend:      {run: func(m *Model, _ intent) tea.Cmd { return m.suspend() }},
		keymap.Quit:         {run: func(m *Model, _ intent) tea.Cmd { return m.quit() }},
		keymap.Interrupt:    {run: func(m *Model, _ intent) tea.Cmd { return m.quit() }},
	}
	for i := range 9 {
		h[keymap.Action(fmt.Sprintf("view_%d", i+1))] = toView(i)
	}
	return h
}

func toView(i int) handler {
	noSuch := func(m *Model, _ intent) string {
		if i >= len(m.tabs) {
			return "there is no such view, only " + theme.Count(len(m.tabs), "view")
		}
		return ""
	}
	return handler{run: func(m *Model, _ intent) tea.Cmd { return m.switchTab(i) }, off: noSuch}
}

func named(in intent) bool { return in.arg != "" }

func always(intent) bool { return true }

func searching(m *Model, _ intent) string {
	if m.detail.Searching() == "" {
		return "nothing is searched for: / starts a search"
	}
	return ""
}

func nothingToRepeat(m *Model, in intent) string {
	if m.last == nil {
		return "nothing was edited yet"
	}
	for _, name := range in.accounts() {
		if m.last.account != "" && name != m.last.account {
			return "the last edit names people of " + m.last.account + ", who are not known in " + name
		}
	}
	return ""
}

func cannotOpen(m *Model, _ intent) string {
	if m.opts.Open == nil {
		return "no browser can be opened from here; Y copies the link"
	}
	return ""
}

func moveBy(n int) func(*Model, intent) tea.Cmd {
	return func(m *Model, in intent) tea.Cmd { return m.travel(n * in.times()) }
}

func pageBy(n, part int) func(*Model, intent) tea.Cmd {
	return func(m *Model, in intent) tea.Cmd {
		h := m.list.Height()
		if m.screen == screenDetail {
			h = m.detail.Height()
		}
		step := max(1, h-1)
		if part > 1 {
			step = max(1, h/part)
		}
		return m.travel(n * in.times() * step)
	}
}

func (m *Model) travel(by int) tea.Cmd {
	if m.screen == screenDetail {
		m.detail.Scroll(by)
		return nil
	}
	before := m.list.Cursor()
	m.list.Move(by)
	if m.list.Cursor() == before {
		return nil
	}
	return m.cursorMoved()
}

func (m *Model) top(in intent) tea.Cmd {
	if m.screen == screenDetail {
		m.detail.Scroll(-layout.Far)
		return nil
	}
	m.list.MoveTo(max(0, in.count-1))
	return m.cursorMoved()
}

func (m *Model) bottom(in intent) tea.Cmd {
	if m.screen == screenDetail {
		m.detail.Scroll(layout.Far)
		return nil
	}
	if in.count > 0 {
		m.list.MoveTo(in.count - 1)
	} else {
		m.list.MoveTo(m.list.Total() - 1)
		m.toEnd = m.more
	}
	return m.cursorMoved()
}

// stepItem returns the handler that goes to the conversation above or below, in the detail
// view too.
func stepItem(n int) func(*Model, intent) tea.Cmd {
	return func(m *Model, in intent) tea.Cmd {
		if m.screen == screenDetail {
			m.list.MoveToRef(m.detail.Ref())
		}
		before := m.list.Cursor()
		m.list.Move(n * in.times())
		if m.list.Cursor() == before {
			return m.say(theme.Dim, "that was the last one")
		}
		if m.screen != screenDetail {
			return m.cursorMoved()
		}
		row, ok := m.list.Selected()
		if !ok {
			m.follow = true
			return nil
		}
		return m.openRow(row)
	}
}
