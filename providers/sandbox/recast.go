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
// companies, in other towns. Telling is which time it is, 0 for the stories as they stand in the file.

// part is a piece of a text: itself, or what stands for number n of a kind of things.
type part struct {
	text, kind string
	n          int
}

// recasting finds what a text says of people, companies, towns and years.
type recasting struct {
	ready sync.Once
	cast  *cast
	names *regexp.Regexp
	means map[string]part
	parts sync.Map // of texts, by text
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
	r.means = map[string]part{}
	add := func(name, kind string, n int) {
		if _, known := r.means[name]; !known && name != "" {
			r.means[name] = part{name, kind, n}
		}
	}
	for i, co := range c.Companies {
		if !co.Stays {
			brand, _, _ := strings.Cut(co.Name, " ")
			add(co.Name, "firm", i)
			add(brand, "brand", i)
			add(co.Domain, "domain", i)
		}
	}
	for i, p := range c.Contacts {
		if !p.Stays {
			add(p.name(), "name", i)
			add(p.First, "first", i)
			add(p.Last, "last", i)
			add(p.Email, "email", i)
		}
	}
	for i, town := range c.Towns {
		add(town, "town", i)
	}
	var all []string
	for name := range r.means {
		all = append(all, regexp.QuoteMeta(name))
	}
	slices.SortFunc(all, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	r.names = regexp.MustCompile(`\b20[2-4]\d\b|(?:contact|account|company) \d+|` + strings.Join(all, "|"))
}

// of splits a text. A name that is a part of another word is none.
func (r *recasting) of(text string) []part {
	if known, ok := r.parts.Load(text); ok {
		return known.([]part)
	}
	r.ready.Do(r.learn)
	var parts []part
	last := 0
	for _, at := range r.names.FindAllStringIndex(text, -1) {
		found := text[at[0]:at[1]]
		before, _ := utf8.DecodeLastRuneInString(text[:at[0]])
		after, _ := utf8.DecodeRuneInString(text[at[1]:])
		if unicode.Is(unicode.Latin, before) || unicode.Is(unicode.Latin, after) {
			continue
		}
		p, named := r.means[found]
		if !named {
			kind, n := reference(found)
			if p = (part{found, kind, n}); kind == found {
				p.n, _ = strconv.Atoi(found)
				p.kind = "year"
			}
		}
		parts = append(parts, part{text: text[last:at[0]]}, p)
		last = at[1]
	}
	if parts != nil {
		parts = append(parts, part{text: text[last:]})
	}
	r.parts.Store(text, parts)
	return parts
}

// telling is the how manieth time the stories of a file are told, and how many years ago.
type telling struct {
	w     *world
	n     int
	years func() int
}

func (t telling) text(text string) string {
	parts := t.w.recasting.of(text)
	if parts == nil {
		return text
	}
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(t.say(p))
	}
	return b.String()
}

func (t telling) say(p part) string {
	contact, company := t.contact(p.n), t.company(p.n)
	switch p.kind {
	case "contact":
		return "contact " + strconv.Itoa(contact)
	case "company", "account":
		return p.kind + " " + strconv.Itoa(company)
	case "firm":
		return t.w.company(company).Name
	case "brand":
		brand, _, _ := strings.Cut(t.w.company(company).Name, " ")
		return brand
	case "domain":
		return t.w.company(company).Domain
	case "name":
		return t.w.contact(contact).name()
	case "first":
		return t.w.contact(contact).First
	case "last":
		return t.w.contact(contact).Last
	case "email":
		return t.w.contact(contact).Email
	case "town":
		return t.w.Towns[(p.n+t.n)%len(t.w.Towns)]
	case "year":
		return strconv.Itoa(p.n - t.years())
	}
	return p.text
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

func (t telling) value(v any) any {
	switch v := v.(type) {
	case string:
		return t.text(v)
	case map[string]any:
		return t.members(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = t.value(v[i])
		}
		return out
	}
	return v
}

func (t telling) members(m map[string]any) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[k] = t.value(v)
	}
	return out
}

func (t telling) record(r *record) *record {
	out := *r
	out.Set, out.With, out.Said = t.members(r.Set), make([]map[string]any, len(r.With)), slices.Clone(r.Said)
	for i, w := range r.With {
		out.With[i] = t.members(w)
	}
	for i, l := range out.Said {
		out.Said[i].By, out.Said[i].Text, out.Said[i].Set = t.text(l.By), t.text(l.Text), t.members(l.Set)
	}
	return &out
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
	if w.recasting == nil {
		local, domain, _ := strings.Cut(p.Email, "@")
		p.Email = fmt.Sprintf("%s.%d@%s", local, told, domain)
		return p
	}
	if p.Company = (telling{w: w, n: told}).company(p.Company); p.Stays {
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
	if i < len(w.Companies) || w.recasting == nil {
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
