package ui

import (
	"slices"
	"time"

	"confab/model"
	"confab/ui/dialog"
	"confab/ui/keymap"
	"confab/ui/outbox"
	"confab/ui/theme"
)

// handTime is how fast a hand is: nobody has seen what appeared less than this before a key, and
// keys less than this apart are one burst.
const handTime = 200 * time.Millisecond

// hand knows what a key struck now can be about.
type hand struct {
	// drawn was under the cursor in the last view, since when (zero: moved there by the person);
	// chosen is where it was moved since.
	drawn, chosen model.Ref
	since         time.Time
	struck        time.Time // the last key
	// withheld says that a key of this burst was not carried out, so the next may be meant for
	// what it opens.
	withheld bool
	// changed is what an act changed last without asking.
	changed model.Ref

	// late are the overlays that wait for their turn; top opened last.
	late   []layer
	top    overlay
	opened time.Time
}

func (m *Model) under() model.Ref {
	if m.inDetail {
		return m.detail.Ref()
	}
	row, _ := m.list.Selected()
	return row.Conversation.Ref
}

func (m *Model) chose() { m.hand.chosen = m.under() }

// drew notes what a view shows under the cursor, unless an overlay hides it.
func (m *Model) drew() {
	if len(m.layers) == 0 && !m.tooSmall() {
		m.hand.since = m.underSince()
		m.hand.drawn, m.hand.chosen = m.under(), model.Ref{}
	}
}

// underSince returns since when it is under the cursor, zero where the person chose it.
func (m *Model) underSince() time.Time {
	switch m.under() {
	case m.hand.chosen:
		return time.Time{}
	case m.hand.drawn:
		return m.hand.since
	}
	return m.now()
}

// unseen says why an act that asks nothing would change what the person has not seen.
func (m *Model) unseen(in intent) string {
	switch {
	case !in.one:
	case m.now().Sub(in.since) < handTime:
		return name(in.row.Conversation) + " came under the cursor just now"
	case in.row.Conversation.Ref == m.hand.changed && (m.submitting > 0 || len(m.ops) > 0):
		return "the change of " + name(in.row.Conversation) + " before this one is still being kept"
	}
	return ""
}

func name(c model.Conversation) string {
	if title := model.CleanLine(c.Title, 60); title != "" {
		return `"` + title + `"`
	}
	return model.CleanLine(c.Ref.String(), 60)
}

func subject(in intent) string {
	if in.one {
		return name(in.row.Conversation)
	}
	return theme.Count(in.size(), "conversation")
}

// openLate opens an overlay that comes later than its key, once nothing is typed or answered.
func (m *Model) openLate(l layer) { m.hand.late = append(m.hand.late, l) }

func (m *Model) openWaiting() {
	for len(m.hand.late) > 0 && m.prompt == nil && m.mayCover(m.hand.late[0].from) {
		next := m.hand.late[0]
		m.hand.late = m.hand.late[1:]
		m.open(next)
		m.freshen(next.overlay)
	}
}

func (m *Model) mayCover(from overlay) bool {
	top, ok := m.onTop()
	if !ok || top.overlay == from {
		return true
	}
	switch top.overlay.(type) {
	case *outbox.Screen, *dialog.Results:
		return true
	}
	return false
}

func (m *Model) freshen(o overlay) { m.hand.top, m.hand.opened = o, m.now() }

// fresh reports whether an overlay came too late to be what a key is meant for.
func (m *Model) fresh(o overlay) bool {
	return o == m.hand.top && (m.hand.withheld || m.now().Sub(m.hand.opened) < handTime)
}

// beneath takes a key from before the overlay on top could be read. What moves the cursor or
// opens a prompt is carried out below; the overlay comes back after that.
func (m *Model) beneath(l layer, key string) {
	b, r := m.keys.Lookup(m.stack(), []string{key})
	h := m.handlers[b.Action]
	if r != keymap.Match || len(m.layers) > 1 || !h.moves && (!h.opens || m.hand.withheld) {
		m.hand.withheld = true
		return
	}
	m.closeOverlay(l.overlay)
	l.from = nil
	m.hand.late = slices.Insert(m.hand.late, 0, l)
	in := m.intent(b.Action)
	m.count, m.typed = 0, nil
	m.run(in)
}
