package outbox

import (
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

func (s *Screen) Draw(th *theme.Theme, screen layout.Rect) layout.Picture {
	if screen.Empty() {
		return layout.Picture{}
	}
	w, now := screen.W, s.Now()
	line, keys := th.KeyLine(layout.Rect{X: 1, Y: screen.H - 1, W: w - 2}, s.footer()...)
	if s.answer.text != "" {
		line, keys = th.Say(s.answer.look, th.Truncate(s.answer.text, w-2, th.Ellipsis)), nil
	}
	var cursor *layout.Cursor
	if s.finder.Shown() {
		found, at := s.finder.Draw(th, max(1, w-2))
		if s.finder.Typing() || s.answer.text == "" {
			line, keys = found, nil
		}
		if at != nil {
			cursor = &layout.Cursor{X: at.X + 1, Y: screen.H - 1}
		}
	}
	_, inside := screen.Top(1)
	inside, _ = inside.Bottom(1)
	var info []string
	switch {
	case inside.H >= 14:
		info = s.info(th, w, 5, now)
	case inside.H >= 6:
		info = s.info(th, w, 4, now)
	}
	s.height = inside.H - len(info)
	s.bar.Top = min(s.bar.Top, len(s.lines)-s.height)
	var rows []string
	for i, end := s.bar.Show(len(s.lines), s.height); i < end; i++ {
		rows = append(rows, s.row(th, i, w, now))
	}
	if len(s.lines) == 0 {
		text := theme.Pick(s.loaded, "Nothing was submitted in the last 90 days.", "Reading"+th.Ellipsis)
		rows = append(rows, "", th.Paint(theme.Dim, "  "+text, w))
	}
	lines := append([]string{s.head(th)}, th.Block(rows, w, s.height)...)
	lines = append(append(lines, info...), " "+line)
	return layout.Picture{At: screen, Lines: th.Block(lines, w, screen.H), Keys: keys, Inside: inside, Cursor: cursor}
}

// footer names the keys that do something on the line under the cursor.
func (s *Screen) footer() []string {
	sub, edit, ok := s.Under()
	line, needs, waits := ok && edit == nil, edit != nil && edit.State.NeedsPerson(), ok && Unsettled(sub, edit)
	again := line && sub.Problem != nil || edit != nil && Retriable(edit.OutboxEntry)
	taken := edit != nil && edit.Journal != nil && edit.Journal.Undone != "" ||
		line && sub.Delivered+sub.Waiting+sub.NeedPerson <= sub.TakenBack
	look := theme.Pick(edit != nil, "look", theme.Pick(sub.ID == s.open, "shut", "open"))
	return []string{ // a narrow screen shows the first of these, so what a failure needs stands first
		s.Keys.If(ok && !needs, keymap.Resolve), look,
		s.Keys.If(needs || line && sub.NeedPerson > 0, keymap.Settle), "settle",
		s.Keys.If(waits && again, keymap.Retry), "send again",
		s.Keys.If(ok && !taken, keymap.UndoEntry), "take back",
		s.Keys.If(waits, keymap.Discard), "discard",
		s.Keys.Of(keymap.NextSection), "next section", s.Keys.Of(keymap.Search), "find", "esc", "close",
	}
}

// Unsettled reports whether something of a line is in the outbox.
func Unsettled(sub model.Submission, edit *Edit) bool {
	return edit == nil && sub.ID != "" && !sub.Over() || edit != nil && edit.Journal == nil
}

// Retriable reports whether an edit may be sent again.
func Retriable(e model.OutboxEntry) bool {
	return e.State.Failed() || e.State == model.Held || e.State == model.RetryAt
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
	out := ""
	for i, name := range []string{"Needs you", "Waiting", "History"} {
		look := theme.Pick(section(i) == here, theme.TabActive, theme.Tab)
		out += " " + th.Say(look, name+" "+theme.Number(count[i])+theme.Pick(section(i) == settled && s.more, "+", "")) + " "
	}
	return out
}

func (s *Screen) row(th *theme.Theme, i, w int, now time.Time) string {
	l, look := s.lines[i], theme.Text
	lead := th.Pointer(i == s.bar.At) + " "
	if i == s.bar.At {
		look = theme.Selected
	}
	if l.edit != nil {
		return s.editRow(th, l.edit, lead+"  ", look, w, now)
	}
	sign, signLook := subSign(th, l.sub)
	lead += th.Say(signLook, sign) + " "
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
		tail = " " + th.Fold(l.sub.ID == s.open)
		room -= th.Width(tail)
	}
	words, ending := l.sub.Words(), th.Progress(l.sub, now)
	if room < 10 {
		return th.Fit(lead+words, w, "")
	}
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
	what, whatLook := th.Phrase(e.Edit), theme.Dim
	switch reason := th.Reason(e.OutboxEntry, now); {
	case e.Journal == nil && reason != "":
		what, whatLook = reason, stateLook
	case e.Journal == nil:
	case e.Journal.Undone != "":
		word = "taken back"
	case e.State != model.OutcomeAlreadySet:
		word = "delivered"
	}
	lead += th.Say(stateLook, th.Fit(sign+" "+word, 12, "")) + " "
	room := w - th.Width(lead)
	if room < 10 {
		return th.Fit(lead, w, "")
	}
	titleW := min(max(8, room*2/5), room)
	what = s.edits.namesakes.Apart(e.Title, e.Ref, "") + "  " + what
	return lead + th.Highlight(look, th.Fit(titleOf(e.OutboxEntry), titleW, th.Ellipsis), s.finder.Query, 1) + " " +
		th.Say(whatLook, th.Fit(strings.TrimPrefix(what, "  "), max(0, room-titleW-1), th.Ellipsis))
}

func titleOf(e model.OutboxEntry) string { return theme.TitleOf(e.Title, e.Ref, 300) }

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
	sub, e, ok := s.Under()
	switch {
	case !ok:
	case e == nil:
		add(theme.Text, sub.Words(), 1)
		ending, look := th.Progress(sub, now), theme.Dim
		if sub.Problem != nil {
			_, _, look = th.StateSign(sub.Problem.State)
			if sub.Edits > 1 {
				ending += " (" + titleOf(*sub.Problem) + ")"
			}
		}
		add(look, ending, 2)
		add(theme.Dim, stamp("submitted", sub.At, sub.User, now), 1)
	default:
		add(theme.Text, th.Phrase(e.Edit), 1)
		_, _, look := th.StateSign(e.State)
		said, tries := stamp("queued", e.Created, e.User, now), ""
		if e.Journal != nil {
			said = stamp("delivered", e.Journal.At, e.User, now)
			if ok, why := model.Undoable(e.Kind); !ok {
				add(theme.Warning, why, 1)
			}
		} else if reason := th.Reason(e.OutboxEntry, now); reason != "" {
			add(look, reason, 2)
		}
		if e.Attempts == 1 {
			tries = ", tried once"
		} else if e.Attempts > 1 {
			tries = fmt.Sprintf(", tried %d times", e.Attempts)
		}
		add(theme.Dim, model.CleanLine(e.Ref.String(), 200)+", "+said+tries, 1)
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
