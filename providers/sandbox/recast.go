package sandbox

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A world with lists of names repeats the stories of its files in earlier years if it needs more conversations than they have. Each
// telling is about other people, companies and towns, which the texts name by placeholders.

// telling is the n-th repetition of the stories, 0 for those of the file, so many years ago.
type telling struct {
	w        *world // nil for no placeholders
	n, years int
}

func (w *world) retells() bool { return len(w.Given) > 0 }

// word returns what "{kind n}" stands for if it is about a person of the story or its time.
func (t telling) word(kind string, n int) (string, bool) {
	if t.w == nil {
		return "", false
	}
	switch p, c := t.w.contact(t.number("contact", n)), t.w.company(t.number("company", n)); kind {
	case "name":
		return p.name(), true
	case "first":
		return p.First, true
	case "firm":
		return c.Name, true
	case "brand":
		brand, _, _ := strings.Cut(c.Name, " ")
		return brand, true
	case "town":
		return t.w.Towns[(n+t.n)%len(t.w.Towns)], true
	case "year":
		return strconv.Itoa(n - t.years), true
	}
	return "", false
}

// number returns the object that takes the place of object n of a kind, which is n itself for those who stay.
func (t telling) number(kind string, n int) int {
	switch {
	case t.w == nil:
	case kind == "contact" && n < len(t.w.Contacts) && !t.w.Contacts[n].Stays:
		n += t.n * len(t.w.Contacts)
	case (kind == "company" || kind == "account") && n < len(t.w.Companies) && !t.w.Companies[n].Stays:
		n += t.n * len(t.w.Companies)
	}
	return n
}

// tellings returns how often a file with this many rows is used.
func tellings(conversations, rows int) int { return max(1, (conversations+rows-1)/rows) }

// contact returns contact i. Those beyond the file get other names, or the same ones if the world has no lists of names.
func (w *world) contact(i int) person {
	p, told := w.Contacts[i%len(w.Contacts)], i/len(w.Contacts)
	if told == 0 {
		return p
	}
	p.Phone = fmt.Sprintf("+3161%07d", i)
	if !w.retells() {
		local, domain, _ := strings.Cut(p.Email, "@")
		p.Email = fmt.Sprintf("%s.%d@%s", local, told, domain)
		return p
	}
	if p.Company = (telling{w: w, n: told}).number("company", p.Company); p.Stays {
		p.Company = told * len(w.Companies)
	}
	var again string
	p.First, p.Last, again = w.draw(i, w.Given, w.Family)
	p.Email, p.Stays = strings.ToLower(p.First+"."+p.Last)+again+"@"+w.company(p.Company).Domain, false
	return p
}

// company returns company i. Those beyond the file get other names if the world has lists of them.
func (w *world) company(i int) company {
	c := w.Companies[i%len(w.Companies)]
	if i < len(w.Companies) || !w.retells() {
		return c
	}
	firm, trade, again := w.draw(i, w.Firms, w.Trades)
	c.Industry, c.Name = trade, firm+" "+trade
	c.Domain = strings.ToLower(strings.ReplaceAll(c.Name, " ", "")) + again + ".example"
	return c
}

// draw picks the pair of names for number i by the seed. After all pairs are used, again is a suffix that tells them apart.
func (w *world) draw(i int, first, second []string) (a, b, again string) {
	const prime = 7919
	n := len(first) * len(second)
	at := int((uint64(i)*prime + w.seed*31) % uint64(n))
	if i >= n {
		again = strconv.Itoa(i/n + 1)
	}
	return first[at%len(first)], second[at/len(first)], again
}

const (
	workdays = 52 * 5
	// pastYears limits how far back stories are repeated. More conversations make the days fuller.
	pastYears = 4
)

// workday returns midnight of the n-th working day before today, or on a weekend before the next Monday.
func (w *world) workday(n int) time.Time {
	now := w.base.In(w.zone)
	at, since := now, int(now.Weekday()+6)%7 // since Monday
	if since >= 5 {
		at, since = now.AddDate(0, 0, 7-since), 0
	}
	weeks, days := n/5, n%5
	if days > since {
		days += 2
	}
	at = at.AddDate(0, 0, -7*weeks-days)
	return time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, w.zone)
}

// earlier returns when number i of the n conversations of earlier years was created: on a working day, from six in the evening
// back to half past eight in the morning.
func (w *world) earlier(i, n, rows int) time.Time {
	at := (float64(i) + 0.5) / float64(n) * float64(min(tellings(n, rows), pastYears)*workdays)
	day := int(at)
	return w.workday(workdays + day).Add(18*time.Hour - time.Duration((at-float64(day))*9.5*float64(time.Hour))).UTC()
}
