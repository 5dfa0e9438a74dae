package ui

import (
	"context"
	"errors"
	"sync"

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

func newDrafts(save func(ctx context.Context, key, text string) error) *drafts {
	return &drafts{save: save, kept: map[string]draft{}}
}

func (d *drafts) get(key string) draft { return d.update(key, func(*draft) {}) }

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
	err := d.save(ctx, key, now.text)
	if err == nil {
		d.update(key, func(t *draft) { t.written = now.changes })
	}
	return err
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
func (m *Model) noteDrafts() {
	for i := range m.layers {
		l := &m.layers[i]
		o, ok := l.overlay.(drafted)
		if !ok || l.draft == "" || o.Draft() == l.noted {
			continue
		}
		l.noted = o.Draft()
		key, noted := l.draft, m.drafts.put(l.draft, l.noted)
		m.soon(draftTime, func() {
			if m.drafts.get(key).changes == noted.changes {
				m.saveDraft(key)
			}
		})
	}
}

// leaveDraft writes what was typed into an overlay that is being closed.
func (m *Model) leaveDraft(l layer) {
	if o, ok := l.overlay.(drafted); ok && l.draft != "" {
		if o.Draft() != "" {
			m.say(theme.Dim, "kept as a draft")
		}
		m.saveDraft(l.draft)
	}
}

// saveDraft writes a draft now, even while the program ends.
func (m *Model) saveDraft(key string) {
	m.saving(func() error { return m.drafts.write(context.Background(), key) })
}

func (m *Model) saving(write func() error) {
	m.try("keep what you typed", func(context.Context) error { return write() }, func() {})
}

// clearDraft forgets a draft that was submitted or given up.
func (m *Model) clearDraft(key string) {
	if key != "" {
		m.drafts.put(key, "")
		m.saveDraft(key)
	}
}

// restoreDraft reads what was typed into an overlay before.
func (m *Model) restoreDraft(to drafted, key string) {
	if key == "" {
		return
	}
	fetch(m, "keep what you typed", func(ctx context.Context) (string, error) {
		if kept := m.drafts.get(key); kept.changes > 0 {
			return kept.text, nil
		}
		return m.be.Draft(ctx, key)
	}, func(text string) {
		i := m.layerOf(to)
		if i < 0 || text == "" || to.Draft() != "" {
			return
		}
		if said := to.Restore(text); said != "" {
			m.say(theme.Dim, said)
		}
		if m.layers[i].noted = to.Draft(); m.layers[i].noted == "" {
			m.clearDraft(key) // it is what is there
		}
	})
}
