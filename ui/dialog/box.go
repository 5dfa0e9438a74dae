package dialog

import (
	"strings"
	"unicode/utf8"

	"confab/ui/layout"
	"confab/ui/theme"
)

const page = 10

// pager is a box of at most 92 cells with text that scrolls.
type pager struct{ layout.Pager }

func (p *pager) draw(th *theme.Theme, screen layout.Rect, title string, foot []string, look theme.Token,
	text func(w int) []string) layout.Picture {
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

func sentence(s string) string {
	if s != "" && !strings.ContainsAny(s[len(s)-1:], ".!?)") {
		s += "."
	}
	return capital(s)
}

func capital(s string) string {
	_, n := utf8.DecodeRuneInString(s)
	return strings.ToUpper(s[:n]) + s[n:]
}
