package ui

import (
	"fmt"
	"maps"

	"confab/model"
	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/theme"
)

type wants int

const (
	wantsNothing wants = iota
	wantsRow           // one conversation
	wantsRows          // one or more
)

type act = func(m *Model, in intent)

// handler is what an action does.
type handler struct {
	wants wants
	// kind is the edit it makes, "" if none; it is off where that can't be done.
	kind model.EditKind
	run  act
	// moves says that it moves the cursor or scrolls, opens that it opens something to
	// type or choose in at once, asks that it always opens a dialog, later than its key.
	moves, opens, asks bool
	// unasked reports whether it may change a service without asking; nil for never.
	unasked func(in intent) bool
	// off returns why else it is off; nil for never.
	off func(m *Model, in intent) string
}

func handlers() map[keymap.Action]handler {
	h := looking()
	maps.Copy(h, acting())
	for _, c := range copyings {
		h[c.action] = handler{wants: wantsRows, run: func(m *Model, in intent) { m.copyAs(in, c) }}
	}
	for i := range 9 {
		h[keymap.Action(fmt.Sprintf("view_%d", i+1))] = handler{run: func(m *Model, _ intent) { m.switchTab(i) },
			off: func(m *Model, _ intent) string {
				if i >= len(m.tabs) {
					return "there is no such view, only " + theme.Count(len(m.tabs), "view")
				}
				return ""
			}}
	}
	return h
}

// looking is what changes nothing but the screen.
func looking() map[keymap.Action]handler {
	return map[keymap.Action]handler{
		keymap.Down:         {moves: true, run: moveBy(1)},
		keymap.Up:           {moves: true, run: moveBy(-1)},
		keymap.Top:          {moves: true, run: edge(-1)},
		keymap.Bottom:       {moves: true, run: edge(1)},
		keymap.HalfDown:     {moves: true, run: pageBy(1, 2)},
		keymap.HalfUp:       {moves: true, run: pageBy(-1, 2)},
		keymap.PageDown:     {moves: true, run: pageBy(1, 1)},
		keymap.PageUp:       {moves: true, run: pageBy(-1, 1)},
		keymap.NextItem:     {moves: true, run: stepItem(1)},
		keymap.PreviousItem: {moves: true, run: stepItem(-1)},

		keymap.Open:         {wants: wantsRow, run: (*Model).openDetail},
		keymap.Back:         {run: plain((*Model).back)},
		keymap.CyclePreview: {run: plain((*Model).cyclePreview)},
		keymap.NextView:     {run: func(m *Model, in intent) { m.switchTab(m.tab + in.times()) }},
		keymap.PreviousView: {run: func(m *Model, in intent) { m.switchTab(m.tab - in.times()) }},
		keymap.NextTab:      {run: func(m *Model, _ intent) { m.turnDetail(1) }},
		keymap.PreviousTab:  {run: func(m *Model, _ intent) { m.turnDetail(-1) }},
		keymap.LoadMore:     {wants: wantsRow, run: (*Model).reloadDetail},

		keymap.Filter:      {opens: true, run: (*Model).openFilter},
		keymap.Search:      {opens: true, run: plain((*Model).openSearch)},
		keymap.SearchNext:  {run: searchBy(1), off: searching},
		keymap.SearchPrev:  {run: searchBy(-1), off: searching},
		keymap.CommandLine: {opens: true, run: (*Model).openCommandLine},
		keymap.Palette:     {opens: true, run: (*Model).openPalette},
		keymap.Sort:        {opens: true, run: (*Model).sort},
		keymap.ViewNamed:   {run: (*Model).goToView},
		keymap.Unview:      {run: (*Model).unview, off: noKeeper},

		keymap.Mark:       {wants: wantsRow, run: (*Model).mark},
		keymap.MarkRange:  {run: (*Model).markRange},
		keymap.MarkAll:    {run: plain((*Model).markAll)},
		keymap.ClearMarks: {run: plain((*Model).clearMarks)},

		keymap.Copy:         {opens: true, wants: wantsRows, run: (*Model).copyAny},
		keymap.Browser:      opens(model.LinkWeb),
		keymap.Recording:    opens(model.LinkRecording),
		keymap.OutboxScreen: {run: (*Model).openOutbox},
		keymap.Refresh:      {run: (*Model).refresh},
		keymap.Redraw:       {run: plain((*Model).redraw)},
		keymap.Help:         {run: plain((*Model).openHelp)},
		keymap.Suspend:      {run: plain((*Model).suspend)},
		keymap.Quit:         {run: plain((*Model).quit)},
		keymap.Interrupt:    {run: plain((*Model).quit)},
	}
}

