package dialog

import (
	"strings"

	"confab/model"
	"confab/ui/layout"
	"confab/ui/theme"
)

const page = 10

// pager is a box of at most 92 cells with text that scrolls.
type pager struct{ layout.Pager }

func (p *pager) draw(th *theme.Theme, screen layout.Rect, title string, foot []string, look theme.Token, text func(w int) []string) layout.Picture {
	w := min(screen.W-2, 92)
	return th.Frame(screen, title, foot, w, len(text(max(1, w-4))), look, func(w, h int) ([]string, *layout.Cursor) {
		lines := text(w)
		first, end := p.Show(len(lines), h)
		return lines[first:end], nil
	})
}

func b(v bool) int {
	if v {
		return 1
	}
	return 0
}

func titleOf(title string, ref model.Ref) string {
	if title = model.CleanLine(title, 200); title == "" {
		title = model.CleanLine(ref.String(), 200)
	}
	return title
}

func sentence(s string) string {
	if s = capital(s); s == "" {
		return ""
	}
	if !strings.ContainsAny(s[len(s)-1:], ".!?)") {
		s += "."
	}
	return s
}

func capital(s string) string {
	if s == "" {
		return ""
	}
	r := []rune(s)
	return strings.ToUpper(string(r[0])) + string(r[1:])
}

func are(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}
