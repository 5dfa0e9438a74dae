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

// Answer shows what a key did, in place of the footer.
func (s *Screen) Answer(look theme.Token, text string) { s.answer.look, s.answer.text = look, text }

func (s *Screen) Draw(th *theme.Theme, screen layout.Rect) layout.Picture {
	w := screen.W
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
	if inside.H >= 6 {
		info = th.Block(th.Write(w, s.writeInfo), w, theme.Pick(inside.H >= 14, 5, 4))
	}
	s.height = inside.H - len(info)
	s.bar.Top = min(s.bar.Top, len(s.lines)-s.height)
	first, end := s.bar.Show(len(s.lines), s.height)
	rows := th.Write(w, func(p *theme.Page) {
		for i := first; i < end; i++ {
			p.Line(s.row(p, i))
		}
		if len(s.lines) == 0 {
			text := theme.Pick(s.loaded, "Nothing was submitted in the last 90 days.", "Reading"+p.Ellipsis)
			p.Line("", p.Paint(theme.Dim, "  "+text, w))
		}
	})
	lines := append([]string{s.header(th, w)}, th.Block(rows, w, s.height)...)
	lines = append(append(lines, info...), " "+line)
	return layout.Picture{At: screen, Lines: th.Block(lines, w, screen.H), Keys: keys, Inside: inside, Cursor: cursor}
}

// footer names the keys that do something on the line under the cursor.
func (s *Screen) footer() []string {
	sub, edit, ok := s.Under()
	line, needs, waits := ok && edit == nil, edit != nil && edit.State.NeedsPerson(), ok && Unsettled(sub, edit)
	again := line && sub.Problem != nil || edit != nil && edit.Retriable()
	takenBack := edit != nil && edit.Journal != nil && edit.Journal.Undone != "" ||
		line && sub.Delivered+sub.Waiting+sub.NeedPerson <= sub.TakenBack
	look := theme.Pick(edit != nil, "look", theme.Pick(sub.ID == s.opened, "shut", "open"))
	return []string{ // what a failure needs stands first: a narrow screen shows no more
		s.Keys.If(ok && !needs, keymap.Resolve), look,
		s.Keys.If(needs || line && sub.NeedPerson > 0, keymap.Settle), "settle",
		s.Keys.If(waits && again, keymap.Retry), "send again",
		s.Keys.If(ok && !takenBack, keymap.UndoEntry), "take back",
		s.Keys.If(waits, keymap.Discard), "discard",
		s.Keys.Of(keymap.NextSection), "next section", s.Keys.Of(keymap.Search), "find", "esc", "close",
	}
}

// Unsettled reports whether the edit of a line, or an edit of its submission, is in the outbox.
func Unsettled(sub model.Submission, edit *Edit) bool {
	return edit == nil && sub.ID != "" && !sub.Over() || edit != nil && edit.Journal == nil
}

func (s *Screen) header(th *theme.Theme, w int) string {
	var count [sections]int
	for _, sub := range s.subs {
		count[sectionOf(sub)]++
	}
	here := sections
	if sub, _, ok := s.Under(); ok {
		here = sectionOf(sub)
	}
	labels := []string{"Needs you", "Waiting", "History"}
	for i := range labels {
		labels[i] += " " + theme.Number(count[i]) + theme.Pick(section(i) == settled && s.more, "+", "")
	}
	line, _ := th.Tabs(layout.Rect{W: w}, labels, int(here))
	return line
}

