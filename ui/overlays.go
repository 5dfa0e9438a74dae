package ui

import (
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"confab/ui/dialog"
	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/outbox"
	"confab/ui/theme"
)

// overlay is a part that is drawn over the screen. The one on top receives the input.
//
// Update receives a tea.KeyPressMsg, tea.PasteMsg, layout.Wheel, layout.Click, or the answer to an
// earlier request. It returns a request to the inbox: nil, a keymap.Action, or a type of its own
// package. keymap.Back closes the overlay.
type overlay interface {
	Update(msg tea.Msg) (asks any)
	Draw(th *theme.Theme, screen layout.Rect) layout.Picture
}

// Optional methods of an overlay.
type (
	// complainer shows by itself what is wrong with its input.
	complainer interface{ Complain(why string) }
	// answerer covers the message line, and shows the message by itself.
	answerer interface {
		Answer(look theme.Token, text string)
	}
)

// layer is an overlay that is open or queued.
type layer struct {
	overlay
	// handle receives the requests of the overlay; nil if it makes none.
	handle func(asks any)
	// refresh updates the overlay before it is drawn; nil for nothing to update.
	refresh func()
	// draft is the key under which its input is kept, "" for none; recorded is the input kept last.
	draft, recorded string
	// from is the overlay that asked for this one, nil for none.
	from overlay
}

// overlays are the open overlays, and those that open when the person is done with what is open.
type overlays struct {
	*loop
	layers   []layer
	queued   []layer
	opened   overlay // the newest that was queued
	openedAt time.Time
	ops      []*operation // the oldest first
	drafts   *drafts
}

func (o *overlays) open(l layer) {
	o.typed = nil
	o.layers = append(o.layers, l)
}

func (o *overlays) layerOf(it overlay) int {
	return slices.IndexFunc(o.layers, func(l layer) bool { return l.overlay == it })
}

// onTop returns the topmost layer; its overlay is nil if none is open.
func (o *overlays) onTop() (l layer) {
	if n := len(o.layers); n > 0 {
		l = o.layers[n-1]
	}
	return l
}

// covered reports whether an overlay is open.
func (o *overlays) covered() bool { return len(o.layers) > 0 }

// findOverlay returns the open overlay of a type, nil if there is none.
func findOverlay[T overlay](o *overlays) (found T) {
	for _, l := range o.layers {
		if it, ok := l.overlay.(T); ok {
			return it
		}
	}
	return found
}

// closeOverlay closes an overlay, or keeps a queued one from opening.
func (o *overlays) closeOverlay(it overlay) {
	o.typed = nil
	for _, op := range o.ops {
		if op.needed && op.from == it {
			op.cancel()
		}
	}
	is := func(l layer) bool { return l.overlay == it }
	o.layers = slices.DeleteFunc(o.layers, is)
	o.queued = slices.DeleteFunc(o.queued, is)
}

func (o *overlays) updateLayer(l layer, msg tea.Msg) {
	asks := l.Update(msg)
	o.recordDrafts()
	if asks == keymap.Back {
		o.closeOverlay(l.overlay)
		if typed, ok := l.overlay.(drafted); ok && l.draft != "" {
			if typed.Draft() != "" {
				o.say(theme.Dim, "kept as a draft")
			}
			o.saveDraft(l.draft)
		}
	}
	if asks != nil && l.handle != nil {
		l.handle(asks)
	}
}

// answerOverlay passes an overlay what it asked for, if it is still open.
func (o *overlays) answerOverlay(to overlay, msg tea.Msg) {
	if i := o.layerOf(to); i >= 0 {
		o.updateLayer(o.layers[i], msg)
	}
}

// complain shows what is wrong in the overlay that asked, else in the message line.
func (o *overlays) complain(from overlay, text string) {
	if c, ok := from.(complainer); ok && o.layerOf(from) >= 0 {
		c.Complain(text)
	} else {
		o.say(theme.Warning, text)
	}
}

// openMenu opens a menu. It closes before choose is called.
func (o *overlays) openMenu(d overlay, choose func(i int)) {
	o.open(layer{overlay: d, handle: func(asks any) {
		if i, ok := asks.(dialog.Choice); ok {
			o.closeOverlay(d)
			choose(int(i))
		}
	}})
}

// ask opens a prompt for one line and restores its draft.
func (o *overlays) ask(d *dialog.Prompt, draft string, entered func(text string)) {
	o.open(layer{overlay: d, draft: draft, handle: func(asks any) {
		if text, ok := asks.(dialog.Entered); ok {
			entered(string(text))
		}
	}})
	o.restoreDraft(d, draft)
}

func (o *overlays) askPlan(d *dialog.Plan, from overlay, yes func()) {
	d.Keys, d.Now = o.keys.Keys(keymap.Plan, keymap.Dialog), o.now
	o.openWhenFree(layer{overlay: d, from: from, handle: func(asks any) {
		switch asks {
		case dialog.Again{}:
			o.noteOpened(d)
		case keymap.No:
			o.closeOverlay(d)
			o.say(theme.Dim, "nothing was sent")
		case keymap.Yes:
			o.closeOverlay(d)
			o.notice = notice{} // the state of the submission is shown instead
			yes()
		}
	}})
}

// openWhenFree opens an overlay that was not ready at once, as soon as nothing is being typed or answered.
func (o *overlays) openWhenFree(l layer) { o.queued = append(o.queued, l) }

// reopen closes a layer, and opens it again once what is typed below it is done.
func (o *overlays) reopen(l layer) {
	o.closeOverlay(l.overlay)
	l.from = nil
	o.queued = slices.Insert(o.queued, 0, l)
}

func (o *overlays) openQueued() {
	for len(o.queued) > 0 && o.mayCover(o.queued[0].from) {
		next := o.queued[0]
		o.queued = o.queued[1:]
		o.open(next)
		o.noteOpened(next.overlay)
	}
}

func (o *overlays) mayCover(from overlay) bool {
	switch top := o.onTop().overlay; top.(type) {
	case nil, *outbox.Screen, *dialog.Results:
		return true
	default:
		return top == from
	}
}

func (o *overlays) noteOpened(it overlay) { o.opened, o.openedAt = it, o.now() }
