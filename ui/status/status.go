package status

import (
	"strings"
	"time"

	"confab/model"
	"confab/ui/layout"
	"confab/ui/theme"
)

// Info is what the line tells.
type Info struct {
	Accounts []model.AccountState
	ReadOnly bool
	Demo     bool
	// Position is where the cursor is: "12/3,402".
	Position string
	Marked   int
	Hidden   int // of the marked
	Filter   string
	Now      time.Time
	Settle   string
}

// piece is a part of the line: its text, and shorter ones for a line with less room.
type piece struct {
	look  theme.Token
	texts []string
}

func text(look theme.Token, texts ...string) piece { return piece{look, texts} }

func (p piece) at(level int) string { return p.texts[min(level, len(p.texts)-1)] }

// levels is how often trouble can be shortened.
const levels = 3

// Draw draws the line.
func Draw(th *theme.Theme, w int, in Info) string {
	if w <= 0 {
		return ""
	}
	must, may := pieces(th, in)
	right := ""
	room := w - 1
	if in.Position != "" {
		right = in.Position + " "
		room -= th.Width(right) + 1 // and what keeps the last piece from it
	}
	if room < 0 {
		return th.Fit(right, w, "")
	}
	level := 0
	for level < levels && width(th, must, level) > room {
		level++
	}
	line, used, gap := " ", 0, ""
	for _, p := range append(must, may...) {
		if n := th.Width(gap + p.at(level)); used+n <= room {
			line += gap + th.Say(p.look, p.at(level))
			used, gap = used+n, "  "
		}
	}
	return line + layout.Spaces(w-1-used-th.Width(right)) + th.Say(theme.Dim, right)
}

func width(th *theme.Theme, all []piece, level int) int {
	n := 2 * (len(all) - 1)
	for _, p := range all {
		n += th.Width(p.at(level))
	}
	return n
}

// pieces returns the parts that must be on the line, and those that may.
func pieces(th *theme.Theme, in Info) (must, may []piece) {
	waiting, person := 0, 0
	for _, a := range in.Accounts {
		waiting += a.Waiting
		person += a.NeedPerson
	}
	if in.ReadOnly {
		must = append(must, text(theme.Warning, "read-only"))
	}
	switch {
	case person > 0 && in.Settle == "":
		must = append(must, text(theme.Attention, th.FailedSign+" "+theme.Need(person)))
	case person > 0:
		must = append(must, text(theme.Attention, theme.Need(person)+" ("+in.Settle+")"))
	}
	if waiting > 0 {
		must = append(must, text(theme.Pending, th.QueuedSign+" "+theme.Number(waiting)+" waiting"))
	}
	if in.Marked > 0 {
		marked := th.MarkSign + " " + theme.Number(in.Marked) + " marked"
		if in.Hidden > 0 {
			marked += ", " + theme.Number(in.Hidden) + " hidden"
		}
		must = append(must, text(theme.Marked, marked))
	}
	if in.Filter != "" {
		may = append(may, text(theme.Accent, "/"+th.Truncate(model.CleanLine(in.Filter, 200), 24, th.Ellipsis)))
	}
	if in.Demo {
		must = append(must, text(theme.Accent, "demo"))
	}
	if p, ok := machine(th, in.Accounts); ok {
		return append(must, p), may
	}
	for _, a := range in.Accounts {
		name := model.CleanLine(a.Name, 30)
		if a.ReadOnly && !in.ReadOnly {
			name += " (read-only)"
		}
		if a.Error != nil {
			must = append(must, trouble(th, a, name, in.Now))
		} else {
			may = append(may, well(th, a, name, in.Now))
		}
	}
	return must, may
}

// well says how an account does that does not fail.
func well(th *theme.Theme, a model.AccountState, name string, now time.Time) piece {
	switch {
	case a.Syncing && a.Total > 0:
		const w = 8
		full := layout.Clamp(a.Read*w/a.Total, 0, w)
		bar := strings.Repeat(th.BarFull, full) + strings.Repeat(th.BarEmpty, w-full)
		return text(theme.Accent, th.SyncSign+" "+name+" "+theme.Number(a.Read)+"/"+theme.Number(a.Total)+" "+bar)
	case a.Syncing:
		return text(theme.Accent, th.SyncSign+" "+name+" "+theme.Number(a.Read))
	case a.Checked.IsZero():
		return text(theme.Dim, th.PublicSign+" "+name+" never read")
	}
	return text(theme.Dim, th.OnlineSign+" "+name+" "+Clock(a.Checked, now))
}

// machine says what is wrong with this machine, where that is the trouble of every
// account.
func machine(th *theme.Theme, accounts []model.AccountState) (p piece, ok bool) {
	whole := ""
	for i, a := range accounts {
		if a.Error == nil || a.Error.Kind != model.Local || i > 0 && a.Error.Message != accounts[0].Error.Message {
			return p, false
		}
		whole = th.FailedSign + " " + model.CleanLine(a.Error.Message, 200)
	}
	what, _, _ := strings.Cut(whole, ": ")
	first, _, _ := strings.Cut(what, ", ")
	return text(theme.Error, whole, what, first), len(accounts) > 0
}

// trouble says why an account fails, how old what is shown of it is, and when it is tried
// again. Without room the service's own words go first, then the age, then the reason.
func trouble(th *theme.Theme, a model.AccountState, name string, now time.Time) piece {
	sign, why, look := th.FailedSign, model.CleanLine(strings.ReplaceAll(string(a.Error.Kind), "_", " "), 40), theme.Error
	if a.Offline() {
		sign, why, look = th.OfflineSign, "offline", theme.Warning
	}
	head := sign + " " + name
	age, again, words := ", never read", "", model.CleanLine(a.Error.Message, 80)
	if !a.Checked.IsZero() {
		age = ", read " + Clock(a.Checked, now)
	}
	if !a.NextTry.IsZero() {
		again = ", again " + Clock(a.NextTry, now)
	}
	if words != "" {
		words = " (" + words + ")"
	}
	return text(look, head+" "+why+age+again+words, head+" "+why+age+again, head+" "+why+again, head)
}

// Clock says when something was, with the day where it was not today.
func Clock(t, now time.Time) string {
	return theme.Clock(t, now, "15:04", "2 Jan 15:04", "2 Jan 15:04")
}
