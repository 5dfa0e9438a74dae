package sandbox

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"strings"
	"time"
)

// Streams of random numbers: each kind of thing draws from its own, so that adding a field to one doesn't change another. A
// vendor has two of its own, further on.
const (
	streamFaults    uint64 = 1
	streamPeople    uint64 = 2
	streamCompanies uint64 = 3
	streamAge       uint64 = 12
)

const (
	staffCount   = 32
	contactCount = 180
	companyCount = 48
	// seedSpan is how far back the data goes.
	seedSpan = 200 * 24 * time.Hour
	// ownDomain is the mail domain of the company whose accounts these are.
	ownDomain = "northwind.example"
)

// seedData is what the servers have in common: the same company, its staff, the people and companies it talks to, and one
// start time. It doesn't change once made.
type seedData struct {
	seed uint64
	// base is the time the sandbox was made, UTC, in whole seconds.
	base time.Time
	// staff work at ownDomain; contacts at companies[contact.company].
	staff     []person
	contacts  []person
	companies []company
}

// person is somebody, the same in every service that knows them.
type person struct {
	first, last string
	email, job  string
	phone, zone string
	// company indexes seedData.companies; -1 for staff.
	company int
}

func (p person) name() string { return strings.TrimSpace(p.first + " " + p.last) }

type company struct{ name, domain, industry string }

func newSeedData(seed uint64, now time.Time) *seedData {
	d := &seedData{seed: seed, base: now.UTC().Truncate(time.Second)}
	d.companies = make([]company, companyCount)
	for i := range d.companies {
		r := d.rng(streamCompanies, i)
		c := words.Companies[i%len(words.Companies)]
		d.companies[i] = company{name: c[0], domain: c[1] + ".example", industry: pick(r, words.Industries)}
		if i >= len(words.Companies) {
			suffix := pick(r, []string{"Group", "Europe", "Labs", "Holding", "Digital"})
			d.companies[i].name += " " + suffix
			d.companies[i].domain = c[1] + "-" + strings.ToLower(suffix) + ".example"
		}
	}
	taken := map[string]bool{}
	d.staff = make([]person, staffCount)
	for i := range d.staff {
		r := d.rng(streamPeople, i)
		d.staff[i] = newPerson(r, -1, ownDomain, taken)
	}
	d.contacts = make([]person, contactCount)
	for i := range d.contacts {
		r := d.rng(streamPeople, staffCount+i)
		c := r.IntN(companyCount)
		d.contacts[i] = newPerson(r, c, d.companies[c].domain, taken)
	}
	return d
}

func newPerson(r *rand.Rand, company int, domain string, taken map[string]bool) person {
	s := pick(r, words.Scripts)
	first, last := pick(r, s.First), pick(r, s.Last)
	p := person{
		first: first[0], last: last[0], job: pick(r, words.Jobs), zone: pick(r, s.Zones),
		phone: "+" + digits(r, 11), company: company,
	}
	local := first[1] + "." + last[1]
	p.email = local + "@" + domain
	for n := 2; taken[p.email]; n++ {
		p.email = local + string(rune('0'+n%10)) + "@" + domain
		if n > 9 {
			p.email = local + digits(r, 4) + "@" + domain
		}
	}
	taken[p.email] = true
	return p
}

// rng returns the random numbers of row i of a stream.
func (d *seedData) rng(stream uint64, i int) *rand.Rand {
	return rand.New(rand.NewPCG(d.seed^stream<<48, uint64(i)*0x9e3779b97f4a7c15+stream))
}

// created returns the creation time of row i of n, newest first: row 0 is the newest, a later row is never younger, and
// recent days are denser. Fractions of a second come in all lengths, none included.
func (d *seedData) created(i, n int) time.Time {
	u := d.rng(streamAge, i).Float64()
	age := time.Duration(math.Pow((float64(i)+u)/float64(max(n, 1)), 1.8) * float64(seedSpan))
	// The newest conversation ended a few minutes ago at the least.
	t := d.base.Add(-age - 2*time.Hour)
	return t.Truncate([...]time.Duration{
		time.Second, time.Millisecond, time.Microsecond, 100 * time.Millisecond, time.Second, 10 * time.Millisecond,
	}[i%6])
}

// stamp formats a time with only the fractional digits it has, in UTC.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.999999999Z07:00") }

// millis formats a time with exactly three fractional digits, in UTC.
func millis(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z07:00") }

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// chance is true with probability p.
func chance(r *rand.Rand, p float64) bool { return r.Float64() < p }

// someOf picks n different indexes below limit, in random order.
func someOf(r *rand.Rand, n, limit int) []int {
	n = min(n, limit)
	chosen := make([]int, 0, n)
next:
	for len(chosen) < n {
		i := r.IntN(limit)
		for _, c := range chosen {
			if c == i {
				continue next
			}
		}
		chosen = append(chosen, i)
	}
	return chosen
}

func digits(r *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('0' + r.IntN(10))
	}
	if n > 0 && b[0] == '0' {
		b[0] = '4'
	}
	return string(b)
}

// uuid draws a version 4 UUID.
func uuid(r *rand.Rand) string {
	var raw [16]byte
	binary.LittleEndian.PutUint64(raw[:8], r.Uint64())
	binary.LittleEndian.PutUint64(raw[8:], r.Uint64())
	raw[6] = raw[6]&0x0f | 0x40
	raw[8] = raw[8]&0x3f | 0x80
	const hex = "0123456789abcdef"
	out := make([]byte, 0, 36)
	for i, b := range raw {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			out = append(out, '-')
		}
		out = append(out, hex[b>>4], hex[b&15])
	}
	return string(out)
}

// ulid draws a ULID of the given time: 26 characters of Crockford's base 32.
func ulid(r *rand.Rand, t time.Time) string {
	const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	var out [26]byte
	ms := uint64(max(t.UnixMilli(), 0))
	for i := 9; i >= 0; i-- {
		out[i] = alphabet[ms&31]
		ms >>= 5
	}
	for i := 10; i < 26; i++ {
		out[i] = alphabet[r.IntN(32)]
	}
	return string(out[:])
}

// mix spreads a number over 64 bits (splitmix64).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// spaced returns the creation time of row i of n, newest first. Neighbours are at least a second apart for any n a sandbox
// is made with, so that no precision of writing the time changes their order.
func (d *seedData) spaced(i, n int) time.Time {
	x := (float64(i) + 0.5*float64(mix(d.seed^uint64(i))>>11)/(1<<53)) / float64(max(n, 1))
	age := (0.9*math.Pow(x, 1.8) + 0.1*x) * float64(seedSpan)
	return d.base.Add(-3*time.Hour - time.Duration(age))
}