func (s *Screen) row(p *theme.Page, i int) string {
	l, now, w := s.lines[i], s.Now(), p.W
	look := theme.Pick(i == s.bar.At, theme.Selected, theme.Text)
	lead := p.Pointer(i == s.bar.At) + " "
	if l.edit != nil {
		return s.editRow(p, l.edit, lead+"  ", look)
	}
	sign, signLook := subSign(p.Theme, l.sub)
	lead += p.Say(signLook, sign) + " "
	switch {
	case w >= 76:
		lead += p.Say(theme.Dim, p.Fit(theme.WhenInWords(l.sub.At, now), 15, "")) + "  "
	case w >= 60:
		lead += p.Say(theme.Dim, p.Fit(theme.When(l.sub.At, now), 10, "")) + " "
	}
	room, tail := w-p.Width(lead), ""
	if l.sub.Edits > 1 && room > 20 {
		tail = " " + p.Fold(l.sub.ID == s.opened)
		room -= p.Width(tail)
	}
	words, ending := l.sub.Words(), p.Progress(l.sub, now)
	if room < 10 {
		return lead + words
	}
	endW := min(p.Width(ending), max(room/2, room-2-p.Width(words)))
	end := p.Say(signLook, p.Fit(ending, endW, p.Ellipsis)) + p.Say(theme.Dim, tail)
	room -= endW + 2
	apart := p.Truncate(s.namesakes.Apart(l.sub.Sentence, l.sub.Ref, "  "), room/2, p.Ellipsis)
	words = p.Fit(words, room-p.Width(apart), p.Ellipsis)
	return lead + p.Highlight(look, words, s.finder.Query, 1) + p.Say(theme.Dim, apart) + "  " + end
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

// editRow draws the state of an edit, its conversation, and why it waits or needs a person;
// without a reason it says what the edit does.
func (s *Screen) editRow(p *theme.Page, e *Edit, lead string, look theme.Token) string {
	sign, word, stateLook := p.StateSign(e.State)
	what, whatLook := p.Phrase(e.Edit), theme.Dim
	switch reason := p.Reason(e.OutboxEntry, s.Now()); {
	case e.Journal == nil && reason != "":
		what, whatLook = reason, stateLook
	case e.Journal == nil:
	case e.Journal.Undone != "":
		word = "taken back"
	case e.State != model.OutcomeAlreadySet:
		word = "delivered"
	}
	lead += p.Say(stateLook, p.Fit(sign+" "+word, 12, "")) + " "
	room := p.W - p.Width(lead)
	if room < 10 {
		return lead
	}
	titleW := max(8, room*2/5)
	what = strings.TrimPrefix(s.edits.namesakes.Apart(e.Title, e.Ref, "")+"  "+what, "  ")
	return lead + p.Highlight(look, p.Fit(titleOf(e.OutboxEntry), titleW, p.Ellipsis), s.finder.Query, 1) + " " +
		p.Paint(whatLook, what, room-titleW-1)
}

func titleOf(e model.OutboxEntry) string { return theme.TitleOf(e.Title, e.Ref, 300) }

// writeInfo writes the details of the line under the cursor.
func (s *Screen) writeInfo(p *theme.Page) {
	p.Line(p.Say(theme.Border, strings.Repeat(p.Horizontal, p.W)))
	add := func(look theme.Token, text string, most int) {
		lines := p.Wrap(text, max(1, p.W-2))
		if len(lines) > most {
			lines = append(lines[:most-1:most-1], p.Truncate(strings.Join(lines[most-1:], " "), max(1, p.W-2), p.Ellipsis))
		}
		for _, l := range lines {
			p.Line(" " + p.Say(look, l))
		}
	}
	sub, e, ok := s.Under()
	now, look := s.Now(), theme.Dim
	switch {
	case !ok:
	case e == nil:
		add(theme.Text, sub.Words(), 1)
		ending := p.Progress(sub, now)
		if sub.Problem != nil {
			_, _, look = p.StateSign(sub.Problem.State)
			ending += theme.Pick(sub.Edits > 1, " ("+titleOf(*sub.Problem)+")", "")
		}
		add(look, ending, 2)
		add(theme.Dim, stamp("submitted", sub.At, sub.User, now), 1)
	default:
		add(theme.Text, p.Phrase(e.Edit), 1)
		when := stamp("queued", e.Created, e.User, now)
		if e.Journal != nil {
			when = stamp("delivered", e.Journal.At, e.User, now)
			if ok, why := model.Undoable(e.Kind); !ok {
				add(theme.Warning, "can't be taken back: "+why, 1)
			}
		} else if reason := p.Reason(e.OutboxEntry, now); reason != "" {
			_, _, look = p.StateSign(e.State)
			add(look, reason, 2)
		}
		tries := fmt.Sprintf(", tried %d times", e.Attempts)
		if e.Attempts < 2 {
			tries = theme.Pick(e.Attempts == 1, ", tried once", "")
		}
		add(theme.Dim, model.CleanLine(e.Ref.String(), 200)+", "+when+tries, 1)
	}
}

func stamp(what string, at time.Time, user string, now time.Time) string {
	if !at.IsZero() {
		what += " " + at.In(now.Location()).Format("2 Jan 2006 15:04")
	}
	return what + theme.Around(" by ", model.CleanLine(user, 40), "")
}
