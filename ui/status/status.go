package status

import (
	"fmt"
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
	Filter   string
	Now      time.Time
}

type piece struct {
	text string
	look theme.Token
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
		must = append(must, piece{"read-only", theme.Warning})
	}
	if person > 0 {
		must = append(must, piece{fmt.Sprintf("%s %d need you (O)", th.FailedSign, person), theme.Attention})
	}
	if waiting > 0 {
		must = append(must, piece{fmt.Sprintf("%s %d waiting", th.QueuedSign, waiting), theme.Pending})
	}
	if in.Marked > 0 {
		must = append(must, piece{fmt.Sprintf("%s %d marked", th.MarkSign, in.Marked), theme.Marked})
	}
	if in.Filter != "" {
		may = append(may, piece{"/" + th.Truncate(model.CleanLine(in.Filter, 200), 24, th.Ellipsis), theme.Accent})
	}
	if in.Demo {
		must = append(must, piece{"demo", theme.Accent})
	}
	for _, a := range in.Accounts {
		p, trouble := account(th, a, in.Now)
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
	var s strings.Builder
	used := 0
	add := func(p piece) {
		n := th.Width(p.text)
		if used > 0 {
			n += 2
		}
		if used+n > room {
			return
		}
		if used > 0 {
			s.WriteString("  ")
		}
		s.WriteString(th.Say(p.look, p.text))
		used += n
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
	return " " + s.String() + layout.Spaces(room-used) + th.Say(theme.Dim, right)
}

// account says how an account does, and whether that is trouble.
func account(th *theme.Theme, a model.AccountState, now time.Time) (piece, bool) {
	name := model.CleanLine(a.Name, 30)
	if a.ReadOnly {
		name += " (read-only)"
	}
	checked := ""
	if !a.Checked.IsZero() {
		checked = " " + clock(a.Checked, now)
	}
	switch {
	case a.Error != nil && a.Offline():
		return piece{th.OfflineSign + " " + name + " offline" + checked, theme.Warning}, true
	case a.Error != nil:
		text := th.FailedSign + " " + name + " " + model.CleanLine(strings.ReplaceAll(string(a.Error.Kind), "_", " "), 40)
		if !a.NextTry.IsZero() {
			text += ", again " + clock(a.NextTry, now)
		}
		return piece{text, theme.Error}, true
	case a.Syncing && a.Total > 0:
		return piece{fmt.Sprintf("%s %s %d/%d %s", th.SyncSign, name, a.Read, a.Total, bar(th, a.Read, a.Total)), theme.Accent}, false
	case a.Syncing:
		return piece{fmt.Sprintf("%s %s %d", th.SyncSign, name, a.Read), theme.Accent}, false
	case a.Checked.IsZero():
		return piece{th.PublicSign + " " + name + " never read", theme.Dim}, false
	}
	return piece{th.OnlineSign + " " + name + checked, theme.Dim}, false
}

func bar(th *theme.Theme, done, total int) string {
	const w = 8
	full := max(0, min(w, done*w/total))
	return strings.Repeat(th.BarFull, full) + strings.Repeat(th.BarEmpty, w-full)
}

func clock(t, now time.Time) string {
	t = t.In(now.Location())
	if t.Year() == now.Year() && t.YearDay() == now.YearDay() {
		return t.Format("15:04")
	}
	return t.Format("2 Jan 15:04")
}
