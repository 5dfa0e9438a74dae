package ui

import (
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/dialog"
	"confab/ui/keymap"
	"confab/ui/outbox"
	"confab/ui/theme"
)

// handTime is how fast a hand is. A row that came under the cursor, or a dialog
// that opened by itself, less than this ago was not seen by who struck the key;
// keys less than this apart are one burst.
const handTime = 200 * time.Millisecond

// hand knows what a key struck now can be about.
type hand struct {
	// drawn is the conversation under the cursor in the last view. since is when
	// it came there, zero where the person moved the cursor to it.
	drawn model.Ref
	since time.Time
	// chosen is where the person has just moved the cursor, not drawn yet.
	chosen model.Ref
	struck time.Time // the last key
	// withheld says that a key of this burst was not carried out, so that the
	// keys after it may be meant for something else than they would do.
	withheld bool
	// changed is the conversation that an act changed last without asking.
	changed model.Ref

	// late are the overlays that wait for their turn to open; top is the one that
	// was opened last, at opened.
	late   []layer
	top    overlay
	opened time.Time
}

// under gives the conversation that a key is about, zero while it is not there yet.
func (m *Model) under() model.Ref {
	if m.screen == screenDetail {
		return m.detail.Ref()
	}
	row, _ := m.list.Selected()
	return row.Conversation.Ref
}

// chose notes that the person moved the cursor to where it is.
func (m *Model) chose() { m.hand.chosen = m.under() }

// drew notes what a view shows under the cursor. Behind an overlay nothing is
// looked at.
func (m *Model) drew() {
	if len(m.layers) > 0 || m.tooSmall() {
		return
	}
	ref := m.under()
	switch {
	case ref == m.hand.chosen && !ref.IsZero():
		m.hand.since = time.Time{}
	case ref != m.hand.drawn:
		m.hand.since = m.now()
	}
	m.hand.drawn, m.hand.chosen = ref, model.Ref{}
}

// underSince tells when the conversation under the cursor came there, zero where
// the person chose it.
func (m *Model) underSince() time.Time {
	switch m.under() {
	case m.hand.chosen:
		return time.Time{}
	case m.hand.drawn:
		return m.hand.since
	}
	return m.now()
}

// strike notes a key and tells whether it belongs to a burst of which a key was
// withheld.
func (m *Model) strike() (held bool) {
	now := m.now()
	if now.Sub(m.hand.struck) >= handTime {
		m.hand.withheld = false
	}
	m.hand.struck = now
	return m.hand.withheld
}

// slid reports whether the row of an intent came under the cursor so short ago
// that the key was struck for the row before it.
func (m *Model) slid(in intent) bool { return in.one && m.now().Sub(in.since) < handTime }

// unseen says why an act that asks nothing would change what the person has not
// seen yet, "" where it would not: the row slid in, or a change of it that was
// struck before is still on its way to the disk and the screen.
func (m *Model) unseen(in intent) string {
	switch {
	case m.slid(in):
		return name(in.row.Conversation) + " came under the cursor just now"
	case in.one && in.row.Conversation.Ref == m.hand.changed && (m.submitting > 0 || len(m.ops) > 0):
		return "the change of " + name(in.row.Conversation) + " before this one is still being kept"
	}
	return ""
}

// withhold says that nothing was done, and why.
func (m *Model) withhold(why string) {
	m.hand.withheld = true
	m.say(theme.Warning, "nothing was done: "+why)
}

// name is what a conversation is called in a sentence.
func name(c model.Conversation) string {
	if title := model.CleanLine(c.Title, 60); title != "" {
		return `"` + title + `"`
	}
	return model.CleanLine(c.Ref.String(), 60)
}

// subject names what an intent is about.
func subject(in intent) string {
	if in.one {
		return name(in.row.Conversation)
	}
	return theme.Count(in.size(), "conversation")
}

// openLate opens an overlay that comes later than its key: over what asked for
// it, and else once nothing is being typed or answered.
func (m *Model) openLate(l layer) { m.hand.late = append(m.hand.late, l) }

// openWaiting opens the overlays whose turn has come.
func (m *Model) openWaiting() {
	for len(m.hand.late) > 0 && m.prompt == nil && m.mayCover(m.hand.late[0].from) {
		next := m.hand.late[0]
		m.hand.late = m.hand.late[1:]
		m.open(next)
		m.freshen(next.overlay)
	}
}

// mayCover reports whether a late overlay may lie over what is on top now.
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

// freshen begins the time in which an overlay takes no answer.
func (m *Model) freshen(o overlay) { m.hand.top, m.hand.opened = o, m.now() }

// fresh reports whether an overlay came too short ago, or amid a burst of which
// a key was withheld, to be what a key is meant for.
func (m *Model) fresh(o overlay) bool {
	return o == m.hand.top && (m.hand.withheld || m.now().Sub(m.hand.opened) < handTime)
}

// beneath takes a key that was struck before the overlay on top could be read.
// What moves the cursor or opens a prompt is meant for the screen; the overlay
// then comes back once the prompt is closed. Nothing else is carried out.
func (m *Model) beneath(l layer, key string) tea.Cmd {
	b, r := m.keys.Lookup(m.stack(), []string{key})
	h := m.handlers[b.Action]
	if r != keymap.Match || len(m.layers) > 1 || !h.moves && (!h.opens || m.hand.withheld) {
		m.hand.withheld = true
		return nil
	}
	m.closeOverlay(l.overlay)
	l.from = nil
	m.hand.late = slices.Insert(m.hand.late, 0, l)
	in := m.intent(b.Action)
	m.count, m.typed = 0, nil
	return m.run(in)
}
