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
	gen         int
	busy, again bool
	// fresh reads another list than the one shown; stale may be older than a key; slow says so.
	fresh, stale, slow bool
	cancel             context.CancelFunc
}

// reload reads the window again. A fresh list replaces what is being read, else it waits.
func (m *Model) reload(fresh bool) {
	if m.be == nil {
		return
	}
	q, err := m.query()
	if err != nil || !fresh && m.keepingMarks() {
		return // what was good last stays, or it is read again once the marks are kept
	}
	if m.pages.busy && !fresh {
		m.pages.again = true
		return
	}
	if m.pages.cancel != nil {
		m.pages.cancel()
	}
	ctx, cancel := context.WithCancel(m.ctx)
	gen := m.pages.gen + 1
	m.pages = pages{gen: gen, busy: true, fresh: fresh, stale: m.pages.stale, cancel: cancel}
	offset, limit, _ := m.list.Window()
	req := model.ListRequest{Query: q, Inbox: true, Offset: offset, Limit: limit, Anchor: m.list.Anchor(), Partial: fresh}
	read(m, func(context.Context) (model.Page, error) { return m.be.List(ctx, req) }, func(page model.Page, err error) {
		if gen == m.pages.gen {
			m.pageCame(page, req.Anchor, err)
		}
	})
	if fresh || !m.indexed || m.list.Blank() { // else what is in sight is what was read last
		m.soon(progressTime, func() { m.pages.slow = m.pages.slow || m.pages.busy && gen == m.pages.gen })
	}
}

func (m *Model) reading() string {
	if !m.pages.slow || !m.pages.fresh && !m.toEnd && !m.list.Blank() {
		return ""
	}
	return "reading the list" + m.th.Ellipsis
}

func (m *Model) pageCame(page model.Page, anchor model.Ref, err error) {
	m.pages.busy, m.pages.slow = false, false
	fresh := m.pages.fresh
	switch {
	case m.pages.stale || m.keepingMarks() && !fresh:
		// It may show what a key has changed since: the marks come first.
		m.pages.stale = false
		m.reload(fresh)
		return
	case m.clearing:
		if err == nil {
			m.list.SetPage(page, anchor)
		}
		m.clearFilter()
		return
	case err != nil:
		if !errors.Is(err, m.ctx.Err()) || m.ctx.Err() == nil {
			m.fail("read the list", err)
		}
		return
	}
	first, before, total := !m.list.Loaded(), m.list.Ref(), m.list.Total()
	m.layTriages(&page)
	m.list.SetPage(page, anchor)
	m.asOf, m.more, m.indexed = time.Time{}, page.Partial, true
	m.countHidden()
	if p := m.prompt; p != nil && p.typing && p.kind == promptFilter && m.list.Total() != total {
		m.offer() // with other rows on screen, there is nothing to save by waiting
	}
	if fresh {
		m.seekNearest()
	}
	if m.toEnd && !m.more {
		m.toEnd = false
		m.list.MoveTo(m.list.Total() - 1)
		m.chose()
	}
	if page.Partial {
		m.reload(false)
	}
	again := m.pages.again
	if again {
		m.pages.again = false
		gen := m.pages.gen
		m.soon(newsTime, func() {
			if gen == m.pages.gen {
				m.reload(false)
			}
		})
	}
	m.detailFollows(first || m.list.Ref() != before, again)
}

// detailFollows brings the detail view up to date with a page; again says another is about to be read.
func (m *Model) detailFollows(moved, again bool) {
	ref := m.detail.Ref()
	row, listed := m.list.Row(ref)
	if listed {
		m.show(row)
	}
	if !again {
		if !listed && m.moved == ref && !ref.IsZero() {
			m.readRow(ref)
		}
		m.moved = model.Ref{}
	}
	if m.follow && m.inDetail {
		m.openSelected()
	}
	switch {
	case m.inDetail:
	case m.list.Total() == 0:
		m.detail.Clear() // at once: what is previewed is no result
	case moved:
		// With the rows, not after a rest: no key is held that would pass them by.
		m.rest++
		m.moving = false
		m.showIfPreview()
	case m.detail.Ref() != m.list.Ref():
		m.cursorMoved()
	}
}

func (m *Model) recount() {
	if m.be == nil || !m.counts.begin() {
		return
	}
	queries := m.tabQueries()
	read(m, with(m.be.Counts, queries), func(counts []int, err error) {
		for i, n := range counts {
			if err == nil && i < len(m.tabs) && m.tabs[i].Query == queries[i] {
				m.tabs[i].count = n
			}
		}
		m.ended(&m.counts, m.recount)
	})
}

func (m *Model) tabQueries() []string {
	queries := make([]string, len(m.tabs))
	for i, t := range m.tabs {
		queries[i] = t.Query
	}
	return queries
}

// start shows the list and the counts as they were last, then reads them.
func (m *Model) start() {
	queries := m.tabQueries()
	q, wrong := m.query()
	opening := m.opening(q)
	var counts []int
	read(m, func(ctx context.Context) (p model.Page, err error) {
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
	}, func(p model.Page, _ error) {
		for i, n := range counts {
			if i < len(m.tabs) && m.tabs[i].count < 0 {
				m.tabs[i].count = n
			}
		}
		m.showOpening(q, p)
		if ready := m.opts.Background; ready != nil {
			m.do(func() tea.Msg { ready(); return nil })
		}
		m.walkedSince()
		m.reload(!m.list.Loaded())
		m.recount()
	})
}

func (m *Model) reopen() {
	if q, err := m.query(); err == nil && !m.indexed {
		read(m, m.opening(q), func(p model.Page, _ error) { m.showOpening(q, p) })
	}
}

func (m *Model) opening(q string) func(context.Context) (model.Page, error) {
	_, limit, _ := m.list.Window()
	req := model.ListRequest{Query: q, Inbox: true, Limit: max(limit, openingRows), Was: m.session.was}
	m.session.was = nil
	return with(m.be.Opening, req)
}

// showOpening shows the first rows of a view, unless the list came first.
func (m *Model) showOpening(query string, p model.Page) {
	if q, err := m.query(); err == nil && q == query && len(p.Rows) > 0 && !m.list.Loaded() {
		m.list.SetPage(p, model.Ref{})
		m.asOf, m.more = p.AsOf, p.Total < 0
		m.cursorMoved()
	}
}
