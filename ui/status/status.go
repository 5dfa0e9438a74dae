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

// piece is a part of the line; the shorter texts are for a line with less room.
type piece struct {
	text    string
	shorter []string
	look    theme.Token
}

func (p piece) at(level int) string {
	if level <= 0 || len(p.shorter) == 0 {
		return p.text
	}
	return p.shorter[min(level, len(p.shorter))-1]
}

// Draw draws the line.
func Draw(th *theme.Theme, w int, in Info) string {
	if w <= 0 {
		return ""
	}
	var must, may []piece
	waiting, person := 0, 0
	for _, a := range in.Accounts {
		waiting += a.Waiting
		person += a.NeedPerson
	}
	if in.ReadOnly {
		must = append(must, piece{text: "read-only", look: theme.Warning})
	}
	if person > 0 {
		must = append(must, piece{text: needs(th, person, in.Settle), look: theme.Attention})
	}
	if waiting > 0 {
		must = append(must, piece{text: th.QueuedSign + " " + theme.Number(waiting) + " waiting", look: theme.Pending})
	}
	if in.Marked > 0 {
		text := th.MarkSign + " " + theme.Number(in.Marked) + " marked"
		if in.Hidden > 0 {
			text += ", " + theme.Number(in.Hidden) + " hidden"
		}
		must = append(must, piece{text: text, look: theme.Marked})
	}
	if in.Filter != "" {
		may = append(may, piece{text: "/" + th.Truncate(model.CleanLine(in.Filter, 200), 24, th.Ellipsis), look: theme.Accent})
	}
	if in.Demo {
		must = append(must, piece{text: "demo", look: theme.Accent})
	}
	accounts := in.Accounts
	if p, ok := machine(th, accounts); ok {
		must, accounts = append(must, p), nil
	}
	for _, a := range accounts {
		p, trouble := account(th, a, in)
		if trouble {
			must = append(must, p)
		} else {
			may = append(may, p)
		}
	}
	right := ""
	if in.Position != "" {
		right = in.Position + " "
	}
	room := w - th.Width(right) - 1
	if right != "" {
		room-- // between the last piece and the position
	}
	level := 0
	for level < levels && width(th, must, level) > room {
		level++
	}
	var s strings.Builder
	used := 0
	add := func(p piece) bool {
		text := p.at(level)
		n := th.Width(text)
		if used > 0 {
			n += 2
		}
		if used+n > room {
			return false
		}
		if used > 0 {
			s.WriteString("  ")
		}
		s.WriteString(th.Say(p.look, text))
		used += n
		return true
	}
	for _, p := range must {
		add(p)
	}
	for _, p := range may {
		add(p)
	}
	if room < 0 {
		return th.Fit(right, w, "")
	}
	return " " + s.String() + layout.Spaces(w-1-used-th.Width(right)) + th.Say(theme.Dim, right)
}

func needs(th *theme.Theme, n int, key string) string {
	if key == "" {
		return th.FailedSign + " " + theme.Need(n)
	}
	return theme.Need(n) + " (" + key + ")"
}

func width(th *theme.Theme, all []piece, level int) int {
	n := 2 * (len(all) - 1)
	for _, p := range all {
		n += th.Width(p.at(level))
	}
	return n
}

// levels is how often trouble can be shortened.
const levels = 3

// account says how an account does, and whether that is trouble.
func account(th *theme.Theme, a model.AccountState, in Info) (piece, bool) {
	name := model.CleanLine(a.Name, 30)
	if a.ReadOnly && !in.ReadOnly {
		name += " (read-only)"
	}
	checked := ""
	if !a.Checked.IsZero() {
		checked = " " + Clock(a.Checked, in.Now)
	}
	switch {
	case a.Error != nil:
		return trouble(th, a, name, in.Now), true
	case a.Syncing && a.Total > 0:
		far := theme.Number(a.Read) + "/" + theme.Number(a.Total) + " " + bar(th, a.Read, a.Total)
		return piece{text: th.SyncSign + " " + name + " " + far, look: theme.Accent}, false
	case a.Syncing:
		return piece{text: th.SyncSign + " " + name + " " + theme.Number(a.Read), look: theme.Accent}, false
	case a.Checked.IsZero():
		return piece{text: th.PublicSign + " " + name + " never read", look: theme.Dim}, false
	}
	return piece{text: th.OnlineSign + " " + name + checked, look: theme.Dim}, false
}

// machine says what is wrong with this machine, where that is the trouble of every
// account.
func machine(th *theme.Theme, accounts []model.AccountState) (p piece, ok bool) {
	for i, a := range accounts {
		if a.Error == nil || a.Error.Kind != model.Local || i > 0 && a.Error.Message != accounts[0].Error.Message {
			return p, false
		}
		p.text = th.FailedSign + " " + model.CleanLine(a.Error.Message, 200)
	}
	what, _, _ := strings.Cut(p.text, ": ")
	first, _, _ := strings.Cut(what, ", ")
	p.look, p.shorter = theme.Error, []string{what, first}
	return p, len(accounts) > 0
}

// trouble says why an account fails, how old what is shown of it is, and when it is tried
// again. Without room the service's own words go first, then the age, then the reason.
func trouble(th *theme.Theme, a model.AccountState, name string, now time.Time) piece {
	sign, why, look := th.FailedSign, model.CleanLine(strings.ReplaceAll(string(a.Error.Kind), "_", " "), 40), theme.Error
	if a.Offline() {
		sign, why, look = th.OfflineSign, "offline", theme.Warning
	}
	head := sign + " " + name
	age := ", never read"
	if !a.Checked.IsZero() {
		age = ", read " + Clock(a.Checked, now)
	}
	again := ""
	if !a.NextTry.IsZero() {
		again = ", again " + Clock(a.NextTry, now)
	}
	p := piece{text: head + " " + why + age + again, look: look,
		shorter: []string{head + " " + why + age + again, head + " " + why + again, head}}
	if words := model.CleanLine(a.Error.Message, 80); words != "" {
		p.text += " (" + words + ")"
	}
	return p
}

func bar(th *theme.Theme, done, total int) string {
	const w = 8
	full := max(0, min(w, done*w/total))
	return strings.Repeat(th.BarFull, full) + strings.Repeat(th.BarEmpty, w-full)
}

// Clock says when something was, with the day where it was not today.
func Clock(t, now time.Time) string {
	return theme.Clock(t, now, "15:04", "2 Jan 15:04", "2 Jan 15:04")
}
