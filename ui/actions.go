package ui

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/edit"
	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/theme"
)

// intent is an action and the conversations it is about. They are fixed when the key is typed:
// a row that comes under the cursor later is not affected.
type intent struct {
	subjects
	here   subjects // the conversation under the cursor, or the open one, whatever is marked
	action keymap.Action
	count  int // 0 if none was typed
	// since is when the row came under the cursor by itself; zero if the person moved there.
	since  time.Time
	marked bool // the set was marked, so some of it may be out of sight
	arg    string
}

// of returns the intent as an action means it: one that takes a single conversation is about the one here.
func (in intent) of(h handler) intent {
	if h.wants == wantsRow {
		in.subjects, in.marked = in.here, false
	}
	return in
}

func (in intent) times() int { return max(1, in.count) }

func (m *Model) intent(a keymap.Action) intent {
	in := intent{action: a, count: m.count}
	if m.inDetail {
		if !m.detail.Ref().IsZero() {
			in.row, in.single, in.since = m.detail.Row(), true, m.guard.shownSince()
		}
		in.here = in.subjects
		return in
	}
	in.row, in.here.single = m.list.Selected()
	in.here.row = in.row
	switch {
	case m.list.Ranging():
		in.marked = true
		if set, whole := m.list.Rows(m.list.RangeRequest()); whole {
			in.set = m.list.WithMarks(set)
		}
	case m.list.Marks.Len() > 0:
		in.set, in.marked = m.list.Marks, true
	case in.here.single:
		in.single, in.since = true, m.guard.shownSince()
	}
	if in.set.Len() == 1 {
		in.row = model.Row{}
		for _, r := range m.list.windowRows(in.subjects) {
			in.row, in.single = *r, true
		}
	}
	return in
}

func (m *Model) run(in intent) {
	h := m.handlers[in.action]
	in = in.of(h)
	inList := !m.inDetail
	switch {
	case h.wants == wantsRows && inList && m.marks.postpone(in.action):
	case in.size() == 0 && m.list.Ranging() && h.wants == wantsRows && inList:
		m.readRows(in, m.list.RangeRequest())
	case in.count > 1 && h.wants != wantsNothing && in.action != keymap.Mark:
		m.runCounted(in, h)
	default:
		if h.unasked != nil && h.unasked(in) {
			if why := m.guard.withhold(in); why != "" {
				m.say(theme.Warning, "nothing was done: "+why)
				return
			}
		}
		if why := m.off(in); why != "" {
			m.guard.drop(h.opens) // the text meant for a prompt must not be read as keys
			m.say(theme.Warning, why)
			return
		}
		if h.moves {
			m.list.toEnd = false
		}
		h.run(in)
		if h.moves {
			m.guard.noteMove()
		}
		m.guard.drop(h.asks) // the next keys are meant for a dialog that is not open yet
	}
}

// runCounted carries out an intent on count rows, from the cursor down.
func (m *Model) runCounted(in intent, h handler) {
	n, from := in.count, in.row.Conversation.Ref
	in.count = 0
	switch _, here := m.list.Row(from); {
	case h.wants == wantsRow:
		m.say(theme.Warning, in.action.Words()+" takes one conversation at a time, not "+theme.Number(n))
	case in.marked:
		m.say(theme.Warning, "a count means rows from the cursor on, but some are marked: esc clears the marks")
	case !in.single:
		m.run(in)
	case !here:
		m.say(theme.Warning, "this conversation is not in the list, so nothing can be counted from it")
	default:
		m.readRows(in, model.SelectRequest{First: from, N: n})
	}
}

func (m *Model) readRows(in intent, req model.SelectRequest) {
	m.list.selectRows(inLine("reading the rows", "nothing was done"), req, func(set model.Selection, err error) {
		if err == nil && set.Len() == 0 {
			err = errors.New("the list changed, so nothing was done")
		}
		if err != nil {
			m.fail("read the range", err)
			return
		}
		if in.marked {
			set = m.list.WithMarks(set)
		}
		in.single = in.single && set.Len() == 1 && set.Has(in.row.Conversation.Ref.Account, in.row.Key)
		in.set = set
		m.run(in)
	})
}

