package sandbox

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"
)

// A world of more conversations than its file tells the file's stories again, in the years before: of other people and
// companies, in other towns.

// recasting finds what a text says of people, companies, towns and years.
type recasting struct {
	ready sync.Once
	cast  *cast
	names *regexp.Regexp
	means map[string]meaning
	parts sync.Map // of texts, by text
}

// meaning is what a text, or a piece of one, is in a telling.
type meaning func(t telling) string

// telling is the how manieth time the stories of a file are told, 0 for as they stand there, and how many years ago.
type telling struct {
	w     *world
	n     int
	years func() int
}

var recastings sync.Map // by cast

// recastingOf is nil for a world without names to choose from.
func recastingOf(c *cast) *recasting {
	if len(c.Given) == 0 {
		return nil
	}
	r, _ := recastings.LoadOrStore(c, &recasting{cast: c})
	return r.(*recasting)
}

// learn lists the names.
func (r *recasting) learn() {
	c := r.cast
	r.means = map[string]meaning{}
	add := func(name string, is meaning) {
		if r.means[name] == nil && name != "" {
			r.means[name] = is
		}
	}
	brand := func(co company) string { name, _, _ := strings.Cut(co.Name, " "); return name }
	for i, co := range c.Companies {
		if plays := func(t telling) company { return t.w.company(t.company(i)) }; !co.Stays {
			add(co.Name, func(t telling) string { return plays(t).Name })
			add(brand(co), func(t telling) string { return brand(plays(t)) })
			add(co.Domain, func(t telling) string { return plays(t).Domain })
		}
	}
	for i, p := range c.Contacts {
		if plays := func(t telling) person { return t.w.contact(t.contact(i)) }; !p.Stays {
			add(p.name(), func(t telling) string { return plays(t).name() })
			add(p.First, func(t telling) string { return plays(t).First })
			add(p.Last, func(t telling) string { return plays(t).Last })
			add(p.Email, func(t telling) string { return plays(t).Email })
		}
	}
	for i, town := range c.Towns {
		add(town, func(t telling) string { return c.Towns[(i+t.n)%len(c.Towns)] })
	}
	var all []string
	for name := range r.means {
		all = append(all, regexp.QuoteMeta(name))
	}
	slices.SortFunc(all, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	r.names = regexp.MustCompile(`\b20[2-4]\d\b|(?:contact|account|company) \d+|` + strings.Join(all, "|"))
}

// of is what the pieces of a text mean, nil for a text that stays. A name that is a part of another word is none.
func (r *recasting) of(text string) (parts []meaning) {
	if known, ok := r.parts.Load(text); ok {
		return known.([]meaning)
	}
	r.ready.Do(r.learn)
	last := 0
	plain := func(text string) meaning { return func(telling) string { return text } }
	for _, at := range r.names.FindAllStringIndex(text, -1) {
		found := text[at[0]:at[1]]
		before, _ := utf8.DecodeLastRuneInString(text[:at[0]])
		after, _ := utf8.DecodeRuneInString(text[at[1]:])
		if unicode.Is(unicode.Latin, before) || unicode.Is(unicode.Latin, after) {
			continue
		}
		is := r.means[found]
		if is == nil {
			is = numbered(found)
		}
		parts = append(parts, plain(text[last:at[0]]), is)
		last = at[1]
	}
	if parts != nil {
		parts = append(parts, plain(text[last:]))
	}
	r.parts.Store(text, parts)
	return parts
}

// numbered is the meaning of "contact 3" and the like, or of a year.
func numbered(found string) meaning {
	kind, n := reference(found)
	switch kind {
	case "contact":
		return func(t telling) string { return "contact " + strconv.Itoa(t.contact(n)) }
	case found:
		year, _ := strconv.Atoi(found)
		return func(t telling) string { return strconv.Itoa(year - t.years()) }
	}
	return func(t telling) string { return kind + " " + strconv.Itoa(t.company(n)) }
}

func (t telling) text(text string) string {
	if t.n == 0 || t.w.recast == nil {
		return text
	}
	parts := t.w.recast.of(text)
	if parts == nil {
		return text
	}
	var b strings.Builder
	for _, is := range parts {
		b.WriteString(is(t))
	}
	return b.String()
}

// contact is who plays a contact of the file, company what plays a company: some stay.
func (t telling) contact(n int) int {
	if n >= len(t.w.Contacts) || t.w.Contacts[n].Stays {
		return n
	}
	return n + t.n*len(t.w.Contacts)
}

func (t telling) company(n int) int {
	if n >= len(t.w.Companies) || t.w.Companies[n].Stays {
		return n
	}
	return n + t.n*len(t.w.Companies)
}

// tellings is how often the stories of a file of so many rows are told.
func tellings(conversations, rows int) int { return max(1, (conversations+rows-1)/rows) }

// contact is one of any number of people: after those of the file others follow, of the same names where the world has none to
// choose from.
func (w *world) contact(i int) person {
	p, told := w.Contacts[i%len(w.Contacts)], i/len(w.Contacts)
	if told == 0 {
		return p
	}
	p.Phone = fmt.Sprintf("+3161%07d", i)
	if w.recast == nil {
		local, domain, _ := strings.Cut(p.Email, "@")
		p.Email = fmt.Sprintf("%s.%d@%s", local, told, domain)
		return p
	}
	if p.Company = (telling{w, told, nil}).company(p.Company); p.Stays {
		p.Company = told * len(w.Companies)
	}
	at := w.place(i, len(w.Given)*len(w.Family))
	p.First, p.Last, p.Stays = w.Given[at%len(w.Given)], w.Family[at/len(w.Given)], false
	p.Email = strings.ToLower(p.First+"."+p.Last) + again(i, len(w.Given)*len(w.Family)) + "@" + w.company(p.Company).Domain
	return p
}

// company is one of any number of companies.
func (w *world) company(i int) company {
	c := w.Companies[i%len(w.Companies)]
	if i < len(w.Companies) || w.recast == nil {
		return c
	}
	at := w.place(i, len(w.Firms)*len(w.Trades))
	c.Industry = w.Trades[at/len(w.Firms)]
	c.Name = w.Firms[at%len(w.Firms)] + " " + c.Industry
	c.Domain = strings.ToLower(strings.ReplaceAll(c.Name, " ", "")) + again(i, len(w.Firms)*len(w.Trades)) + ".example"
	return c
}

// place spreads a number below a limit, each to one of its own, by the seed.
func (w *world) place(i, limit int) int {
	const prime = 7919
	return int((uint64(i)*prime + w.seed*31) % uint64(limit))
}

// again tells those who have the name of an earlier one apart.
func again(i, names int) string {
	if i < names {
		return ""
	}
	return strconv.Itoa(i/names + 1)
}

const (
	workdays = 52 * 5
	// pastYears is how far back the stories are told again, at most: where there are more, the days are fuller.
	pastYears = 4
)

// workday is midnight of the n-th working day before the one that is, or that the weekend is followed by.
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

// earlier is when number i of n conversations of the years before the file's was created: on working days, from six in the
// evening to half past eight in the morning.
func (w *world) earlier(i, n, rows int) time.Time {
	at := (float64(i) + 0.5) / float64(n) * float64(min(tellings(n, rows), pastYears)*workdays)
	day := int(at)
	return w.workday(workdays + day).Add(18*time.Hour - time.Duration((at-float64(day))*9.5*float64(time.Hour))).UTC()
}
