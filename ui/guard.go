package ui

import (
	"slices"
	"time"

	"confab/model"
	"confab/ui/dialog"
	"confab/ui/keymap"
	"confab/ui/outbox"
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

	// queued are overlays that open when the person is done with what is open; opened is the newest of them.
	queued   []layer
	opened   overlay
	openedAt time.Time
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

// openWhenFree opens an overlay that was not ready at once, as soon as nothing is being typed or answered.
func (m *Model) openWhenFree(l layer) { m.guard.queued = append(m.guard.queued, l) }

func (m *Model) openQueued() {
	for len(m.guard.queued) > 0 && m.prompt == nil && m.mayCover(m.guard.queued[0].from) {
		next := m.guard.queued[0]
		m.guard.queued = m.guard.queued[1:]
		m.open(next)
		m.noteOpened(next.overlay)
	}
}

func (m *Model) mayCover(from overlay) bool {
	switch top := m.onTop().overlay; top.(type) {
	case nil, *outbox.Screen, *dialog.Results:
		return true
	default:
		return top == from
	}
}

func (m *Model) noteOpened(o overlay) { m.guard.opened, m.guard.openedAt = o, m.now() }

// openedJustNow reports whether an overlay opened too late for the next key to be meant for it.
func (m *Model) openedJustNow(o overlay) bool {
	return o == m.guard.opened && (m.guard.dropBurst || m.now().Sub(m.guard.openedAt) < reactionTime)
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
	m.guard.queued = slices.Insert(m.guard.queued, 0, l)
	in := m.intent(b.Action)
	m.count, m.typed = 0, nil
	m.run(in)
}
