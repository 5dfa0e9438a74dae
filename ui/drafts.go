package ui

import (
	"context"
	"errors"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"
)

// drafts is what was typed in prompts and forms and not submitted yet. It is
// locked: commands write it side by side, and the end of the program writes
// what the model, which may be stuck by then, could not.
type drafts struct {
	be Backend
	// writing orders the writes: an older text never follows a newer one.
	writing sync.Mutex
	mu      sync.Mutex
	kept    map[string]*draft
}

type draft struct {
	text string
	// typed counts the changes of the text, written is the one on disk.
	typed, written int
}

// put remembers a text and returns the number of its change.
func (d *drafts) put(key, text string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.kept[key]
	if t == nil {
		t = &draft{}
		d.kept[key] = t
	}
	t.text = text
	t.typed++
	return t.typed
}

func (d *drafts) get(key string) (text string, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if t := d.kept[key]; t != nil {
		return t.text, true
	}
	return "", false
}

// rests reports whether nothing was typed since a change.
func (d *drafts) rests(key string, change int) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.kept[key]
	return t != nil && t.typed == change
}

// unwritten lists what is newer here than on disk.
func (d *drafts) unwritten() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var keys []string
	for key, t := range d.kept {
		if t.written < t.typed {
			keys = append(keys, key)
		}
	}
	return keys
}

// write brings a draft to disk. One that could not be written is written with
// the next change, or at the end.
func (d *drafts) write(ctx context.Context, key string) error {
	d.writing.Lock()
	defer d.writing.Unlock()
	d.mu.Lock()
	t := d.kept[key]
	if t == nil || t.written == t.typed {
		d.mu.Unlock()
		return nil
	}
	text, change := t.text, t.typed
	d.mu.Unlock()
	if err := d.be.SaveDraft(ctx, key, text); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	t.written = change
	return nil
}

// writeAll brings everything to disk.
func (d *drafts) writeAll(ctx context.Context) error {
	var errs []error
	for _, key := range d.unwritten() {
		errs = append(errs, d.write(ctx, key))
	}
	return errors.Join(errs...)
}

// draftChanged remembers what was typed and writes it once typing rests.
func (m *Model) draftChanged(key, text string) tea.Cmd {
	if key == "" {
		return nil
	}
	change := m.drafts.put(key, text)
	return tea.Tick(draftTime, func(time.Time) tea.Msg { return draftDueMsg{key, change} })
}

// saveDraft writes a draft now.
func (m *Model) saveDraft(key string) tea.Cmd {
	// A draft is written even while the program ends.
	return m.draftCommand(func() error { return m.drafts.write(context.Background(), key) })
}

// saveDrafts writes all that is not written.
func (m *Model) saveDrafts() tea.Cmd {
	return m.draftCommand(func() error { return m.drafts.writeAll(context.Background()) })
}

func (m *Model) draftCommand(write func() error) tea.Cmd {
	return func() tea.Msg {
		if err := write(); err != nil {
			return draftFailedMsg{err}
		}
		return nil
	}
}

// clearDraft forgets a draft that was submitted or given up.
func (m *Model) clearDraft(key string) tea.Cmd {
	if key == "" {
		return nil
	}
	m.drafts.put(key, "")
	return m.saveDraft(key)
}

func (m *Model) draftCame(msg draftMsg) {
	if r, ok := msg.owner.(restorer); ok && m.isOpen(msg.owner) && msg.text != "" {
		r.Restore(msg.text)
	}
}

// restoreDraft asks for what was typed before.
func (m *Model) restoreDraft(owner overlay, key string) tea.Cmd {
	if key == "" {
		return nil
	}
	if text, ok := m.drafts.get(key); ok {
		return func() tea.Msg { return draftMsg{owner, text} }
	}
	be, ctx := m.be, m.ctx
	return func() tea.Msg {
		text, err := be.Draft(ctx, key)
		if err != nil {
			return draftFailedMsg{err}
		}
		return draftMsg{owner, text}
	}
}
