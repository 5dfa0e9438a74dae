package theme

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"confab/model"
)

// Number writes a count with commas.
func Number(n int) string { return model.Number(n) }

// Count writes a count with its noun: "1 edit", "2 edits".
func Count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return Number(n) + " " + noun
}

// Need says how many edits need a person: "1 needs you", "2 need you".
func Need(n int) string {
	if n == 1 {
		return "1 needs you"
	}
	return Number(n) + " need you"
}

// Changed counts what becomes of a set: "1 added, 2 kept".
func Changed(added, removed, changed, kept int) string {
	var out []string
	for i, n := range []int{added, removed, changed, kept} {
		if n > 0 {
			out = append(out, Number(n)+" "+[]string{"added", "removed", "changed", "kept"}[i])
		}
	}
	return strings.Join(out, ", ")
}

// Counted returns what is among some texts, each once, and how often.
func Counted(all iter.Seq[string]) (each []string, n []int) {
	for s := range all {
		i := slices.Index(each, s)
		if i < 0 {
			i, each, n = len(each), append(each, s), append(n, 0)
		}
		n[i]++
	}
	return each, n
}

// TitleOf returns the title of a conversation, where it has none its ref.
func TitleOf(title string, ref model.Ref, most int) string {
	return cmp.Or(model.CleanLine(title, most), model.CleanLine(ref.String(), most))
}

// Pick returns one of two values.
func Pick[T any](so bool, yes, no T) T {
	if so {
		return yes
	}
	return no
}

// Around puts something before and behind a text, nothing around none.
func Around(before, text, behind string) string {
	if text == "" {
		return ""
	}
	return before + text + behind
}