// acting is what changes conversations and what is kept of them.
func acting() map[keymap.Action]handler {
	private := sets("make private", model.EditPrivacy, string(model.PrivacyPrivate), always)
	public := sets("make public", model.EditPrivacy, string(model.PrivacyPublic), nil)
	closing := sets("close", model.EditStatus, model.StatusClosed, always)
	reopening := sets("reopen", model.EditStatus, model.StatusOpen, always)
	return map[keymap.Action]handler{
		keymap.TogglePrivacy: private.unless(public, func(c model.Conversation) bool { return c.Privacy == model.PrivacyPrivate }),
		keymap.MakePrivate:   private,
		keymap.MakePublic:    public,
		keymap.ToggleStatus:  closing.unless(reopening, func(c model.Conversation) bool { return c.Closed }),
		keymap.Close:         closing,
		keymap.Reopen:        reopening,
		keymap.Rename:        {opens: true, wants: wantsRows, kind: model.EditTitle, run: (*Model).rename, unasked: named},
		keymap.Describe:      formOf(model.EditDescription),
		keymap.Labels:        formOf(model.EditLabels),
		keymap.Attributes:    formOf(model.EditAttributes),
		keymap.EditForm:      formOf(""),
		keymap.Participants:  peopleOf("People", model.EditParticipants),
		keymap.Contacts:      peopleOf("Contacts", model.EditContacts),
		keymap.Access:        chooses("Who has access", model.EditAccess),
		keymap.DefaultRole:   chooses("Default role", model.EditDefaultRole),
		keymap.Archive:       ends(model.EditArchive),
		keymap.Delete:        ends(model.EditDelete),
		keymap.NewItem:       {opens: true, run: (*Model).openCreate, off: cannotCreate},
		keymap.Repeat:        {wants: wantsRows, run: (*Model).repeat, off: nothingToRepeat, unasked: always},
		keymap.Undo:          {run: func(m *Model, _ intent) { m.undos++ }}, // once the acts before this key are kept
		keymap.Settle:        {run: (*Model).settle},
		keymap.RetryFailed:   {run: plain((*Model).retryFailed)},

		keymap.Done: marksAs("done until something changes; is:done shows it", "not done any more",
			func(v *bool) model.TriageChange { return model.TriageChange{Done: v} }),
		keymap.Pin:    marksAs("pinned", "not pinned any more", func(v *bool) model.TriageChange { return model.TriageChange{Pinned: v} }),
		keymap.Seen:   marksAs("seen", "unseen", func(v *bool) model.TriageChange { return model.TriageChange{Seen: v} }),
		keymap.Snooze: {opens: true, wants: wantsRows, run: (*Model).snooze},
	}
}

func plain(do func(*Model)) act { return func(m *Model, _ intent) { do(m) } }

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

func moveBy(n int) act { return func(m *Model, in intent) { m.travel(n * in.times()) } }

func pageBy(n, part int) act {
	return func(m *Model, in intent) {
		h := m.list.Height()
		if m.inDetail {
			h = m.detail.Height()
		}
		step := max(1, h-1)
		if part > 1 {
			step = max(1, h/part)
		}
		m.travel(n * in.times() * step)
	}
}

func (m *Model) travel(by int) {
	if m.inDetail {
		m.detail.Scroll(by)
	} else if m.moveList(by) {
		m.cursorMoved()
	}
}

// moveList moves the cursor of the list, and reports false at its ends.
func (m *Model) moveList(by int) bool {
	before := m.list.Cursor()
	m.list.Move(by)
	return m.list.Cursor() != before
}

// edge goes to the top or the bottom, or to the row of a number.
func edge(way int) act {
	return func(m *Model, in intent) {
		switch {
		case m.inDetail:
			m.detail.Scroll(way * layout.Far)
			return
		case way < 0 || in.count > 0:
			m.list.MoveTo(max(0, in.count-1))
		default:
			m.list.MoveTo(m.list.Total() - 1)
			m.toEnd = m.more
		}
		m.cursorMoved()
	}
}

func stepItem(n int) act {
	return func(m *Model, in intent) {
		if m.inDetail {
			m.list.MoveToRef(m.detail.Ref())
		}
		switch {
		case !m.moveList(n * in.times()):
			m.say(theme.Dim, "that was the last one")
		case !m.inDetail:
			m.cursorMoved()
		default:
			m.openSelected()
		}
	}
}
