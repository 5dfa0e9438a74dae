package ui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/dialog"
	"confab/ui/theme"
)

// renamesHelp says what may be typed for several.
const renamesHelp = "one title, s/old/new/, or {title} {company} {people} {date} {label:NAME}"

// titlesDraft is the key of what is typed to rename several: it fits any of them.
const titlesDraft = "titles"

// rename asks for a title, the present one filled in; for several, for what makes a
// title for each. After :rename, s/old/new/ replaces a text of one too.
func (m *Model) rename(in intent) tea.Cmd {
	switch {
	case in.one && strings.HasPrefix(in.arg, "s/"):
		return m.renameEach(doing(in, "rename"), in.arg)
	case !in.one && in.arg != "":
		return m.renameEach(purpose{intent: in, title: bulkTitle("rename", in.size())}, in.arg)
	case !in.one:
		return m.askTitles(in)
	case in.arg != "":
		return m.set(doing(in, "rename"), model.EditTitle, in.arg)
	}
	title, draft := titled("Rename", in), draftOf(string(model.EditTitle), in)
	d := dialog.NewPrompt(title, in.row.Conversation.Title, "ctrl+u clears the line")
	m.open(layer{overlay: d, draft: draft, act: func(asks any) tea.Cmd {
		text, ok := asks.(dialog.Entered)
		switch {
		case !ok:
			return nil
		case strings.TrimSpace(string(text)) == "":
			d.Complain("a title can't be empty")
			return nil
		case !d.Input.Touched():
			m.closeOverlay(d)
			m.say(theme.Dim, "the title was left as it is")
			return m.clearDraft(draft)
		}
		return m.set(purpose{intent: in, title: title, draft: draft, from: d}, model.EditTitle, string(text))
	}})
	return m.restoreDraft(d, draft)
}

// askTitles asks what makes the titles of several, and shows what becomes of the rows
// at hand once typing rests: a letter alone writes few bytes.
func (m *Model) askTitles(in intent) tea.Cmd {
	d := dialog.NewPrompt(titled("Rename", in), "", renamesHelp)
	d.Live = true
	shown, typing := "", false
	refresh := func() {
		top, _ := m.onTop()
		d.Covered = top.overlay != overlay(d)
		if text := d.Input.Value(); text != shown && !typing { // a draft came
			help := d.Help
			m.showTitles(in, d)
			d.Help, shown = help, text
		}
	}
	m.open(layer{overlay: d, draft: titlesDraft, refresh: refresh, act: func(asks any) tea.Cmd {
		switch asks := asks.(type) {
		case dialog.Typed:
			text := d.Input.Value()
			typing = true
			return soon(restTime, func() tea.Cmd {
				if d.Input.Value() == text {
					shown, typing = text, false
					m.showTitles(in, d)
				}
				return nil
			})
		case dialog.Entered:
			return m.renameEach(purpose{intent: in, title: d.Title, draft: titlesDraft, from: d}, string(asks))
		}
		return nil
	}})
	return m.restoreDraft(d, titlesDraft)
}

// renameEach plans what a text makes of the titles of several.
func (m *Model) renameEach(why purpose, text string) tea.Cmd {
	r, err := model.ParseRenaming(text, m.now().Location())
	if err != nil {
		return m.complain(why.from, err.Error())
	}
	if title, literal := r.Literal(); literal && strings.TrimSpace(title) == "" {
		return m.complain(why.from, "a title can't be empty")
	}
	why.changes, why.repeatable = []model.Change{r.Change()}, true
	return m.plan(why)
}

// showTitles shows before and after of the first rows that change, and counts the rest
// of those at hand; the plan goes through all.
func (m *Model) showTitles(in intent, d *dialog.Prompt) {
	d.Help, d.Examples, d.Note = renamesHelp, nil, ""
	r, err := model.ParseRenaming(d.Input.Value(), m.now().Location())
	switch {
	case err != nil:
		d.Help = err.Error() // it may not be typed to its end
		return
	case d.Input.Value() == "":
		return
	}
	change := r.Change()
	var changed, same, left int
	var first *dialog.Example
	rows := m.list.Rows()
	for i := range rows {
		c := &rows[i].Conversation
		if !in.has(&rows[i]) {
			continue
		}
		e := dialog.Example{Before: c.Title}
		if can := m.facts.Capabilities(*c).Of(change.Kind); !can.Can() {
			e.Why = "left out: " + can.Reason
		} else if len(change.Reads(c)) > 0 {
			e.After = "its people are read first"
		} else if e.After, err = r.Title(c); err != nil {
			e.Why = "left out: " + err.Error()
		}
		switch {
		case e.Why != "":
			left++
			if first == nil {
				first = &e
			}
			continue
		case e.After == c.Title:
			same++
			continue
		default:
			changed++
		}
		if len(d.Examples) < dialog.MostExamples {
			d.Examples = append(d.Examples, e)
		}
	}
	if first != nil {
		d.Examples = append(d.Examples[:min(len(d.Examples), dialog.MostExamples-1)], *first)
	}
	d.Note = titlesNote(changed, same, left, in.size())
}

// titlesNote says what a text makes of the rows at hand, and that there are more.
func titlesNote(changed, same, left, all int) string {
	var parts []string
	for _, p := range []struct {
		n    int
		what string
	}{{changed, " get a new title"}, {same, " already so"}, {left, " left out"}} {
		if p.n > 0 {
			parts = append(parts, theme.Number(p.n)+p.what)
		}
	}
	note := strings.Join(parts, ", ")
	if more := all - changed - same - left; more > 0 && note != "" {
		note += "; " + theme.Number(more) + " more are in the plan"
	}
	return note
}
