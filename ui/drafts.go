package ui

import (
	"context"
	"errors"
	"slices"
	"sync"

	tea "charm.land/bubbletea/v2"

	"confab/ui/theme"
)

// drafts is what was typed in prompts and forms and not submitted yet. It is
// locked: commands write it side by side, and the end of the program writes
// what the model, which may be stuck by then, could not.
type drafts struct {
	save func(ctx context.Context, key, text string) error
	// writing orders the writes: an older text never follows a newer one.
	writing sync.Mutex
	mu      sync.Mutex
	kept    map[string]draft
}

// draft is a text, how often it was changed, and which change is on disk.
type draft struct {
	text             string
	changes, written int
}

func (d *drafts) get(key string) draft {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.kept[key]
}

// update changes a draft and returns it.
func (d *drafts) update(key string, change func(*draft)) draft {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.kept[key]
	change(&t)
	d.kept[key] = t
	return t
}

func (d *drafts) put(key, text string) draft {
	return d.update(key, func(t *draft) { t.text, t.changes = text, t.changes+1 })
}

// unwritten lists what is newer here than on disk.
func (d *drafts) unwritten() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var keys []string
	for key, t := range d.kept {
		if t.written < t.changes {
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
	now := d.get(key)
	if now.written == now.changes {
		return nil
	}
	if err := d.save(ctx, key, now.text); err != nil {
		return err
	}
	d.update(key, func(t *draft) { t.written = now.changes })
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

// drafted is an overlay of which what was typed is kept. Draft returns that, "" for
// nothing; Restore takes it, if nothing was typed since, and returns what the
// message line says of it.
type drafted interface {
	overlay
	Draft() string
	Restore(draft string) (said string)
}

// draftOf returns the key of what is typed for one conversation; nothing is kept of
// what is for several.
func draftOf(what string, in intent) string {
	if !in.one {
		return ""
	}
	return what + ":" + in.row.Conversation.Ref.String()
}

// noteDrafts remembers what was typed into the overlays and has it written once
// typing rests.
func (m *Model) noteDrafts() tea.Cmd {
	var cmds []tea.Cmd
	for i := range m.layers {
		l := &m.layers[i]
		o, ok := l.overlay.(drafted)
		if !ok || l.draft == "" || o.Draft() == l.noted {
			continue
		}
		l.noted = o.Draft()
		key, noted := l.draft, m.drafts.put(l.draft, l.noted)
		cmds = append(cmds, soon(draftTime, func() tea.Cmd {
			if m.drafts.get(key).changes != noted.changes {
				return nil
			}
			return m.saveDraft(key)
		}))
	}
	return tea.Batch(cmds...)
}

// leaveDraft writes what was typed into an overlay that is being closed.
func (m *Model) leaveDraft(l layer) tea.Cmd {
	o, ok := l.overlay.(drafted)
	if !ok || l.draft == "" {
		return nil
	}
	if o.Draft() != "" {
		m.say(theme.Dim, "kept as a draft")
	}
	return m.saveDraft(l.draft)
}

// saveDraft writes a draft now, even while the program ends.
func (m *Model) saveDraft(key string) tea.Cmd {
	return m.saving(func() error { return m.drafts.write(context.Background(), key) })
}

// saveDrafts writes all that is not written.
func (m *Model) saveDrafts() tea.Cmd {
	return m.saving(func() error { return m.drafts.writeAll(context.Background()) })
}

func (m *Model) saving(write func() error) tea.Cmd {
	return func() tea.Msg {
		err := write()
		if err == nil {
			return nil
		}
		return after(func() tea.Cmd {
			return m.fail("keep what you typed", err)
		})
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

// restoreDraft reads what was typed into an overlay before.
func (m *Model) restoreDraft(to drafted, key string) tea.Cmd {
	if key == "" {
		return nil
	}
	kept := func(ctx context.Context) (string, error) {
		if kept := m.drafts.get(key); kept.changes > 0 {
			return kept.text, nil
		}
		return m.be.Draft(ctx, key)
	}
	return read(m, kept, func(text string, err error) tea.Cmd {
		i := slices.IndexFunc(m.layers, func(l layer) bool { return l.overlay == to })
		switch {
		case err != nil:
			return m.fail("keep what you typed", err)
		case i < 0 || text == "" || to.Draft() != "":
			return nil
		}
		if said := to.Restore(text); said != "" {
			m.say(theme.Dim, said)
		}
		if m.layers[i].noted = to.Draft(); m.layers[i].noted == "" {
			return m.clearDraft(key) // it is what is there
		}
		return nil
	})
}
