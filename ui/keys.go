package ui

import (
	"context"
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/theme"
)

const maxCount = 1_000_000

func (m *Model) key(k tea.KeyPressMsg) {
	name := k.String()
	m.guard.begin(m.now())
	always, _ := m.keys.Lookup([]keymap.Context{keymap.Global}, []string{name})
	top := m.onTop()
	switch {
	case always.Action == keymap.Interrupt:
		m.quit.interrupt()
	case always.Action == keymap.Suspend:
		m.suspend()
	case always.Action == keymap.Redraw:
		m.redraw()
	case m.tooSmall():
		m.quit.keyTooSmall(name)
	case m.covered() && m.guard.openedJustNow(top.overlay) && name != "esc":
		m.keyBelow(top, name)
	case m.covered():
		if _, ok := top.overlay.(answerer); ok {
			m.notice = notice{}
		}
		m.updateLayer(top, k)
	case m.prompt != nil:
		m.updatePrompt(m.prompt, k)
	default:
		m.listKey(name)
	}
}

func (m *Model) listKey(name string) {
	if b, _ := m.keys.Lookup(m.contexts(), []string{name}); m.guard.drops(name) && !m.handlers[b.Action].moves {
		m.typed, m.count = nil, 0
		return
	}
	if op := m.lineOperation(); op != nil && name == "esc" && op.stoppable && !op.stopped {
		op.stopped = true
		op.cancel()
		return
	}
	m.followed.clearMessage(name)
	if m.countKey(name) {
		return
	}
	in := m.intent("")
	typed, b, r := m.typedKey(name)
	in.action = b.Action
	switch {
	case r == keymap.Prefix:
	case r == keymap.Match:
		m.run(in)
	case len(typed) > 1 && name != "esc" || len([]rune(name)) == 1:
		m.say(theme.Dim, strings.Join(typed, " ")+" means nothing here; "+m.keyFor(keymap.Global, keymap.Help)+" lists the keys")
	}
}

// keyBelow handles a key that was typed before the overlay on top could be read. A key that moves the
// cursor or opens a prompt acts below the overlay, which opens again after it; any other key is dropped.
func (m *Model) keyBelow(l layer, key string) {
	b, r := m.keys.Lookup(m.contexts(), []string{key})
	h := m.handlers[b.Action]
	if r != keymap.Match || len(m.layers) > 1 || !h.moves && (!h.opens || m.guard.drops(key)) {
		m.guard.drop(true)
		return
	}
	m.reopen(l)
	in := m.intent(b.Action)
	m.count, m.typed = 0, nil
	m.run(in)
}

func (m *Model) countKey(name string) bool {
	if len(m.typed) > 0 || len(name) != 1 || name[0] < '0' || name[0] > '9' || name == "0" && m.count == 0 {
		return false
	}
	if _, r := m.keys.Lookup(m.contexts(), []string{name}); r != keymap.None {
		return false
	}
	m.count = min(maxCount, m.count*10+int(name[0]-'0'))
	return true
}

func (m *Model) paste(msg tea.PasteMsg) {
	switch {
	case m.covered():
		m.updateLayer(m.onTop(), msg)
	case m.prompt != nil:
		m.updatePrompt(m.prompt, msg)
	default:
		m.say(theme.Dim, "pasted text was ignored: nothing is being typed")
	}
}

func (m *Model) redraw() {
	m.do(tea.ClearScreen)
	m.do(tea.RequestWindowSize)
}

func (m *Model) suspend() {
	read(m.loop, func(ctx context.Context) (_ struct{}, err error) {
		m.drafts.writeAll(context.Background())
		if before := m.opts.BeforeSuspend; before != nil {
			err = before(ctx)
		}
		return
	}, func(_ struct{}, err error) {
		if err != nil {
			m.say(theme.Error, "not suspended: "+model.Words(err))
		} else {
			m.do(tea.Suspend)
		}
	})
}

func (m *Model) hint() string {
	s := ""
	if m.count > 0 {
		s = fmt.Sprint(m.count, " ")
	}
	if len(m.typed) == 0 {
		return s
	}
	s += strings.Join(m.typed, " ") + " "
	for i, b := range m.keys.Following(m.contexts(), m.typed) {
		if i == 6 {
			return s + " " + m.th.Ellipsis
		}
		s += "  " + b.Keys[0] + " " + b.Help
	}
	return s
}

// hit is a clickable area and what a click there does.
type hit struct {
	layout.Rect
	do func(at tea.Mouse)
}

func (m *Model) click(at tea.Mouse) {
	if at.Button != tea.MouseLeft || m.tooSmall() {
		return
	}
	top := m.onTop().overlay
	if top != m.hitsOf || top == nil && m.prompt != nil {
		return // what was clicked is gone
	}
	if top == nil {
		m.notice = notice{}
	}
	over := func(h hit) bool { return h.Contains(at.X, at.Y) }
	if i := slices.IndexFunc(m.hits, over); i >= 0 {
		m.hits[i].do(at)
	}
}

// hitKeys makes the keys named on the screen clickable.
func (m *Model) hitKeys(keys []layout.KeyHit) {
	for _, k := range keys {
		m.hits = append(m.hits, hit{k.At, func(tea.Mouse) {
			for _, name := range strings.Fields(k.Key) {
				if k, err := keymap.Press(name); err == nil {
					m.key(k)
				}
			}
		}})
	}
}

func (m *Model) clickList(line int) {
	i, ok := m.list.IndexAt(line)
	switch {
	case !ok:
	case i == m.list.Cursor():
		m.run(m.intent(keymap.Open))
	default:
		m.list.MoveTo(i)
		m.guard.noteMove()
		m.detail.previewAfterRest()
	}
}

func (m *Model) wheel(at tea.Mouse) {
	by, ok := map[tea.MouseButton]int{tea.MouseWheelUp: -3, tea.MouseWheelDown: 3}[at.Button]
	switch {
	case !ok:
	case m.covered():
		m.updateLayer(m.onTop(), layout.Wheel(by))
	case !m.inDetail && m.arrange().preview.Contains(at.X, at.Y):
		m.detail.Scroll(by)
	default:
		m.pick(by)
	}
}
