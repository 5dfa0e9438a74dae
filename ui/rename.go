package ui

import (
	"strings"

	"confab/model"
	"confab/ui/dialog"
	"confab/ui/theme"
)

const (
	// renamesHelp says what may be typed for several.
	renamesHelp = "one title, s/old/new/, or {title} {company} {people} {date} {label:NAME}"
	// titlesDraft is the key of what is typed to rename several: it fits any of them.
	titlesDraft  = "titles"
	noEmptyTitle = "a title can't be empty"
)

// rename asks for a title, the present one filled in; for several, for what makes a
// title for each. After :rename, s/old/new/ replaces a text of one too.
func (m *Model) rename(in intent) {
	switch {
	case in.arg != "" && (!in.one || strings.HasPrefix(in.arg, "s/")):
		m.renameEach(doing(in, "rename"), in.arg)
		return
	case in.arg != "":
		m.set(doing(in, "rename"), model.EditTitle, in.arg)
		return
	case !in.one:
		m.askTitles(in)
		return
	}
	why := purpose{intent: in, title: titled("Rename", in), draft: draftOf(string(model.EditTitle), in)}
	d := dialog.NewPrompt(why.title, in.row.Conversation.Title, "ctrl+u clears the line")
	why.from = d
	m.ask(d, why.draft, func(text string) {
		switch {
		case strings.TrimSpace(text) == "":
			d.Complain(noEmptyTitle)
		case !d.Input.Touched():
			m.closeOverlay(d)
			m.say(theme.Dim, "the title was left as it is")
			m.clearDraft(why.draft)
		default:
			m.set(why, model.EditTitle, text)
		}
	})
}

// askTitles asks what makes the titles of several, and shows what becomes of the rows
// at hand once typing rests: a letter alone writes few bytes.
func (m *Model) askTitles(in intent) {
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
	m.open(layer{overlay: d, draft: titlesDraft, refresh: refresh, act: func(asks any) {
		switch asks := asks.(type) {
		case dialog.Typed:
			text := d.Input.Value()
			typing = true
			m.soon(restTime, func() {
				if d.Input.Value() == text {
					shown, typing = text, false
					m.showTitles(in, d)
				}
			})
		case dialog.Entered:
			m.renameEach(purpose{intent: in, title: d.Title, draft: titlesDraft, from: d}, string(asks))
		}
	}})
	m.restoreDraft(d, titlesDraft)
}

// renameEach plans what a text makes of the titles of several.
func (m *Model) renameEach(why purpose, text string) {
	r, err := model.ParseRenaming(text, m.now().Location())
	if err != nil {
		m.complain(why.from, err.Error())
		return
	}
	if title, literal := r.Literal(); literal && strings.TrimSpace(title) == "" {
		m.complain(why.from, noEmptyTitle)
		return
	}
	why.changes, why.repeatable = []model.Change{r.Change()}, true
	m.plan(why)
}

// showTitles shows before and after of the first rows that change, and counts the rest
// of those at hand; the plan goes through all.
func (m *Model) showTitles(in intent, d *dialog.Prompt) {
	d.Help, d.Examples, d.Note = renamesHelp, nil, ""
	r, err := model.ParseRenaming(d.Input.Value(), m.now().Location())
	if err != nil {
		d.Help = err.Error() // it may not be typed to its end
	}
	if err != nil || d.Input.Value() == "" {
		return
	}
	change := r.Change()
	var changed, same, left int
	var first *dialog.Example // of those left out
	rows := m.list.Rows()
	for i := range rows {
		c := &rows[i].Conversation
		if !in.has(&rows[i]) {
			continue
		}
		e := dialog.Example{Before: c.Title}
		if can := m.be.Capabilities(*c).Of(change.Kind); !can.Can() {
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
		case e.After == c.Title:
			same++
		default:
			changed++
			if len(d.Examples) < dialog.MostExamples {
				d.Examples = append(d.Examples, e)
			}
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
	add := func(n int, what string) {
		if n > 0 {
			parts = append(parts, theme.Number(n)+what)
		}
	}
	add(changed, " get a new title")
	add(same, " already so")
	add(left, " left out")
	note := strings.Join(parts, ", ")
	if more := all - changed - same - left; more > 0 && note != "" {
		note += "; " + theme.Number(more) + " more are in the plan"
	}
	return note
}
