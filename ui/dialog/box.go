package dialog

// scroll keeps an offset within lines shown in h rows.
func scroll(offset *int, lines, h int) {
	*offset = max(0, min(*offset, lines-h))
}

func b(v bool) int {
	if v {
		return 1
	}
	return 0
}
