package edit

import (
	"strings"

	"confab/model"
	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/theme"
)

// Draw draws the form.
func (f *Form) Draw(th *theme.Theme, screen layout.Rect) layout.Picture {
	foot := []string{f.Keys.Of(keymap.Submit), "review", f.Keys.Of(keymap.NextField), "next"}
	fl := f.field()
	switch fl.control.(type) {
	case *choice:
		if fl.kind != "" {
			foot = append(foot, "left/right", "choose")
		}
	case table, *pick:
		foot = append(foot, "enter", "open")
	}
	total := 1
	for _, fl := range f.fields {
		total += fl.rows()
		if fl.off != "" {
			total += th.Width(fl.off) / max(1, min(screen.W-2, 96)-labelWidth-7) // the reason wraps
		}
	}
	h := max(4, min(total+1, screen.H-4))
	foot = append(foot, "esc", "back")
	return th.Frame(screen, f.Title, foot, min(screen.W-2, 96), h, theme.Accent, func(w, h int) ([]string, *layout.Cursor) {
		var lines []string
		var cursor *layout.Cursor
		first, end := 0, 0
		f.starts = f.starts[:0]
		for i, fl := range f.fields {
			f.starts = append(f.starts, len(lines))
			drawn, c := f.drawField(th, fl, i == f.at, w)
			if i == f.at {
				first, end = len(lines), len(lines)+len(drawn)
				cursor = c
			}
			lines = append(lines, drawn...)
		}
		rows := max(1, h-1)
		f.top = layout.Clamp(layout.Reveal(f.top, first, end, rows), 0, len(lines)-1)
		if cursor != nil {
			if cursor.Y += first - f.top; cursor.Y < 0 || cursor.Y >= rows {
				cursor = nil
			}
		}
		look, under := theme.Dim, f.note
		switch {
		case f.problem != "":
			look, under = theme.Error, f.problem
		case f.note == "" && f.touched():
			under = "esc keeps this as a draft"
		}
		return append(th.Block(lines[f.top:], w, rows), th.Paint(look, under, w)), cursor
	})
}

const labelWidth = 14

// drawField draws a field beside its label, and the cursor if it is focused.
func (f *Form) drawField(th *theme.Theme, fl *field, focused bool, w int) ([]string, *layout.Cursor) {
	look := theme.Text
	switch {
	case fl.off != "":
		look = theme.Disabled
	case focused:
		look = theme.Heading
	}
	label := fl.kind.Words()
	if fl.touched() {
		label += " *"
	}
	lw := min(labelWidth, max(0, w/3))
	head := th.Pointer(focused && fl.off == "") + " " + th.Paint(look, label, lw) + " "
	indent, room := layout.Spaces(lw+3), max(1, w-lw-3)
	lines, cursor := f.drawValue(th, fl, focused, room)
	for i, l := range lines {
		switch {
		case i == 0:
			lines[i] = head + l
		case i == 1 && fl.off == "" && fl.note != "":
			lines[i] = "  " + th.Paint(theme.Dim, fl.note, lw) + " " + l
		default:
			lines[i] = indent + l
		}
	}
	if !focused || cursor == nil {
		return lines, nil
	}
	return lines, &layout.Cursor{X: lw + 3 + cursor.X, Y: cursor.Y}
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
		line, x := c.Draw(th, room, theme.Text)
		if c.Value() == "" && f.several {
			line = th.Paint(theme.Dim, f.unset, room)
		}
		return []string{line}, &layout.Cursor{X: x}
	case *theme.Area:
		return c.Draw(th, room, fl.rows())
	case *pairs:
		return c.Draw(th, room, fl.rows())
	case *choice:
		return []string{f.drawChoice(th, c, fl.note, focused, room)}, nil
	case table:
		if text = "not loaded yet"; c.loaded {
			text = c.summary()
		}
		text += "  (enter opens the table)"
	case *pick:
		switch {
		case c.Touched():
			text = model.CleanLine(c.who.Display(), 200) + "  (backspace clears it)"
		case c.required:
			look, text = theme.Dim, "required: enter looks one up"
		default:
			look, text = theme.Dim, "none (enter looks one up)"
		}
	}
	return []string{th.Paint(look, text, room)}, nil
}

func (f *Form) drawChoice(th *theme.Theme, c *choice, note string, focused bool, room int) string {
	var s strings.Builder
	used := 0
	if c.value == "" {
		s.WriteString(th.Say(theme.Dim, f.unset) + "  ")
		used += th.Width(f.unset) + 2
	}
	for _, o := range c.options {
		sign, look := "( ) ", theme.Dim
		if o == c.value {
			sign, look = "("+th.Bullet+") ", theme.Text
			if focused {
				look = theme.Selected
			}
		}
		text := sign + model.CleanLine(model.RoleName(o), 40)
		n := th.Width(text) + 2
		if used+n > room {
			break
		}
		s.WriteString(th.Say(look, text) + "  ")
		used += n
	}
	if note != "" && used+th.Width(note)+2 <= room {
		s.WriteString(th.Say(theme.Dim, "("+note+")"))
	}
	return th.Fit(s.String(), room, "")
}
