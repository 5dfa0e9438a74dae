package edit

import (
	"cmp"

	"confab/model"
	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/theme"
)

func (f *Form) Draw(th *theme.Theme, screen layout.Rect) layout.Picture {
	footer := []string{f.Keys.Of(keymap.Submit), "review", f.Keys.Of(keymap.NextField), "next"}
	switch fl := f.field(); fl.control.(type) {
	case *choice:
		footer = append(footer, theme.Pick(fl.kind == "", "", "left/right"), "choose")
	case table, *pick:
		footer = append(footer, "enter", "open")
	}
	width := min(screen.W-2, 96)
	h := 1
	for _, fl := range f.fields {
		lines, _ := f.drawField(th, fl, false, max(1, width-4))
		h += len(lines)
	}
	footer = append(footer, "esc", "back")
	return th.Frame(screen, f.Title, footer, width, max(4, min(h, screen.H-4)), theme.Accent, func(w, h int) ([]string, *layout.Cursor) {
		var lines []string
		var cursor *layout.Cursor
		first, end, rows := 0, 0, max(1, h-1)
		f.starts = f.starts[:0]
		for i, fl := range f.fields {
			f.starts = append(f.starts, len(lines))
			drawn, c := f.drawField(th, fl, i == f.at, w)
			if i == f.at {
				first, end, cursor = len(lines), len(lines)+len(drawn), c
			}
			lines = append(lines, drawn...)
		}
		f.top = layout.Clamp(layout.Reveal(f.top, first, end, rows), 0, len(lines)-rows)
		if cursor != nil {
			line := first + cursor.Y
			f.top = layout.Reveal(f.top, line, line+1, rows)
			cursor.Y = line - f.top
		}
		look, below := theme.Dim, cmp.Or(f.note, f.field().note, theme.Pick(f.touched(), "esc keeps this as a draft", ""))
		if f.problem != "" {
			look, below = theme.Error, f.problem
		}
		return append(th.Block(lines[f.top:], w, rows), th.Paint(look, below, w)), cursor
	})
}

const labelWidth = 14

// drawField draws a field beside its label, with the cursor if the field is focused.
func (f *Form) drawField(th *theme.Theme, fl *field, focused bool, w int) ([]string, *layout.Cursor) {
	look := theme.Pick(focused, theme.Heading, theme.Text)
	if fl.off != "" {
		look = theme.Disabled
	}
	label := fl.kind.Words() + theme.Pick(fl.touched(), " *", "")
	lw := min(labelWidth, max(0, w/3))
	lines, cursor := f.drawValue(th, fl, focused, max(1, w-lw-3))
	lead := th.Pointer(focused && fl.off == "") + " " + th.Paint(look, label, lw) + " "
	for i, l := range lines {
		lines[i], lead = lead+l, layout.Spaces(lw+3)
	}
	if !focused || cursor == nil {
		return lines, nil
	}
	cursor.X += lw + 3
	return lines, cursor
}

func (f *Form) drawValue(th *theme.Theme, fl *field, focused bool, room int) ([]string, *layout.Cursor) {
	if fl.off != "" {
		lines := th.Wrap("off: "+fl.off, room)
		for i, l := range lines {
			lines[i] = th.Paint(theme.Disabled, l, room)
		}
		return lines, nil
	}
	look, text := theme.Text, ""
	switch c := fl.control.(type) {
	case *theme.Input:
		line, x := c.Draw(th, room)
		if c.Value() == "" && f.several {
			line = th.Paint(theme.Dim, f.unset, room)
		}
		return []string{line}, &layout.Cursor{X: x}
	case area:
		return c.Draw(th, room, 4)
	case *choice:
		return f.drawChoice(th, c, focused, room), nil
	case table:
		text = theme.Pick(c.loaded, c.summary(), "not loaded yet") + "  (enter opens the table)"
	case *pick:
		switch {
		case c.Touched():
			text = model.CleanLine(c.entry.Display(), 200) + "  (backspace clears it)"
		case c.required:
			look, text = theme.Dim, "required: enter looks one up"
		default:
			look, text = theme.Dim, "none (enter looks one up)"
		}
	}
	return []string{th.Paint(look, text, room)}, nil
}

// drawChoice draws the options, on as many lines as they take.
func (f *Form) drawChoice(th *theme.Theme, c *choice, focused bool, room int) (lines []string) {
	line := ""
	add := func(look theme.Token, text string) {
		text = th.Truncate(text, room, th.Ellipsis)
		if line != "" && th.Width(line)+2+th.Width(text) > room {
			lines, line = append(lines, line), ""
		}
		line += theme.Pick(line == "", "", "  ") + th.Say(look, text)
	}
	if c.value == "" {
		add(theme.Dim, f.unset)
	}
	for _, o := range c.options {
		text, look := "( ) ", theme.Dim
		if o == c.value {
			text, look = "("+th.Bullet+") ", theme.Pick(focused, theme.Selected, theme.Text)
		}
		add(look, text+model.CleanLine(model.RoleName(o), 40))
	}
	return append(lines, line)
}
