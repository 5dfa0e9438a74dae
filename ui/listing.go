package ui

import (
	"context"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/model/query"
	"confab/ui/list"
	"confab/ui/theme"
)

// listing is the list on the screen: the rows of the open view, and the reading of them.
type listing struct {
	*overlays
	views
	list.List
	triages *triages
	pages   pages
	counts  reader
	near    nearestQuery
	// asOf is when the shown rows were current; zero for rows that were read in this run.
	asOf time.Time
	// more says that the list is longer than its count; toEnd that the cursor goes to its end once the end is known.
	more, toEnd bool
	indexed     bool      // List has answered at least once
	swept       time.Time // the newest complete walk of an account that the shown rows reflect
	clearing    bool      // the filter is cleared once its result shows which conversation the cursor stays on
	hiddenGen   int
	previous    *model.Session // the session that this run goes back to, until its rows are shown

	// The root is told when a page arrived, when the cursor is on another conversation, and when near was found.
	arrived       func(arrival)
	moved, nearer func()
}

// arrival says what a page changed: how many rows there are, that the cursor went to the end of the list, or that it
// is on another conversation; again says that another page is about to be read.
type arrival struct{ resized, toEnd, moved, again bool }

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
func (l *listing) reload(fresh bool) {
	if !fresh && l.triages.saving() {
		return // triage reads it once all is written
	}
	if l.pages.busy && !fresh {
		l.pages.again = true
		return
	}
	if l.pages.cancel != nil {
		l.pages.cancel()
	}
	ctx, cancel := context.WithCancel(l.ctx)
	gen := l.pages.gen + 1
	l.pages = pages{gen: gen, busy: true, fresh: fresh, stale: l.pages.stale, cancel: cancel}
	offset, limit, _ := l.Window()
	req := model.ListRequest{Query: l.query(), Inbox: true, Offset: offset, Limit: limit, Anchor: l.Anchor(), Partial: fresh}
	read(l.loop, func(context.Context) (model.Page, error) { return l.be.List(ctx, req) }, func(page model.Page, err error) {
		if gen == l.pages.gen {
			l.pageArrived(page, err)
		}
	})
	if fresh || !l.indexed || l.Blank() { // otherwise the rows in sight are good enough
		l.schedule(progressTime, func() { l.pages.slow = l.pages.slow || l.pages.busy && gen == l.pages.gen })
	}
}

// countText returns how many rows there are: "12", or "1,000+" while that is not known.
func (l *listing) countText() string { return theme.Number(l.Total()) + theme.Pick(l.more, "+", "") }

// positionText returns where the cursor is: "3/12", and the time from which the rows are if that is not now.
func (l *listing) positionText() string {
	if c := l.Cursor(); c >= 0 {
		return theme.Number(c+1) + "/" + l.countText() + theme.Around(" as of ", theme.When(l.asOf, l.now()), "")
	}
	return theme.Pick(l.Loaded(), "0", "")
}

// place returns where the person is, false while that is not known.
func (l *listing) place() (p place, known bool) {
	t := l.currentTab()
	p = place{l.tab, t.filter, t.order, l.Ref()}
	return p, l.Loaded() && (l.Total() == 0 || !p.at.IsZero())
}

// session returns where the person is, with the rows in memory, for the next start.
func (l *listing) session() model.Session {
	t := l.currentTab()
	rows, offset, top := l.Showing()
	s := model.Session{View: t.Name, Filter: t.filter, Order: t.order, At: l.Ref(), Index: max(0, l.Cursor()), Top: top,
		Offset: offset, Total: l.Total(), Seen: l.now()}
	for i := range rows {
		s.Keys = append(s.Keys, rows[i].Key)
	}
	return s
}

// goBackTo goes to where an earlier session was, and reports false if there is no such view or it is where one starts.
func (l *listing) goBackTo(was model.Session) bool {
	i := slices.IndexFunc(l.tabs, func(t tab) bool { return t.Name == was.View })
	if i < 0 || i == 0 && was.Filter == "" && was.Order == "" && was.Index == 0 {
		return false
	}
	if _, err := combine(l.tabs[i].Query, was.Filter, was.Order); err != nil {
		return false
	}
	l.tab, l.tabs[i].filter, l.tabs[i].order = i, was.Filter, was.Order
	l.ResetTo(was.At, was.Index, was.Top)
	l.previous = &was
	return true
}

// toLast moves the cursor to the end, which may have to be read first.
func (l *listing) toLast() {
	l.MoveTo(l.Total() - 1)
	l.toEnd = l.more
}

// readMissing reads the rows that the list lacks.
func (l *listing) readMissing() {
	if _, _, missing := l.Window(); missing && !l.pages.busy && l.h > 0 && l.Loaded() {
		l.reload(false)
	}
}

// outdate has the rows that are being read read again: they may be older than a key.
func (l *listing) outdate() { l.pages.stale = l.pages.busy }

func (l *listing) readingText() string {
	if !l.pages.slow || !l.pages.fresh && !l.toEnd && !l.Blank() {
		return ""
	}
	return "reading the list" + l.th.Ellipsis
}

