package ui_test

import (
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui"
	"confab/ui/keymap"
)

// benched returns a model that shows a first window of rows.
func benched(b *testing.B, rows []model.Row, w, h int) *ui.Model {
	b.Helper()
	f := newFake(rows...)
	m := ui.New(usualViews(ui.Options{Backend: f, Now: func() time.Time { return clock }}))
	b.Cleanup(m.Close)
	var take func(tea.Cmd)
	take = func(c tea.Cmd) {
		if c == nil {
			return
		}
		out := make(chan tea.Msg, 1)
		go func() { out <- c() }()
		select {
		case msg := <-out:
			if batch, ok := msg.(tea.BatchMsg); ok {
				for _, c := range batch {
					take(c)
				}
			} else if msg != nil {
				_, c := m.Update(msg)
				take(c)
			}
		case <-time.After(500 * time.Millisecond):
		}
	}
	_, c := m.Update(tea.WindowSizeMsg{Width: w, Height: h})
	take(c)
	take(m.Init())
	return m
}

// BenchmarkKeyToFrame measures a cursor key and the next frame.
func BenchmarkKeyToFrame(b *testing.B) {
	for name, rows := range map[string][]model.Row{"plain": conversations(200), "hostile": hostile(200)} {
		b.Run(name, func(b *testing.B) {
			m := benched(b, rows, 120, 40)
			down, _ := keymap.Press("j")
			up, _ := keymap.Press("k")
			for i := 0; b.Loop(); i++ {
				k := down
				if i%2 == 1 {
					k = up
				}
				m.Update(k)
				m.View()
			}
		})
	}
}
