package status

import (
	"cmp"
	"strings"
	"time"

	"confab/model"
	"confab/ui/layout"
	"confab/ui/theme"
)

// Info is what the line shows.
type Info struct {
	Accounts []model.AccountState
	ReadOnly bool
	Demo     bool
	// Position is the place of the cursor: "12/3,402".
	Position string
	Marked   int
	Hidden   int // of the marked
	Filter   string
	Now      time.Time
	Settle   string // the key that settles what needs a person
}

// piece is a part of the line: its text, followed by shorter ones for when there is less room.
type piece struct {
	look  theme.Token
	texts []string
}

func text(look theme.Token, texts ...string) piece { return piece{look, texts} }

func (p piece) at(level int) string { return p.texts[min(level, len(p.texts)-1)] }

// levels is how many times a piece can be shortened.
const levels = 4

// Draw draws the pieces that fit, the most urgent first, and the position at the end.
func Draw(th *theme.Theme, w int, in Info) string {
	if w <= 0 {
		return ""
	}
	must, may := pieces(th, in)
	gap := " " + th.Separator + " "
	right := theme.Around("", in.Position, " ")
	if th.Width(right) > w || len(must) > 0 && th.Width(must[0].at(levels))+3+th.Width(right) > w {
		right = "" // the most urgent piece needs the room
	}
	room := max(0, w-1-th.Width(right)-min(1, len(right)))
	level := 0
	for level < levels && width(th, must, gap, level) > room {
		level++
	}
	line, used := " ", 0
	for _, p := range append(must, may...) {
		text, before := p.at(level), theme.Pick(used > 0, gap, "")
		if n := th.Width(before + text); used+n <= room {
			line += th.Say(theme.Dim, before) + th.Say(p.look, text)
			used += n
		}
	}
	return th.Fit(line, w-th.Width(right), "") + th.Say(theme.Dim, right)
}

func width(th *theme.Theme, all []piece, gap string, level int) int {
	n := th.Width(gap) * (len(all) - 1)
	for _, p := range all {
		n += th.Width(p.at(level))
	}
	return n
}

// pieces returns the pieces that must be on the line and those that may, the most urgent first.
func pieces(th *theme.Theme, in Info) (must, may []piece) {
	waiting, person := 0, 0
	for _, a := range in.Accounts {
		waiting += a.Waiting
		person += a.NeedPerson
	}
	add := func(shown bool, look theme.Token, words string) {
		if shown {
			must = append(must, text(look, words))
		}
	}
	add(person > 0, theme.Attention, theme.Need(person)+theme.Around(" (", in.Settle, ")"))
	add(in.ReadOnly, theme.Warning, "read-only")
	add(waiting > 0, theme.Pending, theme.Number(waiting)+" waiting")
	hidden := theme.Pick(in.Hidden > 0, ", "+theme.Number(in.Hidden)+" hidden", "")
	add(in.Marked > 0, theme.Marked, theme.Number(in.Marked)+" marked"+hidden)
	add(in.Demo, theme.Accent, "demo")
	troubled, others := accounts(th, in)
	must, may = append(must, troubled...), others
	if in.Filter != "" {
		may = append([]piece{text(theme.Accent, "/"+th.Truncate(model.CleanLine(in.Filter, 200), 24, th.Ellipsis))}, may...)
	}
	return must, may
}

// accounts returns a piece for each account that fails or is read-only, and one each for all that
// are well, all that are being read, and all that were never read.
func accounts(th *theme.Theme, in Info) (must, may []piece) {
	if p, ok := machine(th, in.Accounts); ok {
		return []piece{p}, nil
	}
	if all, ok := unreachable(in.Accounts); ok {
		return []piece{trouble(th, all, all.Name, in.Now)}, nil
	}
	var ok, reading, unread []string
	read, total, counted := 0, 0, true
	for _, a := range in.Accounts {
		name := model.CleanLine(a.Name, 30)
		if a.ReadOnly && !in.ReadOnly {
			must = append(must, text(theme.Warning, name+" read-only"))
		}
		switch {
		case a.Error != nil:
			must = append(must, trouble(th, a, name, in.Now))
		case a.Syncing:
			reading, read = append(reading, name), read+a.Read
			total, counted = total+a.Total, counted && a.Total > 0
		case a.Checked.IsZero():
			unread = append(unread, name)
		default:
			ok = append(ok, name)
		}
	}
	if len(reading) > 0 {
		may = append(may, progress(th, called(reading), read, theme.Pick(counted, total, 0)))
	}
	if len(unread) > 0 {
		may = append(may, text(theme.Dim, called(unread)+" not read yet"))
	}
	if len(ok) > 0 {
		all := called(ok) + " ok"
		if n := len(ok); n > 1 && n < len(in.Accounts) {
			all = theme.Number(n) + " others ok"
		}
		may = append(may, text(theme.Dim, all, "ok"))
	}
	return must, may
}

// called names a single account, and counts several.
func called(names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	return theme.Count(len(names), "account")
}

// progress returns a piece for accounts being read, with a bar if the total is known.
func progress(th *theme.Theme, who string, read, total int) piece {
	head := th.SyncSign + " " + who + " " + theme.Number(read)
	if total <= 0 {
		return text(theme.Accent, head, th.SyncSign+" "+theme.Number(read))
	}
	const w = 8
	full := layout.Clamp(read*w/total, 0, w)
	of := "/" + theme.Number(total)
	return text(theme.Accent, head+of+" "+strings.Repeat(th.BarFull, full)+strings.Repeat(th.BarEmpty, w-full), head+of,
		th.SyncSign+" "+theme.Number(read)+of)
}

// machine returns a piece for a failure of this machine, if all accounts fail because of it.
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

// unreachable returns the state of all accounts as one, if there are several and none can be reached.
func unreachable(accounts []model.AccountState) (all model.AccountState, ok bool) {
	for i, a := range accounts {
		if !a.Offline() {
			return all, false
		}
		if i == 0 || a.Checked.After(all.Checked) {
			all.Checked = a.Checked
		}
		if i == 0 || a.NextTry.Before(all.NextTry) {
			all.NextTry = a.NextTry
		}
	}
	all.Name, all.Error = "all accounts", &model.EntryError{Kind: model.Unavailable}
	return all, len(accounts) > 1
}

// reasons describe in short why an account fails.
var reasons = map[model.ErrorKind]string{
	model.Unavailable: "offline", model.RateLimited: "asks to wait", model.Unauthorized: "credential rejected",
	model.NoCredential: "no credential", model.Forbidden: "not allowed", model.Local: "this machine failed",
	model.Malformed: "answers nothing readable",
}

// trouble returns a piece that says why an account fails, when it was last read, and when it is tried
// again. When there is less room, the service's own words go first, then the time, then the reason.
func trouble(th *theme.Theme, a model.AccountState, name string, now time.Time) piece {
	sign, look := th.FailedSign, theme.Error
	if a.Offline() {
		sign, look = th.OfflineSign, theme.Warning
	}
	why := cmp.Or(reasons[a.Error.Kind], "can't be read")
	head := sign + " " + name
	age := cmp.Or(theme.Around(" since ", theme.When(a.Checked, now), ""), ", never read")
	again := theme.Around(", next try ", theme.When(a.NextTry, now), "")
	words := theme.Around(" (", model.CleanLine(a.Error.Message, 80), ")")
	return text(look, head+" "+why+age+again+words, head+" "+why+age+again, head+" "+why+again, head+" "+why, head)
}
