package theme

import (
	"strings"

	"confab/model"
	"confab/ui/layout"
)

// Highlight gives text a look, with at most so many matches of a folded query marked
// in it. Where a text holds none, such as one cut short, nothing is marked. Folding
// may change lengths, so that the query is looked for in the folded runes one by one.
func (t *Theme) Highlight(look Token, text, query string, most int) string {
	if query == "" || !strings.Contains(model.FoldText(text), query) {
		return t.Say(look, text)
	}
	runes := []rune(text)
	var out strings.Builder
	rest := 0
	for i := 0; i < len(runes) && most > 0; i++ {
		n := matchAt(runes[i:], query)
		if n == 0 {
			continue
		}
		for i+n < len(runes) && layout.Joins(runes[i+n]) {
			n++ // a mark is lost without its letter
		}
		out.WriteString(t.Say(look, string(runes[rest:i])) + t.Say(Match, string(runes[i:i+n])))
		rest = i + n
		i = rest - 1
		most--
	}
	return out.String() + t.Say(look, string(runes[rest:]))
}

// matchAt returns how many runes at the start of a text match a folded query.
func matchAt(runes []rune, query string) int {
	folded := ""
	for n, r := range runes {
		folded += model.FoldText(string(r))
		if strings.HasPrefix(folded, query) {
			return n + 1
		}
		if !strings.HasPrefix(query, folded) {
			return 0
		}
	}
	return 0
}
