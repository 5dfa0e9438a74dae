package uitest

import uv "github.com/charmbracelet/ultraviolet"

// Seen takes out of a cell what nobody sees: the colour and weight of a blank.
func Seen(c uv.Cell) uv.Cell {
	if c.Content == " " && c.Style.Attrs&(uv.AttrReverse|uv.AttrStrikethrough) == 0 && c.Style.Underline == uv.UnderlineNone {
		c.Style = uv.Style{Bg: c.Style.Bg}
	}
	return c
}
