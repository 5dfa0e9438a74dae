package dialog

import (
	"fmt"
	"strings"

	"confab/model"
	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/theme"
)

// Result is one edit of a submission and what became of it.
type Result struct {
	Edit  model.Edit
	Title string
	State model.EditState
	Error *model.EntryError
}

// Results shows a submission of several edits while it is delivered.
type Results struct {
	// Keys names the keys of the footer.
	Keys   keymap.Names
	Title  string
	Items  []Result
	offset int
}

// Counts tells how many are settled well, failed (a person is needed), and on
// their way.
func (d *Results) Counts() (done, failed, waiting int) {
	for _, it := range d.Items {
		switch {
		case it.State.Waiting():
			waiting++
		case it.State.NeedsPerson():
			failed++
		default:
			done++
		}
	}
	return done, failed, waiting
}

// Scroll moves by lines.
func (d *Results) Scroll(by int) { d.offset += by }

// Line says in one line how far it is.
func (d *Results) Line() string {
	done, failed, waiting := d.Counts()
	var out []string
	for _, part := range []struct {
		n    int
		word string
	}{{done, "done"}, {failed, "need you"}, {waiting, "on their way"}} {
		if part.n > 0 {
			out = append(out, fmt.Sprintf("%d %s", part.n, part.word))
		}
	}
	return strings.Join(out, ", ")
}

// Draw draws the results.
func (d *Results) Draw(th *theme.Theme, screen layout.Rect) layout.Picture {
	w := min(screen.W-2, 92)
	_, failed, waiting := d.Counts()
	retry, stop := "", ""
	if failed > 0 {
		retry = d.Keys.Of(keymap.Retry)
	}
	if waiting > 0 {
		stop = d.Keys.Of(keymap.Stop)
	}
	foot := []string{retry, "retry failed", stop, "stop", d.Keys.Of(keymap.SaveReport), "save report", "esc", "hide"}
	return th.Frame(screen, d.Title, foot, w, min(len(d.Items)*2+3, screen.H-3), theme.Accent,
		func(w, h int) ([]string, *layout.Cursor) {
			done, failed, waiting := d.Counts()
			head := []string{d.Line(), Bar(th, done+failed, done+failed+waiting, w), ""}
			var out []string
			for _, it := range d.Items {
				sign, word, look := th.StateSign(it.State)
				title := model.CleanLine(it.Title, 200)
				if title == "" {
					title = model.CleanLine(it.Edit.Ref.String(), 200)
				}
				out = append(out, th.Say(look, th.Fit(sign+" "+word, 13, ""))+" "+th.Truncate(title, max(1, w-14), th.Ellipsis))
				if it.Error != nil {
					out = append(out, th.Wrapped(it.Error.Words(), w, theme.Error, "    ")...)
				}
			}
			room := max(0, h-len(head))
			scroll(&d.offset, len(out), room)
			return append(head, out[min(d.offset, len(out)):]...), nil
		})
}

// Report gives the results as text to be saved.
func (d *Results) Report(th *theme.Theme) string {
	var s strings.Builder
	fmt.Fprintf(&s, "%s\n%s\n\n", model.CleanLine(d.Title, 0), d.Line())
	for _, it := range d.Items {
		_, word, _ := th.StateSign(it.State)
		fmt.Fprintf(&s, "%s\t%s\t%s\t%s", word, model.CleanLine(it.Edit.Ref.String(), 0), th.Phrase(it.Edit), model.CleanLine(it.Title, 0))
		if it.Error != nil {
			fmt.Fprintf(&s, "\t%s", it.Error.Words())
		}
		s.WriteByte('\n')
	}
	return s.String()
}