// off returns why an intent can't be carried out, "" if it can.
func (m *Model) off(in intent) string {
	h := m.handlers[in.action]
	if in = in.of(h); h.wants != wantsNothing && in.size() == 0 {
		switch {
		case m.list.Ranging() && (h.wants == wantsRows || in.action == keymap.Mark):
			return "" // the range is read first
		case m.list.Cursor() >= 0:
			return "the conversation is still being read"
		}
		return "nothing selected"
	}
	if h.kind != "" {
		if why := m.unsupportedReason(in, h.kind); why != "" {
			return why
		}
	}
	if h.off != nil {
		return h.off(in)
	}
	return ""
}

// unsupportedReason returns why no subject takes any of these edits, "" if one does or some are not in memory: then the plan tells.
func (m *Model) unsupportedReason(in intent, kinds ...model.EditKind) (why string) {
	switch {
	case m.opts.ReadOnly:
		return readOnly
	case !in.single && m.list.CountHeld(in.set) < in.set.Len():
		return ""
	}
	for _, r := range m.list.windowRows(in.subjects) {
		can := m.be.Capabilities(r.Conversation)
		for _, kind := range kinds {
			c := can.Of(kind)
			if c.Can() {
				return ""
			}
			why = cmp.Or(why, model.CleanLine(c.Reason, 300), "the service can't do this")
		}
	}
	return why
}

type wants int

const (
	wantsNothing wants = iota
	wantsRow           // one conversation
	wantsRows          // one or more
)

type runFunc = func(in intent)

// handler says what an action does.
type handler struct {
	wants wants
	// kind is the edit it makes, "" for none. The action is off where that edit can't be made.
	kind model.EditKind
	run  runFunc
	// moves says that the action moves the cursor or scrolls, opens that it opens something to type or choose in
	// at once, asks that it always opens a dialog, but later.
	moves, opens, asks bool
	// unasked reports whether the action may change a service without asking; nil for never.
	unasked func(in intent) bool
	// off returns another reason why the action is off, "" for none; nil for never.
	off func(in intent) string
}

func (m *Model) makeHandlers() map[keymap.Action]handler {
	h := m.viewHandlers()
	maps.Copy(h, m.editHandlers())
	for _, c := range copyFormats {
		h[c.action] = handler{wants: wantsRows, run: func(in intent) { copyRows(m.overlays, in, c) }}
	}
	for i := range 9 {
		h[keymap.Action(fmt.Sprintf("view_%d", i+1))] = handler{run: func(intent) { m.list.switchTab(i) },
			off: func(intent) string {
				return theme.Pick(i < len(m.list.tabs), "", "there is no such view, only "+theme.Count(len(m.list.tabs), "view"))
			}}
	}
	return h
}

// viewHandlers holds the actions that change nothing but the screen.
func (m *Model) viewHandlers() map[keymap.Action]handler {
	return map[keymap.Action]handler{
		keymap.Down:         {moves: true, run: m.moveBy(1)},
		keymap.Up:           {moves: true, run: m.moveBy(-1)},
		keymap.Top:          {moves: true, run: m.moveToEnd(-1)},
		keymap.Bottom:       {moves: true, run: m.moveToEnd(1)},
		keymap.HalfDown:     {moves: true, run: m.pageBy(1, 2)},
		keymap.HalfUp:       {moves: true, run: m.pageBy(-1, 2)},
		keymap.PageDown:     {moves: true, run: m.pageBy(1, 1)},
		keymap.PageUp:       {moves: true, run: m.pageBy(-1, 1)},
		keymap.NextItem:     {moves: true, run: m.stepItem(1)},
		keymap.PreviousItem: {moves: true, run: m.stepItem(-1)},

		keymap.Open: {wants: wantsRow, run: func(in intent) { m.detail.fillScreen(in.row) }},
		keymap.Back: {run: func(intent) {
			_, do := m.back()
			do()
		}},
		keymap.CyclePreview: {run: noIntent(m.cyclePreview)},
		keymap.NextView:     {run: func(in intent) { m.list.switchTab(m.list.tab + in.times()) }},
		keymap.PreviousView: {run: func(in intent) { m.list.switchTab(m.list.tab - in.times()) }},
		keymap.NextTab:      {run: func(intent) { m.detail.turnDetail(1) }},
		keymap.PreviousTab:  {run: func(intent) { m.detail.turnDetail(-1) }},
		keymap.LoadMore:     {wants: wantsRow, run: func(in intent) { m.detail.load(in.row) }},

		keymap.Filter:      {opens: true, run: m.openFilter},
		keymap.Search:      {opens: true, run: noIntent(m.openSearch)},
		keymap.SearchNext:  {run: m.searchBy(1), off: m.searchOff},
		keymap.SearchPrev:  {run: m.searchBy(-1), off: m.searchOff},
		keymap.CommandLine: {opens: true, run: m.openCommandLine},
		keymap.Palette:     {opens: true, run: m.openPalette},
		keymap.Sort:        {opens: true, run: m.list.sort},
		keymap.ViewNamed:   {run: m.list.goToView},
		keymap.Unview:      {run: m.list.unview, off: func(intent) string { return theme.Pick(m.opts.Keeper == nil, noKeeper, "") }},

		keymap.Mark:       {wants: wantsRow, run: m.marks.mark},
		keymap.MarkRange:  {run: m.marks.mark},
		keymap.MarkAll:    {run: noIntent(m.marks.markAll)},
		keymap.ClearMarks: {run: noIntent(m.list.clearMarks)},

		keymap.Copy:         {opens: true, wants: wantsRows, run: func(in intent) { openCopy(m.overlays, in) }},
		keymap.Browser:      m.linkHandler(model.LinkWeb),
		keymap.Recording:    m.linkHandler(model.LinkRecording),
		keymap.OutboxScreen: {run: m.outbox.show},
		keymap.Refresh:      {run: m.refresh},
		keymap.Redraw:       {run: noIntent(m.redraw)},
		keymap.Help:         {run: func(intent) { m.openHelp(m.contexts()[0]) }},
		keymap.Suspend:      {run: noIntent(m.suspend)},
		keymap.Quit:         {run: noIntent(m.quit.leave)},
		keymap.Interrupt:    {run: noIntent(m.quit.leave)},
	}
}

