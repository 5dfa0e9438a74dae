package ui

import (
	"context"
	"errors"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"confab/model"
	"confab/ui/dialog"
	"confab/ui/theme"
)

// Update takes a message. It does no I/O.
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	cmd := m.update(msg)
	return m, tea.Batch(cmd, m.settle(), m.nextUndo())
}

func (m *Model) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		return m.resize(msg.Width, msg.Height)
	case tea.KeyPressMsg:
		return m.key(msg)
	case tea.PasteMsg:
		return m.paste(msg)
	case tea.MouseClickMsg:
		return m.click(msg.Mouse())
	case tea.MouseWheelMsg:
		return m.wheel(msg.Mouse())
	case tea.BackgroundColorMsg:
		m.themeConf.Light = !msg.IsDark()
		m.th = theme.New(m.themeConf)
	case tea.ModeReportMsg:
		return m.modeReport(msg)
	case tea.EnvMsg:
		return m.environment(msg)
	case tea.ResumeMsg:
		return m.resumed()
	case suspendMsg:
		if msg.err != nil {
			m.say(theme.Error, "not suspended: "+model.Words(msg.err))
			return nil
		}
		return tea.Suspend
	default:
		return m.result(msg)
	}
	return nil
}

// settle does what follows from whatever changed: a window that no longer
// holds what is seen is read anew.
func (m *Model) settle() tea.Cmd {
	if m.screen == screenWelcome || m.be == nil {
		return nil
	}
	m.openWaiting()
	if _, _, missing := m.list.Window(); missing && !m.pages.busy && m.h > 0 && m.list.Loaded() {
		return m.reload(false)
	}
	return nil
}

func (m *Model) resize(w, h int) tea.Cmd {
	wider := m.w > 0 && w > m.w
	m.w, m.h = max(0, w), max(0, h)
	m.arrange()
	var cmds []tea.Cmd
	if m.previewShown() && m.detail.Ref() != m.list.Ref() {
		cmds = append(cmds, m.cursorMoved())
	}
	if wider {
		// The renderer knows nothing of the new columns after its first frame, and
		// cuts a wide character in two that stands across the old edge.
		cmds = append(cmds, tea.Tick(restTime, func(time.Time) tea.Msg { return widerMsg{w, h} }))
	}
	return tea.Batch(cmds...)
}

// modeReport learns that the terminal measures clusters. What was drawn before
// stands where runes were counted, so that the screen is drawn anew.
func (m *Model) modeReport(msg tea.ModeReportMsg) tea.Cmd {
	if msg.Mode != ansi.ModeUnicodeCore || m.th.Graphemes {
		return nil
	}
	if msg.Value != ansi.ModeSet && msg.Value != ansi.ModeReset && msg.Value != ansi.ModePermanentlySet {
		return nil
	}
	m.themeConf.Graphemes = true
	m.th = theme.New(m.themeConf)
	return tea.ClearScreen
}

// environment learns from the environment of the terminal, which over SSH is
// not that of this process.
func (m *Model) environment(env tea.EnvMsg) tea.Cmd {
	if env.Getenv("SSH_TTY") != "" || env.Getenv("SSH_CONNECTION") != "" {
		m.opts.SSH = true
		m.arrange()
	}
	if !m.opts.SSH {
		return nil
	}
	// The library asks for these only outside SSH; without synchronized output a
	// slow link shows half a frame, and whether the terminal measures clusters
	// decides what they are drawn as.
	return tea.Raw(ansi.RequestModeSynchronizedOutput + ansi.RequestModeUnicodeCore)
}

func (m *Model) resumed() tea.Cmd {
	var cmds []tea.Cmd
	if m.th.Graphemes {
		// The library has told the terminal to measure runes again as it stopped, and
		// goes on counting clusters.
		cmds = append(cmds, tea.Sequence(tea.Raw(ansi.SetModeUnicodeCore), tea.ClearScreen))
	}
	if after := m.opts.AfterResume; after != nil {
		ctx := m.ctx
		cmds = append(cmds, func() tea.Msg { after(ctx); return nil })
	}
	return tea.Batch(append(cmds, m.reload(false), m.recount())...)
}

