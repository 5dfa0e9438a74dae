package ui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/dialog"
)

// pages is the state of reading the list. Only the newest read counts.
type pages struct {
	gen         int
	busy, again bool
	// fresh says that another list than the one shown is being read, stale that its rows may be older
	// than a key, slow that it takes long enough to say so.
	fresh, stale, slow bool
	cancel             context.CancelFunc
}

// reload reads the window of the list. A fresh read replaces the one going on; any other comes after it.
func (m *Model) reload(fresh bool) {
	q, err := m.query()
	if err != nil || !fresh && m.savingTriage() {
		return // a wrong query leaves the list as it was; triaged reads it
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
	read(m.loop, func(context.Context) (model.Page, error) { return m.be.List(ctx, req) }, func(page model.Page, err error) {
		if gen == m.pages.gen {
			m.pageArrived(page, req.Anchor, err)
		}
	})
	if fresh || !m.indexed || m.list.Blank() { // otherwise the rows in sight are good enough
		m.schedule(progressTime, func() { m.pages.slow = m.pages.slow || m.pages.busy && gen == m.pages.gen })
	}
}

func (m *Model) readingText() string {
	if !m.pages.slow || !m.pages.fresh && !m.toEnd && !m.list.Blank() {
		return ""
	}
	return "reading the list" + m.th.Ellipsis
}

func (m *Model) pageArrived(page model.Page, anchor model.Ref, err error) {
	m.pages.busy, m.pages.slow = false, false
	fresh := m.pages.fresh
	switch {
	case m.pages.stale || m.savingTriage() && !fresh:
		// The rows may be older than a triage mark that is being written.
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
	m.overlayTriages(&page)
	m.list.SetPage(page, anchor)
	m.asOf, m.more, m.indexed = time.Time{}, page.Partial, true
	m.countHidden()
	if p := m.prompt; p != nil && p.typing && p.kind == promptFilter && m.list.Total() != total {
		m.readOffers() // the screen is redrawn anyway, so waiting would save no bytes
	}
	if fresh {
		m.findNearest()
	}
	if m.toEnd && !m.more {
		m.toEnd = false
		m.list.MoveTo(m.list.Total() - 1)
		m.noteCursorMove()
	}
	if page.Partial {
		m.reload(false)
	}
	again := m.pages.again
	if again {
		m.pages.again = false
		gen := m.pages.gen
		m.schedule(newsTime, func() {
			if gen == m.pages.gen {
				m.reload(false)
			}
		})
	}
	m.updateDetail(first || m.list.Ref() != before, again)
}

// updateDetail brings the detail view up to date with a new page. moved says that the cursor is on
// another conversation, again that another page is about to be read.
func (m *Model) updateDetail(moved, again bool) {
	ref := m.detail.Ref()
	row, listed := m.list.Row(ref)
	if listed {
		m.showRow(row)
	}
	if !again {
		if !listed && m.staleDetail == ref && !ref.IsZero() {
			m.readRow(ref)
		}
		m.staleDetail = model.Ref{}
	}
	if m.openWhenRead && m.inDetail {
		m.openSelected()
	}
	switch {
	case m.inDetail:
	case m.list.Total() == 0:
		m.detail.Clear() // no rest: the previewed conversation is not in the result
	case moved:
		// No rest: these rows came from a read, not from a held key.
		m.restGen++
		m.moving = false
		m.updatePreview()
	case m.detail.Ref() != m.list.Ref():
		m.previewAfterRest()
	}
}

func (m *Model) recount() {
	if !m.counts.begin() {
		return
	}
	queries := m.tabQueries()
	read(m.loop, bind(m.be.Counts, queries), func(counts []int, err error) {
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
	read(m.loop, func(ctx context.Context) (p model.Page, err error) {
		if wrong != nil {
			return p, wrong // List reports it
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
		if background := m.opts.Background; background != nil {
			m.do(func() tea.Msg { background(); return nil })
		}
		m.noteSwept()
		m.reload(!m.list.Loaded())
		m.recount()
	})
}

func (m *Model) opening(q string) func(context.Context) (model.Page, error) {
	_, limit, _ := m.list.Window()
	req := model.ListRequest{Query: q, Inbox: true, Limit: max(limit, openingRows), Was: m.session.previous}
	m.session.previous = nil
	return bind(m.be.Opening, req)
}

// showOpening shows the first rows of a view, unless List has answered by then.
func (m *Model) showOpening(query string, p model.Page) {
	if q, err := m.query(); err == nil && q == query && len(p.Rows) > 0 && !m.list.Loaded() {
		m.list.SetPage(p, model.Ref{})
		m.asOf, m.more = p.AsOf, p.Total < 0
		m.previewAfterRest()
	}
}

// waitForNews waits for an announcement of the engine, and handles it with those that came by then.
func (m *Model) waitForNews(ch <-chan model.Event) {
	m.do(func() tea.Msg {
		var events []model.Event
		var e model.Event
		var open bool
		select {
		case e, open = <-ch:
		case <-m.ctx.Done():
		}
		for open {
			events = append(events, e)
			select {
			case e, open = <-ch:
			default:
				return after(func() {
					m.waitForNews(ch)
					m.news(events)
				})
			}
		}
		return after(func() { m.news(events) })
	})
}

func (m *Model) news(events []model.Event) {
	for _, e := range events {
		m.newsOf(e)
	}
	if m.noteSwept() {
		m.reload(false)
	}
	m.rereadIfErrorsChanged()
	m.quitIfDelivered()
	m.readUndecided()
}

func (m *Model) newsOf(e model.Event) {
	if e.All || len(e.Refs) > 0 {
		m.reload(false)
		m.recount()
	}
	if e.All {
		m.reloadOutbox()
	} else if len(e.Submissions) > 0 {
		m.refreshOutbox(e.Submissions, e.Refs)
	}
	f, refs := &m.followed, e.Refs
	named := slices.Contains(e.Submissions, f.id)
	if findOverlay[*dialog.Results](m.overlays) != nil && (e.All || len(e.Submissions) > 0) {
		if !named { // an edit may wait for an edit of another submission
			refs = f.edits.On(refs)
		}
		f.news.announced(refs, named)
		f.news.all = f.news.all || e.All
		named = named || len(refs) > 0
	}
	if e.All || named {
		m.readFollowed()
	}
	if shown := m.detail.Ref(); !shown.IsZero() && (e.All || slices.Contains(e.Refs, shown)) {
		if _, wrong := m.query(); wrong != nil {
			m.readRow(shown) // a wrong query keeps the list from being read
		} else {
			m.staleDetail = shown
		}
		m.readActivity(shown)
	}
}

// noteSwept reports whether an account was walked completely since the last call: the rows show when
// they were last checked.
func (m *Model) noteSwept() bool {
	before := m.swept
	for _, a := range m.accounts() {
		if a.Swept.After(m.swept) {
			m.swept = a.Swept
		}
	}
	return !m.swept.Equal(before)
}

// rereadIfErrorsChanged reads the submissions on screen again when an account begins or stops to
// fail, or is tried at another time: no announcement names the edits that wait for the account.
func (m *Model) rereadIfErrorsChanged() {
	var now strings.Builder
	for _, a := range m.accounts() {
		if a.Error != nil {
			fmt.Fprintf(&now, "%s %s %s %s\n", a.Name, a.Error.Kind, a.Error.Message, a.NextTry)
		}
	}
	if now.String() != m.accountErrors {
		m.accountErrors = now.String()
		m.followed.news.all = true
		m.readFollowed()
		m.reloadOutbox()
	}
}