// editHandlers holds the actions that change conversations or local marks.
func (m *Model) editHandlers() map[keymap.Action]handler {
	private := m.planning.setHandler("make private", model.EditPrivacy, string(model.PrivacyPrivate), always)
	public := m.planning.setHandler("make public", model.EditPrivacy, string(model.PrivacyPublic), nil)
	closing := m.planning.setHandler("close", model.EditStatus, model.StatusClosed, always)
	reopening := m.planning.setHandler("reopen", model.EditStatus, model.StatusOpen, always)
	form := m.forms.formHandler("")
	form.off = func(in intent) string { return m.unsupportedReason(in, edit.Fields...) }
	return map[keymap.Action]handler{
		keymap.TogglePrivacy: private.unless(public, func(c model.Conversation) bool { return c.Privacy == model.PrivacyPrivate }),
		keymap.MakePrivate:   private,
		keymap.MakePublic:    public,
		keymap.ToggleStatus:  closing.unless(reopening, func(c model.Conversation) bool { return c.Closed }),
		keymap.Close:         closing,
		keymap.Reopen:        reopening,
		keymap.Rename:        {opens: true, wants: wantsRows, kind: model.EditTitle, run: m.forms.rename, unasked: hasArg},
		keymap.Describe:      m.forms.formHandler(model.EditDescription),
		keymap.Labels:        m.forms.formHandler(model.EditLabels),
		keymap.Attributes:    m.forms.formHandler(model.EditAttributes),
		keymap.EditForm:      form,
		keymap.Participants:  m.forms.peopleHandler("People", model.EditParticipants),
		keymap.Contacts:      m.forms.peopleHandler("Contacts", model.EditContacts),
		keymap.Access:        m.planning.choiceHandler("Who has access", model.EditAccess),
		keymap.DefaultRole:   m.planning.choiceHandler("Default role", model.EditDefaultRole),
		keymap.Archive:       m.planning.removalHandler(model.EditArchive),
		keymap.Delete:        m.planning.removalHandler(model.EditDelete),
		keymap.NewItem:       {opens: true, run: m.forms.openCreate, off: m.forms.createOff},
		keymap.Repeat:        {wants: wantsRows, run: m.planning.repeat, off: m.planning.repeatOff, unasked: always},
		keymap.Undo:          {run: m.undo.key},
		keymap.Settle:        {run: m.decisions.settle},
		keymap.RetryFailed:   {run: noIntent(m.decisions.retryFailed)},

		keymap.Done: m.triage.handler("done until something changes; is:done shows it", "not done any more",
			func(v *bool) model.TriageChange { return model.TriageChange{Done: v} }),
		keymap.Pin: m.triage.handler("pinned", "not pinned any more",
			func(v *bool) model.TriageChange { return model.TriageChange{Pinned: v} }),
		keymap.Seen:   m.triage.handler("seen", "unseen", func(v *bool) model.TriageChange { return model.TriageChange{Seen: v} }),
		keymap.Snooze: {opens: true, wants: wantsRows, run: m.triage.snooze},
	}
}

