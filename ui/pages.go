package ui

import (
	"context"
	"errors"
	"time"

	tea "charm.land/bubbletea/v2"

	"confab/model"
)

// pages is the reading of the list, of which only the newest counts.
type pages struct {
	gen   int
	busy  bool
	again bool
	// fresh says that another list is read than the one on screen, stale that it may be
	// older, slow that it takes long enough to say so.
	fresh  bool
	stale  bool
	slow   bool
	cancel context.CancelFunc
}

// reload reads the window of the list again. A fresh list (another view or filter)
// replaces what is being read; anything else waits for it.
func (m *Model) reload(fresh bool) tea.Cmd {
	if m.be == nil {
		return nil
	}
	q, err := m.query()
	if err != nil {
		return nil // what was good last stays
	}
	if !fresh && m.keepingMarks() {
		return nil // it is read again once the marks are kept
	}
	if m.pages.busy && !fresh {
		m.pages.again = true
		return nil
	}
	if m.pages.cancel != nil {
		m.pages.cancel()
	}
	ctx, cancel := context.WithCancel(m.ctx)
	m.pages = pages{gen: m.pages.gen + 1, busy: true, fresh: fresh, stale: m.pages.stale, cancel: cancel}
	offset, limit, _ := m.list.Window()
	req := model.ListRequest{Query: q, Inbox: true, Offset: offset, Limit: limit, Anchor: m.list.Anchor(), Partial: fresh}
	gen := m.pages.gen
	get := func(context.Context) (model.Page, error) { return m.be.List(ctx, req) }
	cmd := read(m, get, func(page model.Page, err error) tea.Cmd {
		if gen != m.pages.gen {
			return nil
		}
		return m.pageCame(page, req.Anchor, err)
	})
	if !fresh && m.indexed && !m.list.Blank() {
		return cmd // what is in sight is what was read last
	}
	return tea.Batch(cmd, soon(progressTime, func() tea.Cmd {
		m.pages.slow = m.pages.slow || m.pages.busy && gen == m.pages.gen
		return nil
	}))
}

// reading says that the screen waits for a list.
func (m *Model) reading() string {
	if !m.pages.slow || !m.pages.fresh && !m.toEnd && !m.list.Blank() {
		return ""
	}
	return "reading the list" + m.th.Ellipsis
}

func (m *Model) pageCame(page model.Page, anchor model.Ref, err error) tea.Cmd {
	m.pages.busy, m.pages.slow = false, false
	if m.pages.stale || m.keepingMarks() && !m.pages.fresh {
		// It may show what a key has changed since: the marks come first.
		m.pages.stale = false
		return m.reload(m.pages.fresh)
	}
	if m.clearing {
		if err == nil {
			m.list.SetPage(page, anchor)
		}
		return m.clearFilter()
	}
	if err != nil {
		if !errors.Is(err, m.ctx.Err()) || m.ctx.Err() == nil {
			m.fail("read the list", err)
		}
		return nil
	}
	first, fresh := !m.list.Loaded(), m.pages.fresh
	before, total := m.list.Ref(), m.list.Total()
	m.layTriages(&page)
	m.list.SetPage(page, anchor)
	m.asOf, m.more, m.indexed = time.Time{}, page.Partial, true
	cmds := []tea.Cmd{m.countHidden()}
	if p := m.prompt; p != nil && p.typing && p.kind == promptFilter && m.list.Total() != total {
		cmds = append(cmds, m.offer()) // with other rows on screen, there is nothing to save by waiting
	}
	if fresh {
		cmds = append(cmds, m.seekNearest())
	}
	if m.toEnd && !m.more {
		m.toEnd = false
		m.list.MoveTo(m.list.Total() - 1)
		m.chose()
	}
	if page.Partial {
		cmds = append(cmds, m.reload(false))
	}
	again := m.pages.again
	if again {
		m.pages.again = false
		gen := m.pages.gen
		cmds = append(cmds, soon(newsTime, func() tea.Cmd {
			if gen != m.pages.gen {
				return nil
			}
			return m.reload(false)
		}))
	}
	return tea.Batch(append(cmds, m.detailFollows(first || m.list.Ref() != before, again))...)
}