func (l *listing) pageArrived(page model.Page, err error) {
	l.pages.busy, l.pages.slow = false, false
	fresh := l.pages.fresh
	switch {
	case l.pages.stale || l.triages.saving() && !fresh:
		// The rows may be older than a triage mark that is being written.
		l.pages.stale = false
		l.reload(fresh)
		return
	case l.clearing:
		if err == nil {
			l.SetPage(page)
		}
		l.clearFilter()
		return
	case err != nil:
		l.fail("read the list", err)
		l.readAgain()
		return
	}
	first, before, total := !l.Loaded(), l.Ref(), l.Total()
	l.triages.overlay(&page)
	l.SetPage(page)
	l.asOf, l.more, l.indexed = time.Time{}, page.Partial, true
	l.countHidden()
	if fresh {
		l.findNearest()
	}
	toEnd := l.toEnd && !l.more
	if toEnd {
		l.toEnd = false
		l.MoveTo(l.Total() - 1)
	}
	if page.Partial {
		l.reload(false)
	}
	l.arrived(arrival{resized: l.Total() != total, toEnd: toEnd, moved: first || l.Ref() != before, again: l.readAgain()})
}

// readAgain reads the list once more if that was asked for during the read that ended, and reports whether it was.
func (l *listing) readAgain() bool {
	if gen := l.pages.gen; l.pages.again {
		l.schedule(newsTime, func() {
			if gen == l.pages.gen {
				l.reload(false)
			}
		})
	}
	return l.pages.again
}

func (l *listing) recount() {
	if !l.counts.begin() {
		return
	}
	queries := l.tabQueries()
	read(l.loop, bind(l.be.Counts, queries), func(counts []int, err error) {
		for i, n := range counts {
			if err == nil && i < len(l.tabs) && l.tabs[i].Query == queries[i] {
				l.tabs[i].count = n
			}
		}
		l.ended(&l.counts, l.recount)
	})
}

// start shows the list and the counts as they were last, then reads them.
func (l *listing) start() {
	queries := l.tabQueries()
	q := l.query()
	opening := l.opening(q)
	var counts []int
	read(l.loop, func(ctx context.Context) (p model.Page, err error) {
		if p, err = opening(ctx); err != nil {
			return p, err
		}
		for _, q := range queries {
			tab, err := l.be.Opening(ctx, model.ListRequest{Query: q, Inbox: true})
			if err != nil {
				tab.Total = -1
			}
			counts = append(counts, tab.Total)
		}
		return p, nil
	}, func(p model.Page, _ error) {
		for i, n := range counts {
			if i < len(l.tabs) && l.tabs[i].count < 0 {
				l.tabs[i].count = n
			}
		}
		l.showOpening(q, p)
		if background := l.opts.Background; background != nil {
			l.do(func() tea.Msg { background(); return nil })
		}
		l.noteSwept()
		l.reload(!l.Loaded())
		l.recount()
	})
}

func (l *listing) opening(q string) func(context.Context) (model.Page, error) {
	_, limit, _ := l.Window()
	req := model.ListRequest{Query: q, Inbox: true, Limit: max(limit, openingRows), Was: l.previous}
	l.previous = nil
	return bind(l.be.Opening, req)
}

// showOpening shows the first rows of a view, unless List has answered by then.
func (l *listing) showOpening(query string, p model.Page) {
	if l.query() == query && len(p.Rows) > 0 && !l.Loaded() {
		l.SetPage(p)
		l.asOf, l.more = p.AsOf, p.Total < 0
		l.moved()
	}
}

// noteSwept reports whether an account was walked completely since the last call: the rows show when
// they were last checked.
func (l *listing) noteSwept() bool {
	before := l.swept
	for _, a := range l.accounts() {
		if a.Swept.After(l.swept) {
			l.swept = a.Swept
		}
	}
	return !l.swept.Equal(before)
}

// nearestQuery is the query nearest to a filter that finds nothing in a view, as a completion; "" if there is none.
type nearestQuery struct {
	view, filter string
	query.Completion
}

// nearest returns the query nearest to the filter of this view, the zero value unless the filter finds nothing.
func (l *listing) nearest() query.Completion {
	return theme.Pick(l.findsNothing(l.near), l.near.Completion, query.Completion{})
}

func (l *listing) findsNothing(n nearestQuery) bool {
	t := l.currentTab()
	return n.filter == t.filter && n.view == t.Query && l.Loaded() && l.Total() == 0
}

func (l *listing) findNearest() {
	n := nearestQuery{view: l.currentTab().Query, filter: l.currentTab().filter}
	wanted := func() bool { return n.filter != "" && l.findsNothing(n) && !l.more }
	if !wanted() {
		return
	}
	l.schedule(restTime, func() {
		if !wanted() {
			return
		}
		read(l.loop, func(ctx context.Context) (text string, err error) {
			text, n.Count, err = l.be.Nearest(ctx, n.view, n.filter, true)
			return text, err
		}, func(text string, _ error) {
			if wanted() {
				n.Text, n.End, n.Help = model.CleanLine(text, 0), len(n.filter), "nearest"
				l.near = n
				l.nearer()
			}
		})
	})
}

// complete passes completions of a query to take: at first without the engine, if that is still reading its index.
func (l *listing) complete(text string, cursor int, take func(list []query.Completion, more bool, err error)) {
	if !l.indexed {
		take(query.Complete(text, cursor, nil), true, nil)
	}
	read(l.loop, bind2(l.be.Complete, text, cursor), func(list []query.Completion, err error) { take(list, false, err) })
}