func noIntent(do func()) runFunc { return func(intent) { do() } }

func hasArg(in intent) bool { return in.arg != "" }

func always(intent) bool { return true }

func (m *Model) searchOff(intent) string {
	return theme.Pick(m.detail.Searching() == "", "nothing is searched for: "+m.keyFor(keymap.Detail, keymap.Search)+" starts a search", "")
}

func (m *Model) moveBy(n int) runFunc { return func(in intent) { m.moveOrScroll(n * in.times()) } }

// pageBy moves by a page, or by half a page for part 2.
func (m *Model) pageBy(n, part int) runFunc {
	return func(in intent) {
		h := m.list.Height()
		if m.inDetail {
			h = m.detail.Height()
		}
		step := theme.Pick(part == 1, h-1, h/part)
		m.moveOrScroll(n * in.times() * max(1, step))
	}
}

func (m *Model) moveOrScroll(by int) {
	if m.inDetail {
		m.detail.Scroll(by)
	} else if m.moveList(by) {
		m.detail.previewAfterRest()
	}
}

// moveList moves the cursor of the list, and reports whether it moved.
func (m *Model) moveList(by int) bool {
	before := m.list.Cursor()
	m.list.Move(by)
	return m.list.Cursor() != before
}

// moveToEnd goes to the top or the bottom, or to the row whose number was typed as the count.
func (m *Model) moveToEnd(way int) runFunc {
	return func(in intent) {
		switch {
		case m.inDetail:
			m.detail.Scroll(way * layout.Far)
			return
		case way < 0 || in.count > 0:
			m.list.MoveTo(max(0, in.count-1))
		default:
			m.list.toLast()
		}
		m.detail.previewAfterRest()
	}
}

func (m *Model) stepItem(n int) runFunc {
	return func(in intent) {
		if m.inDetail {
			m.list.MoveToRef(m.detail.Ref())
		}
		switch {
		case !m.moveList(n * in.times()):
			m.say(theme.Dim, "that was the "+theme.Pick(n < 0, "first", "last")+" one")
		case !m.inDetail:
			m.detail.previewAfterRest()
		default:
			m.detail.openSelected()
		}
	}
}

// back returns what the back key does now, "" for nothing.
func (m *Model) back() (does string, do func()) {
	switch {
	case m.inDetail && m.detail.Searching() != "":
		return "end the search", func() { m.detail.Search("") }
	case m.inDetail:
		return "back", m.detail.back
	case m.list.Ranging():
		return "end the range", m.list.EndRange
	case m.list.Marks.Len() > 0:
		return "unmark", m.list.ClearMarks
	case m.list.currentTab().filter != "":
		return "all rows", m.list.clearFilter
	}
	return "", func() {}
}

const refreshing = "refreshing"

// refreshRequest is a refresh that a key asked for. No names mean all accounts.
type refreshRequest struct {
	at       time.Time
	accounts []string
}

// waitsFor reports whether the refresh of an account has yet to end.
func (r refreshRequest) waitsFor(a model.AccountState) bool {
	asked := len(r.accounts) == 0 || slices.Contains(r.accounts, a.Name)
	return asked && (a.Syncing || a.Error == nil && a.Checked.Before(r.at))
}

// endRefreshing clears the message of a refresh that has ended, which would hide how a submission ended.
func (m *Model) endRefreshing() {
	if m.notice.text == refreshing && !slices.ContainsFunc(m.accounts(), m.asked.waitsFor) {
		m.notice = notice{}
	}
}

func (m *Model) refresh(in intent) {
	var accounts []string
	if in.single && m.inDetail {
		accounts = append(accounts, in.row.Conversation.Ref.Account)
	}
	m.say(theme.Dim, refreshing)
	m.asked = refreshRequest{m.now(), accounts}
	m.do(func() tea.Msg {
		m.be.Refresh(accounts...)
		return nil
	})
	if m.inDetail {
		m.detail.load(in.row)
	}
}

func (m *Model) searchBy(n int) runFunc {
	return func(in intent) {
		at, of := m.detail.Next(n * in.times())
		if of == 0 {
			m.say(theme.Warning, "not found in this tab: "+m.detail.Searching())
		} else {
			m.say(theme.Dim, fmt.Sprintf("match %d of %d", at, of))
		}
	}
}

// pick moves the cursor of the list for the person.
func (m *Model) pick(by int) {
	m.moveOrScroll(by)
	m.guard.noteMove()
}