// detailFollows brings the detail view up to date with a page. moved says that another row
// is under the cursor, again that the page is about to be read once more.
func (m *Model) detailFollows(moved, again bool) tea.Cmd {
	var cmds []tea.Cmd
	if row, ok := m.list.Row(m.detail.Ref()); ok {
		m.show(row)
	}
	if !again {
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
	case moved:
		// With the rows, not after a rest: no key is held that would pass them by.
		m.rest++
		m.moving = false
		cmds = append(cmds, m.showIfPreview())
	case m.detail.Ref() != m.list.Ref():
		cmds = append(cmds, m.cursorMoved())
	}
	return tea.Batch(cmds...)
}

func (m *Model) recount() tea.Cmd {
	if m.be == nil || !m.counts.begin() {
		return nil
	}
	queries := m.tabQueries()
	return read(m, func(ctx context.Context) ([]int, error) { return m.be.Counts(ctx, queries) }, func(counts []int, err error) tea.Cmd {
		for i, n := range counts {
			if err == nil && i < len(m.tabs) && m.tabs[i].Query == queries[i] {
				m.tabs[i].count = n
			}
		}
		return m.counts.end(m.recount)
	})
}

func (m *Model) tabQueries() []string {
	queries := make([]string, len(m.tabs))
	for i, t := range m.tabs {
		queries[i] = t.Query
	}
	return queries
}

// start shows what is at hand before the index is: the list and the counts as they were
// last. Then it reads the list.
func (m *Model) start() tea.Cmd {
	queries := m.tabQueries()
	q, wrong := m.query()
	opening := m.opening(q)
	var counts []int
	get := func(ctx context.Context) (p model.Page, err error) {
		if wrong != nil {
			return p, wrong // the list says what is wrong
		}
		if p, err = opening(ctx); err != nil {
			return p, err
		}
		for _, q := range queries {
			tab, err := m.be.Opening(ctx, model.ListRequest{Query: q, Inbox: true})
			if err != nil {
				tab.Total = -1
			}
			counts = append(counts, tab.Total)
		}
		return p, nil
	}
	return read(m, get, func(p model.Page, _ error) tea.Cmd {
		for i, n := range counts {
			if i < len(m.tabs) && m.tabs[i].count < 0 {
				m.tabs[i].count = n
			}
		}
		cmds := []tea.Cmd{m.showOpening(q, p)}
		if ready := m.opts.Background; ready != nil {
			cmds = append(cmds, func() tea.Msg { ready(); return nil })
		}
		m.walkedSince()
		return tea.Batch(append(cmds, m.reload(!m.list.Loaded()), m.recount())...)
	})
}

// reopen shows how a view was last, before there is an index.
func (m *Model) reopen() tea.Cmd {
	q, err := m.query()
	if m.indexed || err != nil {
		return nil
	}
	return read(m, m.opening(q), func(p model.Page, _ error) tea.Cmd { return m.showOpening(q, p) })
}

func (m *Model) opening(q string) func(context.Context) (model.Page, error) {
	_, limit, _ := m.list.Window()
	req := model.ListRequest{Query: q, Inbox: true, Limit: max(limit, openingRows), Was: m.session.was}
	m.session.was = nil
	return func(ctx context.Context) (model.Page, error) { return m.be.Opening(ctx, req) }
}

// showOpening shows the first rows of a view, unless the list came first.
func (m *Model) showOpening(query string, p model.Page) tea.Cmd {
	q, err := m.query()
	if err != nil || q != query || len(p.Rows) == 0 || m.list.Loaded() {
		return nil
	}
	m.list.SetPage(p, model.Ref{})
	m.asOf, m.more = p.AsOf, p.Total < 0
	return m.cursorMoved()
}
