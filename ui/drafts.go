package ui

import (
	"context"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"
)

// draft is what was typed in a prompt or form and not submitted yet.
type draft struct {
	text  string
	gen   int
	dirty bool
}

// draftWriter keeps an older text from overwriting a newer one: commands run
// side by side.
type draftWriter struct {
	mu      sync.Mutex
	written map[string]int
}

func (w *draftWriter) save(ctx context.Context, be Backend, key, text string, gen int) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.written[key] >= gen {
		return nil
	}
	w.written[key] = gen
	return be.SaveDraft(ctx, key, text)
}

// draftChanged remembers what was typed and writes it once typing rests.
func (m *Model) draftChanged(key, text string) tea.Cmd {
	if key == "" {
		return nil
	}
	d := m.drafts[key]
	if d == nil {
		d = &draft{}
		m.drafts[key] = d
	}
	d.text, d.dirty = text, true
	d.gen++
	gen := d.gen
	return tea.Tick(draftTime, func(time.Time) tea.Msg { return draftDueMsg{key, gen} })
}

// saveDraft writes a draft now.
func (m *Model) saveDraft(key string) tea.Cmd {
	d := m.drafts[key]
	if d == nil || !d.dirty {
		return nil
	}
	d.dirty = false
	be, w, text, gen := m.be, m.writer, d.text, d.gen
	return func() tea.Msg {
		// A draft is written even while the program ends.
		if err := w.save(context.Background(), be, key, text, gen); err != nil {
			return draftFailedMsg{err}
		}
		return nil
	}
}

// saveDrafts writes all that is not written.
func (m *Model) saveDrafts() tea.Cmd {
	var cmds []tea.Cmd
	for key := range m.drafts {
		if c := m.saveDraft(key); c != nil {
			cmds = append(cmds, c)
		}
	}
	if len(cmds) == 0 {
		return nil
	}
	return func() tea.Msg {
		for _, c := range cmds {
			if msg := c(); msg != nil {
				return msg
			}
		}
		return nil
	}
}

// clearDraft forgets a draft that was submitted or given up.
func (m *Model) clearDraft(key string) tea.Cmd {
	if key == "" {
		return nil
	}
	d := m.drafts[key]
	if d == nil {
		d = &draft{}
		m.drafts[key] = d
	}
	d.text, d.dirty = "", true
	d.gen++
	return m.saveDraft(key)
}

// restoreDraft asks for what was typed before.
func (m *Model) restoreDraft(owner overlay, key string) tea.Cmd {
	if key == "" {
		return nil
	}
	if d := m.drafts[key]; d != nil {
		text := d.text
		return func() tea.Msg { return draftMsg{owner, key, text} }
	}
	be, ctx := m.be, m.ctx
	return func() tea.Msg {
		text, err := be.Draft(ctx, key)
		if err != nil {
			return draftFailedMsg{err}
		}
		return draftMsg{owner, key, text}
	}
}
