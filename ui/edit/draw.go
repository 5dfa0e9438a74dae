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
	switch fl := f.field(); {
	case fl == nil:
	case fl.typ == choiceField:
		foot = append(foot, "left/right", "choose")
	case fl.typ == peopleField || fl.typ == pickField:
		foot = append(foot, "enter", "open")
	}
	foot = append(foot, "esc", "back")
	total := 1
	for _, fl := range f.fields {
		total += fl.rows()
		if fl.off != "" {
			total += th.Width(fl.off) / max(1, min(screen.W-2, 96)-labelWidth-7) // the reason wraps
		}
	}
	h := max(4, min(total+1, screen.H-4))
	return th.Frame(screen, f.Title, foot, min(screen.W-2, 96), h, theme.Accent, func(w, h int) ([]string, *layout.Cursor) {
		var lines []string
		var cursor *layout.Cursor
		first, last := 0, 0
		f.starts = f.starts[:0]
		for i, fl := range f.fields {
			f.starts = append(f.starts, len(lines))
			if i == f.at {
				first = len(lines)
			}
			drawn, c := f.drawField(th, fl, i == f.at, w)
			if c != nil {
				cursor = &layout.Cursor{X: c.X, Y: c.Y + len(lines)}
			}
			lines = append(lines, drawn...)
			if i == f.at {
				last = len(lines)
			}
		}
		rows := max(1, h-1)
		f.top = layout.Clamp(layout.Reveal(f.top, first, last, rows), 0, len(lines)-1)
		shown := lines[f.top:min(len(lines), f.top+rows)]
		if cursor != nil {
			cursor.Y -= f.top
			if cursor.Y < 0 || cursor.Y >= rows {
				cursor = nil
			}
		}
		out := th.Block(shown, w, rows)
		switch {
		case f.Problem != "":
			out = append(out, th.Paint(theme.Error, f.Problem, w))
		case f.Note == "" && f.Touched():
			out = append(out, th.Paint(theme.Dim, "esc keeps this as a draft", w))
		default:
			out = append(out, th.Paint(theme.Dim, f.Note, w))
		}
		return out, cursor
	})
}

const labelWidth = 14

func (f *Form) drawField(th *theme.Theme, fl *field, focused bool, w int) ([]string, *layout.Cursor) {
	pointer, look := "  ", theme.Text
	if focused && fl.off == "" {
		pointer = th.Say(theme.Pointer, th.PointerSign) + " "
		look = theme.Heading
	}
	if fl.off != "" {
		look = theme.Disabled
	}
	lw := min(labelWidth, max(0, w/3))
	label := fl.label
	if fl.touched() {
		label += " *"
	}
	head := pointer + th.Paint(look, label, lw) + " "
	room := max(1, w-lw-3)
	if fl.off != "" {
		var out []string
		for i, l := range th.Wrap("off: "+fl.off, room) {
			if i > 0 {
				head = layout.Spaces(lw + 3)
			}
			out = append(out, head+th.Paint(theme.Disabled, l, room))
		}
		return out, nil
	}
	start := lw + 3
	switch fl.typ {
	case textField:
		line, x := fl.input.Draw(th, room, theme.Text)
		if fl.input.Value() == "" && f.several {
			line = th.Paint(theme.Dim, f.unset, room)
		}
		if focused {
			return []string{head + line}, &layout.Cursor{X: start + x}
		}
		return []string{head + line}, nil
	case areaField, pairsField:
		return f.drawArea(th, fl, focused, head, start, room)
	case choiceField:
		return []string{head + f.drawChoice(th, fl, focused, room)}, nil
	case peopleField:
		text := "not loaded yet"
		if fl.people.Loaded() {
			text = fl.people.Summary()
		}
		return []string{head + th.Paint(theme.Text, text+"  (enter opens the table)", room)}, nil
	case pickField:
		text, look := "none (enter looks one up)", theme.Dim
		switch {
		case fl.picked.ID != "":
			text, look = model.CleanLine(fl.picked.Display(), 200)+"  (backspace clears it)", theme.Text
		case fl.required:
			text = "required: enter looks one up"
		}
		return []string{head + th.Paint(look, text, room)}, nil
	}
	return []string{head}, nil
}

func (f *Form) drawArea(th *theme.Theme, fl *field, focused bool, head string, start, room int) ([]string, *layout.Cursor) {
	fl.area.SetWidth(room)
	fl.area.SetHeight(fl.rows())
	lines := strings.Split(fl.area.View(), "\n")
	out := make([]string, fl.rows())
	for i := range out {
		text := ""
		if i < len(lines) {
			text = lines[i]
		}
		indent := layout.Spaces(start)
		if i == 0 {
			indent = head
		}
		if i == 1 && fl.note != "" {
			indent = "  " + th.Paint(theme.Dim, fl.note, max(0, start-3)) + " "
		}
		out[i] = indent + th.Fit(strings.TrimRight(text, " "), room, "")
	}
	if !focused {
		return out, nil
	}
	c := fl.area.Cursor()
	if c == nil {
		return out, nil
	}
	return out, &layout.Cursor{X: start + min(max(0, c.X), room-1), Y: min(max(0, c.Y), len(out)-1)}
}

func (f *Form) drawChoice(th *theme.Theme, fl *field, focused bool, room int) string {
	var s strings.Builder
	used := 0
	if fl.choice < 0 {
		s.WriteString(th.Say(theme.Dim, f.unset) + "  ")
		used += th.Width(f.unset) + 2
	}
	for i, o := range fl.options {
		text := model.CleanLine(model.RoleName(o), 40)
		sign := "( ) "
		if i == fl.choice {
			sign = "(" + th.Bullet + ") "
		}
		look := theme.Dim
		if i == fl.choice {
			look = theme.Text
			if focused {
				look = theme.Selected
			}
		}
		n := th.Width(sign+text) + 2
		if used+n > room {
			break
		}
		s.WriteString(th.Say(look, sign+text) + "  ")
		used += n
	}
	if fl.note != "" && used+th.Width(fl.note)+2 <= room {
		s.WriteString(th.Say(theme.Dim, "("+fl.note+")"))
	}
	return th.Fit(s.String(), room, "")
}
