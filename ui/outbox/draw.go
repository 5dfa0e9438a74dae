package outbox

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"confab/model"
	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/theme"
)

// Answer shows what a key did in place of the footer.
func (s *Screen) Answer(look theme.Token, text string) { s.answer.look, s.answer.text = look, text }

// Draw draws the screen.
func (s *Screen) Draw(th *theme.Theme, screen layout.Rect) layout.Picture {
	line, hits := th.KeyLine(layout.Rect{X: 1, Y: screen.H - 1, W: screen.W - 2}, s.footer()...)
	if s.answer.text != "" {
		line, hits = th.Say(s.answer.look, th.Truncate(s.answer.text, screen.W-2, th.Ellipsis)), nil
	}
	_, inside := screen.Top(1)
	inside, _ = inside.Bottom(1)
	var cursor *layout.Cursor
	if s.finder.Shown() {
		found, at := s.finder.Draw(th, max(1, screen.W-2))
		if s.finder.Typing() || s.answer.text == "" {
			line, hits = found, nil
		}
		if at != nil {
			cursor = &layout.Cursor{X: at.X + 1, Y: screen.H - 1}
		}
	}
	return layout.Picture{At: screen, Lines: s.draw(th, screen, s.Now(), line), Keys: hits, Inside: inside, Cursor: cursor}
}

// footer names the keys that do something on the line under the cursor.
func (s *Screen) footer() []string {
	var foot []string
	add := func(a keymap.Action, does string) { foot = append(foot, s.Keys.Of(a), does) }
	sub, edit, ok := s.Under()
	switch {
	case !ok:
	case edit == nil && sub.ID == s.open:
		add(keymap.Resolve, "shut")
	case edit == nil:
		add(keymap.Resolve, "open")
	case edit.State.NeedsPerson():
		add(keymap.Settle, "settle")
	default:
		add(keymap.Resolve, "look")
	}
	// A narrow screen shows the first of these, so what a failure needs stands first.
	if edit == nil && sub.NeedPerson > 0 {
		add(keymap.Settle, "settle")
	}
	waits := ok && Unsettled(sub, edit)
	if waits && (edit == nil && sub.Problem != nil || edit != nil && Retriable(edit.OutboxEntry)) {
		add(keymap.Retry, "send again")
	}
	if ok && (edit == nil && sub.Delivered+sub.Waiting+sub.NeedPerson > sub.TakenBack ||
		edit != nil && (edit.Journal == nil || edit.Journal.Undone == "")) {
		add(keymap.UndoEntry, "take back")
	}
	if waits {
		add(keymap.Discard, "discard")
	}
	add(keymap.NextSection, "next section")
	add(keymap.Search, "find")
	return append(foot, "esc", "close")
}

// Unsettled reports whether something of a line is in the outbox.
func Unsettled(sub model.Submission, edit *Edit) bool {
	return edit == nil && sub.ID != "" && !sub.Over() || edit != nil && edit.Journal == nil
}

// Retriable reports whether an edit may be sent again.
func Retriable(e model.OutboxEntry) bool {
	return e.State.Failed() || e.State == model.Held || e.State == model.RetryAt
}

func (s *Screen) draw(th *theme.Theme, r layout.Rect, now time.Time, footer string) []string {
	if r.Empty() {
		return nil
	}
	head := th.Fit(s.head(th), r.W, "")
	foot := th.Fit(" "+footer, r.W, "")
	body := max(0, r.H-2)
	var info []string
	if body >= 6 {
		h := 4
		if body >= 14 {
			h = 5
		}
		info = s.info(th, r.W, h, now)
		body -= len(info)
	}
	s.height = body
	s.bar.Top = min(s.bar.Top, len(s.lines)-body)
	var rows []string
	for i, end := s.bar.Show(len(s.lines), body); i < end; i++ {
		rows = append(rows, s.row(th, i, r.W, now))
	}
	if len(s.lines) == 0 {
		text := "Nothing was submitted in the last 90 days."
		if !s.loaded {
			text = "Reading" + th.Ellipsis
		}
		rows = append(rows, "", th.Paint(theme.Dim, "  "+text, r.W))
	}
	out := append([]string{head}, th.Block(rows, r.W, body)...)
	return th.Block(append(append(out, info...), foot), r.W, r.H)
}

func (s *Screen) head(th *theme.Theme) string {
	var count [sections]int
	for _, sub := range s.subs {
		count[sectionOf(sub)]++
	}
	here := sections
	if sub, _, ok := s.Under(); ok {
		here = sectionOf(sub)
	}
	var out strings.Builder
	for i, name := range []string{"Needs you", "Waiting", "History"} {
		look := theme.Tab
		if section(i) == here {
			look = theme.TabActive
		}
		text := name + " " + theme.Number(count[i])
		if section(i) == settled && s.more {
			text += "+"
		}
		out.WriteString(" " + th.Say(look, text) + " ")
	}
	return out.String()
}

