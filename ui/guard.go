package ui

import (
	"time"

	"confab/model"
)

// reactionTime is the least time in which a person reacts to what appears on the screen. Keys less
// than this apart are one burst.
const reactionTime = 200 * time.Millisecond

// guard keeps a key from acting on a row or an overlay that appeared too late for the person to have seen it.
type guard struct {
	*overlays
	list   *listing
	detail *conversation
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

// current returns the conversation under the cursor, or the open one.
func (g *guard) current() model.Ref {
	if g.inDetail {
		return g.detail.Ref()
	}
	row, _ := g.list.Selected()
	return row.Conversation.Ref
}

func (g *guard) noteMove() { g.moved = g.current() }

// noteDrawn records which conversation a frame shows under the cursor, unless an overlay hides it.
func (g *guard) noteDrawn() {
	if !g.covered() && !g.tooSmall() {
		g.drawnSince = g.shownSince()
		g.drawn, g.moved = g.current(), model.Ref{}
	}
}

// shownSince returns the time at which the row came under the cursor by itself, or the zero time if the person moved there.
func (g *guard) shownSince() time.Time {
	switch g.current() {
	case g.moved:
		return time.Time{}
	case g.drawn:
		return g.drawnSince
	}
	return g.now()
}

// withhold returns why an act that doesn't ask could change something the person has not seen, "" if it couldn't.
func (g *guard) withhold(in intent) (why string) {
	defer func() {
		if g.drop(why != ""); why == "" {
			g.changed = in.row.Conversation.Ref
		}
	}()
	switch {
	case !in.single:
	case g.now().Sub(in.since) < reactionTime:
		return "this row came under the cursor just now: " + nameOf(in.row.Conversation)
	case in.row.Conversation.Ref == g.changed && (g.submitting > 0 || len(g.ops) > 0):
		return "the change before this one is still being kept: " + nameOf(in.row.Conversation)
	}
	return ""
}

// begin notes a key, which begins another burst if the last one was long enough ago.
func (g *guard) begin(now time.Time) {
	g.dropBurst = g.dropBurst && now.Sub(g.lastKey) < reactionTime
	g.lastKey = now
}

// drop drops the rest of this burst of keys if they are meant for something else.
func (g *guard) drop(wrong bool) { g.dropBurst = g.dropBurst || wrong }

// drops reports whether a key belongs to a burst that is dropped.
func (g *guard) drops(name string) bool { return g.dropBurst && name != "esc" }

// openedJustNow reports whether an overlay opened too late for the next key to be meant for it.
func (g *guard) openedJustNow(o overlay) bool {
	return o == g.opened && (g.dropBurst || g.now().Sub(g.openedAt) < reactionTime)
}