func (m *Model) result(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case subscribedMsg:
		return m.waitForNews()
	case eventMsg:
		return m.news(msg)
	case openingMsg:
		return m.opened(msg)
	case pageMsg:
		return m.pageCame(msg)
	case vocabularyMsg:
		if msg.err == nil {
			m.words = msg.words
			if m.prompt != nil && m.prompt.completed == "" && !m.prompt.typing {
				m.offer()
			}
		}
	case offerMsg:
		if p := m.prompt; p == msg.prompt && p.typing && p.changes == msg.change {
			m.offer()
		}
	case slowMsg:
		m.pages.slow = m.pages.slow || m.pages.busy && msg.gen == m.pages.gen
	case againMsg:
		if msg.gen == m.pages.gen {
			return m.reload(false)
		}
	case countsMsg:
		return m.countsCame(msg)
	case recountMsg:
		return m.recount()
	case restMsg:
		if msg.gen == m.rest {
			return m.showSelected()
		}
	case widerMsg:
		if msg.w == m.w && msg.h == m.h {
			return tea.ClearScreen
		}
	case rowMsg:
		m.rowCame(msg)
	case detailMsg:
		m.detailCame(msg)
	case activityMsg:
		if msg.ref == m.detail.Ref() && msg.err == nil {
			m.detail.SetActivity(msg.subs, msg.outbox, msg.history)
		}
	case markMsg:
		return m.markCame(msg)
	case hiddenMsg:
		if msg.gen == m.hiddenGen && msg.err == nil {
			m.list.SetHidden(msg.hidden)
		}
	case rangeMsg:
		m.endOperation(msg.op)
		if errors.Is(msg.err, context.Canceled) {
			m.say(theme.Dim, "stopped: nothing was done")
			return nil
		}
		if msg.err != nil {
			m.fail("read the range", msg.err)
			return nil
		}
		return m.run(msg.in.about(msg.set))
	case opProgressMsg:
		if op, ok := m.ops[msg.id]; ok {
			op.Done, op.Total = msg.done, msg.total
			return op.wait()
		}
	case opShowMsg:
		if op, ok := m.ops[msg.id]; ok && op.inLine {
			op.told = true
			return m.reload(false)
		} else if ok {
			op.shown = true
			m.openLate(layer{overlay: &op.Progress, from: op.from, act: func(any) tea.Cmd {
				op.cancel()
				m.endOperation(op.id)
				m.say(theme.Dim, "stopped: nothing was sent")
				return nil
			}})
		}
	case triagedMsg:
		return m.triaged(msg)
	case answerMsg:
		return m.answered(msg)
	case settledMsg:
		if msg.err != nil {
			m.fail(msg.action.Words(), msg.err)
		} else if msg.text != "" {
			m.say(theme.Good, msg.text)
		}
		return tea.Batch(m.reload(false), m.reloadLedger(), m.readTold())
	default:
		return m.editResult(msg)
	}
	return nil
}

func (m *Model) news(msg eventMsg) tea.Cmd {
	var cmds []tea.Cmd
	if msg.open {
		cmds = append(cmds, m.waitForNews())
	}
	for _, e := range msg.events {
		cmds = append(cmds, m.newsOf(e)...)
	}
	if m.walkedSince() {
		cmds = append(cmds, m.reload(false))
	}
	return tea.Batch(append(cmds, m.doorsMoved(), m.quitIfDelivered(), m.readUndecided())...)
}