func (s *Screen) row(th *theme.Theme, i, w int, now time.Time) string {
	l := s.lines[i]
	pointer, look := "  ", theme.Text
	if i == s.bar.At {
		pointer, look = th.Say(theme.Pointer, th.PointerSign)+" ", theme.Selected
	}
	if l.edit != nil {
		return s.editRow(th, l.edit, pointer+"  ", look, w, now)
	}
	sign, signLook := subSign(th, l.sub)
	lead := pointer + th.Say(signLook, sign) + " "
	room := w - 4
	switch {
	case w >= 76:
		lead += th.Say(theme.Dim, th.Fit(theme.Said(l.sub.At, now), 15, "")) + "  "
		room -= 17
	case w >= 60:
		lead += th.Say(theme.Dim, th.Fit(theme.When(l.sub.At, now), 10, "")) + " "
		room -= 11
	}
	tail := ""
	if l.sub.Edits > 1 && room > 20 {
		tail = " " + th.ShutSign
		if l.sub.ID == s.open {
			tail = " " + th.OpenSign
		}
		room -= th.Width(tail)
	}
	if room < 10 {
		return th.Fit(lead+l.sub.Words(), w, "")
	}
	ending := th.Progress(l.sub, now)
	words := l.sub.Words()
	endW := min(th.Width(ending), max(room*9/20, room-1-th.Width(words)))
	end := th.Say(signLook, th.Fit(ending, endW, th.Ellipsis)) + th.Say(theme.Dim, tail)
	room -= endW + 1
	apart := th.Truncate(s.namesakes.Apart(l.sub.Sentence, l.sub.Ref, "  "), room/2, th.Ellipsis)
	words = th.Fit(words, room-th.Width(apart), th.Ellipsis)
	return th.Fit(lead+th.Highlight(look, words, s.finder.Query, 1)+th.Say(theme.Dim, apart)+" "+end, w, "")
}

func subSign(th *theme.Theme, sub model.Submission) (string, theme.Token) {
	switch {
	case sub.NeedPerson > 0:
		return th.FailedSign, theme.Attention
	case sub.Waiting > 0 && sub.Problem != nil:
		return th.RetrySign, theme.Warning
	case sub.Waiting > 0:
		return th.QueuedSign, theme.Pending
	case sub.Delivered+sub.Already > 0:
		return th.DoneSign, theme.Good
	}
	return " ", theme.Dim
}

// editRow draws an edit: its state, its conversation, and why it waits or needs a person,
// else what it does.
func (s *Screen) editRow(th *theme.Theme, e *Edit, lead string, look theme.Token, w int, now time.Time) string {
	sign, word, stateLook := th.StateSign(e.State)
	if e.Journal != nil {
		word = settledWord(*e.Journal)
	}
	lead += th.Say(stateLook, th.Fit(sign+" "+word, 12, "")) + " "
	room := w - th.Width(lead)
	if room < 10 {
		return th.Fit(lead, w, "")
	}
	what, whatLook := th.Phrase(e.Edit), theme.Dim
	if reason := th.Reason(e.OutboxEntry, now); reason != "" && e.Journal == nil {
		what, whatLook = reason, stateLook
	}
	titleW := min(max(8, room*2/5), room)
	what = s.edits.namesakes.Apart(e.Title, e.Ref, "") + "  " + what
	return lead + th.Highlight(look, th.Fit(titleOf(e), titleW, th.Ellipsis), s.finder.Query, 1) + " " +
		th.Say(whatLook, th.Fit(strings.TrimPrefix(what, "  "), max(0, room-titleW-1), th.Ellipsis))
}

func settledWord(j model.JournalEntry) string {
	switch {
	case j.Undone != "":
		return "taken back"
	case j.State == model.OutcomeAlreadySet:
		return "already so"
	}
	return "delivered"
}

func titleOf(e *Edit) string {
	return cmp.Or(model.CleanLine(e.Title, 300), model.CleanLine(e.Ref.String(), 300))
}

func (s *Screen) info(th *theme.Theme, w, h int, now time.Time) []string {
	out := []string{th.Say(theme.Border, strings.Repeat(th.Horizontal, w))}
	add := func(look theme.Token, text string, most int) {
		lines := th.Wrap(text, max(1, w-2))
		if len(lines) > most {
			lines = append(lines[:most-1:most-1], th.Truncate(strings.Join(lines[most-1:], " "), max(1, w-2), th.Ellipsis))
		}
		for _, l := range lines {
			out = append(out, " "+th.Say(look, l))
		}
	}
	const reasons = 2 // lines that a reason may take
	sub, e, ok := s.Under()
	switch {
	case !ok:
	case e == nil:
		add(theme.Text, sub.Words(), 1)
		ending, look := th.Progress(sub, now), theme.Dim
		if sub.Problem != nil {
			_, _, look = th.StateSign(sub.Problem.State)
			if sub.Edits > 1 {
				ending += " (" + titleOf(&Edit{OutboxEntry: *sub.Problem}) + ")"
			}
		}
		add(look, ending, reasons)
		add(theme.Dim, stamp("submitted", sub.At, sub.User, now), 1)
	case e.Journal != nil:
		add(theme.Text, th.Phrase(e.Edit), 1)
		if ok, why := model.Undoable(e.Kind); !ok {
			add(theme.Warning, why, 1)
		}
		add(theme.Dim, model.CleanLine(e.Ref.String(), 200)+", "+stamp("delivered", e.Journal.At, e.User, now), 1)
	default:
		_, _, look := th.StateSign(e.State)
		add(theme.Text, th.Phrase(e.Edit), 1)
		if reason := th.Reason(e.OutboxEntry, now); reason != "" {
			add(look, reason, reasons)
		}
		text := model.CleanLine(e.Ref.String(), 200) + ", " + stamp("queued", e.Created, e.User, now)
		switch {
		case e.Attempts == 1:
			text += ", tried once"
		case e.Attempts > 1:
			text += fmt.Sprintf(", tried %d times", e.Attempts)
		}
		add(theme.Dim, text, 1)
	}
	return th.Block(out, w, h)
}

func stamp(what string, at time.Time, user string, now time.Time) string {
	if !at.IsZero() {
		what += " " + at.In(now.Location()).Format("2 Jan 2006 15:04")
	}
	if user = model.CleanLine(user, 40); user != "" {
		what += " by " + user
	}
	return what
}
