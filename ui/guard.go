package ui

import (
	"slices"
	"time"

	"confab/model"
	"confab/ui/keymap"
)

// reactionTime is the least time in which a person reacts to what appears on the screen. Keys less
// than this apart are one burst.
const reactionTime = 200 * time.Millisecond

// guard keeps a key from acting on a row or an overlay that appeared too late for the person to have seen it.
type guard struct {
	// drawn was under the cursor in the last frame; drawnSince is the time at which it came there by
	// itself, zero if the person moved the cursor there. moved is where the person moved it since that frame.
	drawn, moved model.Ref
	drawnSince   time.Time
	lastKey      time.Time
	// dropBurst drops the rest of this burst of keys, which may be meant for something that is not open.
	dropBurst bool
	// changed is the conversation that an act last changed without asking.
	changed model.Ref
}

func (m *Model) currentRef() model.Ref {
	if m.inDetail {
		return m.detail.Ref()
	}
	row, _ := m.list.Selected()
	return row.Conversation.Ref
}

func (m *Model) noteCursorMove() { m.guard.moved = m.currentRef() }

// noteDrawn records which conversation a frame shows under the cursor, unless an overlay hides it.
func (m *Model) noteDrawn() {
	if len(m.layers) == 0 && !m.tooSmall() {
		m.guard.drawnSince = m.rowShownSince()
		m.guard.drawn, m.guard.moved = m.currentRef(), model.Ref{}
	}
}

// rowShownSince returns the time at which the row came under the cursor by itself, or the zero time if the person moved there.
func (m *Model) rowShownSince() time.Time {
	switch m.currentRef() {
	case m.guard.moved:
		return time.Time{}
	case m.guard.drawn:
		return m.guard.drawnSince
	}
	return m.now()
}

// unseenReason returns why an act that doesn't ask could change something the person has not seen, "" if it couldn't.
func (m *Model) unseenReason(in intent) string {
	switch {
	case !in.single:
	case m.now().Sub(in.since) < reactionTime:
		return nameOf(in.row.Conversation) + " came under the cursor just now"
	case in.row.Conversation.Ref == m.guard.changed && (m.submitting > 0 || len(m.ops) > 0):
		return "the change of " + nameOf(in.row.Conversation) + " before this one is still being kept"
	}
	return ""
}

// openedJustNow reports whether an overlay opened too late for the next key to be meant for it.
func (m *Model) openedJustNow(o overlay) bool {
	return o == m.opened && (m.guard.dropBurst || m.now().Sub(m.openedAt) < reactionTime)
}

// keyBelow handles a key that was typed before the overlay on top could be read. A key that moves the
// cursor or opens a prompt acts below the overlay, which opens again after it; any other key is dropped.
func (m *Model) keyBelow(l layer, key string) {
	b, r := m.keys.Lookup(m.stack(), []string{key})
	h := m.handlers[b.Action]
	if r != keymap.Match || len(m.layers) > 1 || !h.moves && (!h.opens || m.guard.dropBurst) {
		m.guard.dropBurst = true
		return
	}
	m.closeOverlay(l.overlay)
	l.from = nil
	m.queued = slices.Insert(m.queued, 0, l)
	in := m.intent(b.Action)
	m.count, m.typed = 0, nil
	m.run(in)
}