// newsOf reads again what of an announcement is on screen.
func (m *Model) newsOf(e model.Event) []tea.Cmd {
	var cmds []tea.Cmd
	if e.All || len(e.Refs) > 0 {
		cmds = append(cmds, m.reload(false), m.recount())
	}
	if e.All {
		cmds = append(cmds, m.reloadLedger())
	} else if len(e.Submissions) > 0 {
		cmds = append(cmds, m.refreshLedger(e.Submissions, e.Refs))
	}
	named := slices.Contains(e.Submissions, m.told.id)
	if find[*dialog.Results](m) != nil && (e.All || len(e.Submissions) > 0) {
		named = m.told.announced(e, named) || named
	}
	if e.All || named {
		cmds = append(cmds, m.readTold())
	}
	if shown := m.detail.Ref(); !shown.IsZero() && (e.All || slices.Contains(e.Refs, shown)) {
		if _, wrong := m.query(); wrong != nil {
			cmds = append(cmds, m.readRow(shown)) // the list is not read
		} else {
			m.moved = shown
		}
		cmds = append(cmds, m.readActivity(shown))
	}
	return cmds
}

// walkedSince reports whether an account was walked whole since the rows on
// screen were read: they tell when their service showed them last.
func (m *Model) walkedSince() bool {
	before := m.swept
	for _, a := range m.facts.Accounts() {
		if a.Swept.After(m.swept) {
			m.swept = a.Swept
		}
	}
	return !m.swept.Equal(before)
}

// opened shows the first rows of a view, and after the very first has the list
// itself read.
func (m *Model) opened(msg openingMsg) tea.Cmd {
	var cmds []tea.Cmd
	for i, n := range msg.counts {
		if m.tabs[i].count < 0 {
			m.tabs[i].count = n
		}
	}
	if q, err := m.query(); err == nil && q == msg.query && len(msg.page.Rows) > 0 && !m.list.Loaded() {
		m.list.SetPage(msg.page, model.Ref{})
		m.asOf, m.more = msg.page.AsOf, msg.page.Total < 0
		cmds = append(cmds, m.cursorMoved())
	}
	if !msg.first {
		return tea.Batch(cmds...)
	}
	if ready := m.opts.Background; ready != nil {
		cmds = append(cmds, func() tea.Msg { ready(); return nil })
	}
	m.walkedSince()
	return tea.Batch(append(cmds, m.reload(!m.list.Loaded()), m.recount())...)
}

func (m *Model) pageCame(msg pageMsg) tea.Cmd {
	if msg.gen != m.pages.gen {
		return nil
	}
	m.pages.busy, m.pages.slow = false, false
	if m.pages.stale || m.keepingMarks() && !m.pages.fresh {
		// It may show what a key has changed since: the marks come first.
		m.pages.stale = false
		return m.reload(m.pages.fresh)
	}
	if m.clearing {
		if msg.err == nil {
			m.list.SetPage(msg.page, msg.anchor)
		}
		return m.clearFilter()
	}
	if msg.err != nil {
		if !errors.Is(msg.err, m.ctx.Err()) || m.ctx.Err() == nil {
			m.fail("read the list", msg.err)
		}
		return nil
	}
	first := !m.list.Loaded()
	before, total := m.list.Ref(), m.list.Total()
	m.layTriages(&msg.page)
	m.list.SetPage(msg.page, msg.anchor)
	m.asOf, m.more, m.indexed = time.Time{}, msg.page.Partial, true
	if p := m.prompt; p != nil && p.typing && p.kind == promptFilter && m.list.Total() != total {
		m.offer() // with other rows on screen, there is nothing to save by waiting
	}
	if m.toEnd && !m.more {
		m.toEnd = false
		m.list.MoveTo(m.list.Total() - 1)
		m.chose()
	}
	cmds := []tea.Cmd{m.countHidden()}
	if msg.page.Partial {
		cmds = append(cmds, m.reload(false))
	}
	again := m.pages.again
	if again {
		gen := m.pages.gen
		cmds = append(cmds, tea.Tick(newsTime, func(time.Time) tea.Msg { return againMsg{gen} }))
		m.pages.again = false
	}
	if row, ok := m.list.Row(m.detail.Ref()); ok {
		m.show(row)
	}
	if !again { // else what changed may not be on this page yet
		cmds = append(cmds, m.readMoved())
	}
	if row, ok := m.list.Selected(); ok && m.follow && m.screen == screenDetail {
		m.follow = false
		cmds = append(cmds, m.openRow(row))
	}
	switch {
	case m.screen != screenList:
	case m.list.Total() == 0:
		m.detail.Clear() // at once: what is previewed is no result
	case first || m.list.Ref() != before:
		// With the rows, not after a rest: no key is held that would pass them by.
		m.rest++
		cmds = append(cmds, m.showIfPreview())
	case m.detail.Ref() != m.list.Ref():
		cmds = append(cmds, m.cursorMoved())
	}
	return tea.Batch(cmds...)
}

