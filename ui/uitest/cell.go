package uitest

import uv "github.com/charmbracelet/ultraviolet"

// Seen returns a cell without what is invisible: the text colour and weight of a blank.
func Seen(c uv.Cell) uv.Cell {
	if c.Content == " " && c.Style.Attrs&(uv.AttrReverse|uv.AttrStrikethrough) == 0 && c.Style.Underline == uv.UnderlineNone {
		c.Style = uv.Style{Bg: c.Style.Bg}
	}
	return c
}
