package ui

import (
	"context"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
)

// recalled is how many filters, and how many commands, are kept for later.
const recalled = 100

// recalling goes back to what was typed before.
type recalling struct {
	// past is what was typed, the newest last; back is how far back the text is in it, 0 where it is a new one, which
	// present keeps meanwhile.
	past    []string
	back    int
	present string
	// below is how far the cursor of the list was moved down from the prompt.
	below int
}

// pastKey is the draft under which it is kept what was typed into a kind of prompt, a line each.
var pastKey = map[promptKind]string{promptFilter: "filters", promptCommand: "commands"}

func (m *Model) readPast(ctx context.Context, kind promptKind) ([]string, error) {
	kept := m.drafts.get(pastKey[kind])
	text, err := kept.text, error(nil)
	if kept.changes == kept.written { // another confab may have added to it
		text, err = m.be.Draft(ctx, pastKey[kind])
	}
	return strings.Split(text, "\n"), err
}

// recall reads what was typed into such a prompt before.
func (m *Model) recall() tea.Cmd {
	p := m.prompt
	get := func(ctx context.Context) ([]string, error) { return m.readPast(ctx, p.kind) }
	return read(m, get, func(past []string, err error) tea.Cmd {
		if err == nil && p == m.prompt {
			p.past = slices.DeleteFunc(past, func(s string) bool { return s == "" })
		}
		return nil
	})
}

// remember keeps what was typed for later.
func (m *Model) remember(p *prompt) tea.Cmd {
	text := strings.TrimSpace(p.input.Value())
	if text == "" {
		return nil
	}
	key := pastKey[p.kind]
	return m.saving(func() error {
		past, err := m.readPast(context.Background(), p.kind)
		if err != nil {
			return err
		}
		past = append(slices.DeleteFunc(past, func(s string) bool { return s == text || s == "" }), text)
		m.drafts.put(key, strings.Join(past[max(0, len(past)-recalled):], "\n"))
		return m.drafts.write(context.Background(), key)
	})
}

// older goes back to what was typed before, or up again in the list.
func (m *Model) older() tea.Cmd {
	p := m.prompt
	switch {
	case p.below > 0:
		p.below--
		return m.pick(-1)
	case p.back == len(p.past):
		return nil
	case p.back == 0:
		p.present = p.input.Value()
	}
	return m.goBack(p.back + 1)
}

// newer comes forward again to what was typed last, and from there goes down in the list.
func (m *Model) newer() tea.Cmd {
	p := m.prompt
	if p.back > 0 {
		return m.goBack(p.back - 1)
	}
	if p.kind != promptFilter {
		return nil
	}
	before := m.list.Cursor()
	cmd := m.pick(1)
	if m.list.Cursor() != before {
		p.below++
	}
	return cmd
}

func (m *Model) goBack(to int) tea.Cmd {
	p := m.prompt
	p.back = to
	text := p.present
	if to > 0 {
		text = p.past[len(p.past)-to]
	}
	p.input.Set(text)
	return m.promptChanged()
}