// readMoved reads the row of the detail view if something announced it and the list
// does not hold it.
func (m *Model) readMoved() tea.Cmd {
	ref := m.moved
	m.moved = model.Ref{}
	if _, listed := m.list.Row(ref); listed || ref.IsZero() || ref != m.detail.Ref() {
		return nil
	}
	return m.readRow(ref)
}

func (m *Model) countsCame(msg countsMsg) tea.Cmd {
	if msg.gen != m.counts.gen {
		return nil
	}
	m.counts.busy = false
	if msg.err == nil {
		for i := range m.tabs {
			if i < len(msg.counts) {
				m.tabs[i].count = msg.counts[i]
			}
		}
	}
	if m.counts.again {
		m.counts.again = false
		return tea.Tick(newsTime, func(time.Time) tea.Msg { return recountMsg{} })
	}
	return nil
}

func (m *Model) rowCame(msg rowMsg) {
	if !msg.ok {
		if msg.ref == m.detail.Ref() {
			m.detail.SetGone()
		}
		return
	}
	m.list.Replace(msg.row)
	if msg.ref == m.detail.Ref() {
		m.show(msg.row)
	}
}

func (m *Model) detailCame(msg detailMsg) {
	if msg.err == nil {
		m.details.put(msg.ref, msg.detail)
	}
	if msg.ref != m.detail.Ref() {
		return
	}
	switch {
	case model.KindOf(msg.err) == model.NotFound:
		m.detail.SetGone()
		return
	case msg.err != nil:
		m.detail.SetProblem(model.Words(msg.err))
		return
	}
	m.detail.SetDetail(msg.detail)
	row := m.detail.Row()
	row.Conversation = msg.detail.Conversation
	m.show(row)
}

// show puts a row into the detail view, with what was loaded of it before.
func (m *Model) show(row model.Row) {
	ref := row.Conversation.Ref
	var swept time.Time
	for _, a := range m.facts.Accounts() {
		if a.Name == ref.Account {
			swept = a.Swept
		}
	}
	fresh := ref != m.detail.Ref()
	if d := m.detail.Detail(); d != nil && !fresh {
		row.Conversation = model.MergeReading(d.Conversation, row.Conversation, model.ReadWhole|model.ReadMessages)
	} else if d, ok := m.details.get(ref); ok && fresh {
		row.Conversation = model.MergeReading(d.Conversation, row.Conversation, model.ReadWhole|model.ReadMessages)
		defer m.detail.SetDetail(d)
	}
	m.detail.Show(row, m.facts.Capabilities(row.Conversation), swept)
}

// cursorMoved lets the preview follow once the cursor rests.
func (m *Model) cursorMoved() tea.Cmd {
	m.rest++
	if !m.previewShown() {
		return nil
	}
	if m.detail.Ref().IsZero() {
		return m.showSelected()
	}
	gen := m.rest
	return tea.Tick(restTime, func(time.Time) tea.Msg { return restMsg{gen} })
}

func (m *Model) showSelected() tea.Cmd {
	row, ok := m.list.Selected()
	if !ok {
		m.detail.Clear()
		return nil
	}
	if row.Conversation.Ref == m.detail.Ref() {
		return nil
	}
	m.show(row)
	return m.readActivity(row.Conversation.Ref)
}

// fail says what went wrong.
func (m *Model) fail(what string, err error) {
	if what != "" {
		what = "could not " + what + ": "
	}
	m.say(theme.Error, what+model.Words(err))
}
