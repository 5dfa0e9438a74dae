package sandbox

import (
	"cmp"
	"embed"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// files are described in the package documentation.
//
//go:embed data
var files embed.FS

// world is what the servers share: the people of a company and those they talk to, the seed and the start time.
type world struct {
	*cast
	files fs.FS
	name  string
	seed  uint64
	base  time.Time // when the sandbox was made, UTC, in whole seconds
	zone  *time.Location
}

// cast is the file people.json of a world.
type cast struct {
	Services []string
	// Odd makes the services leave out what a client must not rely on, such as some names and times.
	Odd bool
	// Staff work for the company that owns the accounts.
	Staff, Contacts []person
	Companies       []company
	// The names of the people, companies and towns in repeated stories.
	Given, Family, Firms, Trades, Towns []string
}

type person struct {
	First, Last, Email, Job, Phone, Zone string
	Company                              int
	Stays                                bool // the same person in every telling
}

type company struct {
	Name, Domain, Industry string
	Stays                  bool
}

func (p person) name() string { return strings.TrimSpace(p.First + " " + p.Last) }

func newWorld(from fs.FS, name string, seed uint64, now time.Time) *world {
	people := load[cast](from, "data/"+name+"/people.json")
	return &world{cast: people, files: from, name: name, seed: seed, base: now.UTC().Truncate(time.Second), zone: now.Location()}
}

var loaded sync.Map // the package's own files by path, decoded

// load decodes a data file into T. A nil file system means the package's own files, which it decodes only once. It panics on a
// broken file, because the files are part of the program.
func load[T any](from fs.FS, path string) *T {
	if v, ok := loaded.Load(path); ok && from == nil {
		return v.(*T)
	}
	v := new(T)
	raw, err := fs.ReadFile(cmp.Or(from, fs.FS(files)), path)
	if err == nil {
		err = json.Unmarshal(raw, v)
	}
	if err != nil {
		panic(fmt.Sprintf("sandbox: %s: %v", path, err))
	}
	if from == nil {
		loaded.Store(path, v)
	}
	return v
}

// person returns who is meant by "staff 3" or "contact 12".
func (w *world) person(who string) person {
	switch kind, n := reference(who); kind {
	case "staff":
		return w.Staff[n]
	case "contact":
		return w.contact(n)
	}
	return person{}
}

// transcript returns what was said as text, one line for each speaker's turn.
func (w *world) transcript(said []line) string {
	var text strings.Builder
	for _, l := range said {
		text.WriteString(w.person(l.By).name() + ": " + l.Text + "\n")
	}
	return text.String()
}

// reference splits "contact 12".
func reference(word string) (kind string, n int) {
	kind, digits, _ := strings.Cut(word, " ")
	n, _ = strconv.Atoi(digits)
	return kind, n
}

// The first 32 bits of an id hold its number, multiplied by idFactor; idInverse is the inverse of idFactor modulo 1<<32.
const (
	idFactor  uint32 = 0x9e3779b1
	idInverse uint32 = 0x0e8b2f51
)

// mix spreads a number over 64 bits (splitmix64).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// kind returns a number that tells the ids of one kind from those of another.
func (w *world) kind(kind string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(kind))
	return mix(w.seed ^ h.Sum64())
}

// id returns the UUID of object n of a kind.
func (w *world) id(kind string, n int) string {
	start := w.kind(kind)
	head, h := uint32(n)*idFactor^uint32(start), mix(start^uint64(uint32(n)))
	raw := binary.BigEndian.AppendUint32(nil, head)
	raw = binary.BigEndian.AppendUint64(raw, h&^0xf000c0000000|0x400080000000) // version 4, variant 1
	raw = binary.BigEndian.AppendUint32(raw, uint32(mix(h)))
	text := hex.EncodeToString(raw)
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}

// number is the inverse of id for numbers below limit.
func (w *world) number(kind, id string, limit int) (int, bool) {
	n := w.decode(kind, id)
	return n, n < limit && w.id(kind, n) == strings.ToLower(id)
}

// decode returns the number at the start of an id and doesn't check the rest.
func (w *world) decode(kind, id string) int {
	head, _ := strconv.ParseUint(id[:min(8, len(id))], 16, 32)
	return int((uint32(head) ^ uint32(w.kind(kind))) * idInverse)
}

var crockford = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ")

// ulid returns a ULID with the given time, which takes 50 bits, and the first 16 hexadecimal digits of an id.
func ulid(t time.Time, id string) string {
	at := binary.BigEndian.AppendUint64(nil, uint64(max(t.UnixMilli(), 0))<<14)
	return crockford.EncodeToString(at)[:10] + strings.ToUpper(strings.ReplaceAll(id, "-", "")[:16])
}

// collection is the records of one kind.
type collection struct {
	// All has the members that every row has unless the row says otherwise.
	All  map[string]any
	Rows []record
	// Acts lists what was done before a demo starts, oldest first.
	Acts []deed
}

// deed is an [Act] in a file. On is its time, like "1d 18:10"; Refused is the refusal that it met, if any.
type deed struct {
	On, Query, Field, To string
	Refused              *guard
}

// record is an object in a data file, in the service's own format. In its strings,
//
//   - "@", "@+2h" and "@-90m" stand for times relative to the conversation's creation, or to the start of the sandbox for other
//     objects
//   - "{id}" stands for the object's own id, "{user 3}" for what the service shows of user 3 there, "{name}" and the like for
//     words of the person that the object is about, "{week}" and "{month}" for those of the conversation's creation
type record struct {
	// Age says how long ago a conversation was created. On says it as days and a local time, "3d 14:30". Its days are spread over
	// working days, five for seven, so that a Monday doesn't get the conversations of the weekend as well.
	Age span
	On  string
	// Unseen conversations are unseen when a demo starts.
	Unseen bool
	// Set has the members that differ from those of the collection, Drop those that the object lacks.
	Set  map[string]any
	Drop []string
	// With lists who takes part: "who", and members that differ. Said is what was said or written, oldest first.
	With []map[string]any
	Said []line
}

// line is what somebody said or wrote.
type line struct {
	By, Text string
	At       span // after the conversation's creation
	Set      map[string]any
	Drop     []string
}

// span is a duration as Go writes it, "52h3m".
type span time.Duration

// UnmarshalText implements [encoding.TextUnmarshaler].
func (s *span) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	*s = span(d)
	return err
}

// dated returns a copy of a collection in which every row has an Age, newest first.
func (w *world) dated(c *collection) *collection {
	out := &collection{All: c.All, Rows: slices.Clone(c.Rows), Acts: c.Acts}
	for i, r := range out.Rows {
		if r.On != "" {
			out.Rows[i].Age = span(w.base.Sub(w.on(r.On)))
		}
	}
	slices.SortStableFunc(out.Rows, func(a, b record) int { return cmp.Compare(a.Age, b.Age) })
	return out
}

// on returns the time that is meant by "3d 14:30".
func (w *world) on(text string) time.Time {
	var days, hour, minute int
	if _, err := fmt.Sscanf(text, "%dd %d:%d", &days, &hour, &minute); err != nil {
		panic(fmt.Sprintf("sandbox: %s: %q: %v", w.name, text, err))
	}
	day := w.workday((days*5 + 6) / 7)
	return time.Date(day.Year(), day.Month(), day.Day(), hour, minute, 0, 0, w.zone).UTC()
}

// age returns how long ago row i of n was created. It spreads the ages of the file over n rows.
func (c *collection) age(i, n int) time.Duration {
	at := float64(i) * float64(len(c.Rows)) / float64(max(n, 1))
	k := min(int(at), len(c.Rows)-1)
	from, to := c.Rows[k].Age, c.Rows[k].Age+span(24*time.Hour)
	if k+1 < len(c.Rows) {
		to = c.Rows[k+1].Age
	}
	return time.Duration(from + span((at-float64(k))*float64(to-from)))
}

// scene says what the placeholders in a record stand for.
type scene struct {
	at time.Time // what times are relative to
	// pace shortens the time after at for a conversation that is younger than its record, so that nothing lies in the future.
	pace  float64
	clock func(time.Time) any
	words map[string]any
	place func(kind string, n int) any // of "{kind n}"
	tell  telling
}

var placeForm = regexp.MustCompile(`\{([A-Za-z_]+)(?: (\d+))?\}`)

// make builds an object from the members of a collection and of a record.
func (s *scene) make(all, set map[string]any, drop []string) map[string]any {
	out := make(map[string]any, len(all)+len(set))
	for k, v := range all {
		if _, other := set[k]; !other {
			out[k] = s.value(v)
		}
	}
	for k, v := range set {
		out[k] = s.value(v)
	}
	maps.DeleteFunc(out, func(k string, _ any) bool { return slices.Contains(drop, k) })
	return out
}

func (s *scene) value(v any) any {
	return rebuilt(v, func(v any) any {
		switch v := v.(type) {
		case string:
			return s.text(v)
		case map[string]any:
			maps.DeleteFunc(v, func(_ string, v any) bool { return v == nothing{} })
		}
		return v
	})
}

// rebuilt returns a copy of a value in which by has replaced each part, from the inside out.
func rebuilt(v any, by func(any) any) any {
	switch of := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(of))
		for k := range of {
			out[k] = rebuilt(of[k], by)
		}
		v = out
	case []any:
		out := make([]any, len(of))
		for i := range of {
			out[i] = rebuilt(of[i], by)
		}
		v = out
	}
	return by(v)
}

func (s *scene) text(v string) any {
	if after, ok := strings.CutPrefix(v, "@"); ok {
		if d, err := time.ParseDuration(cmp.Or(after, "0s")); err == nil {
			return s.clock(s.time(d))
		}
	}
	if !strings.Contains(v, "{") {
		return v
	}
	if v[0] == '{' && v[len(v)-1] == '}' && placeForm.FindString(v) == v {
		return s.word(v)
	}
	return placeForm.ReplaceAllStringFunc(v, func(place string) string { return fmt.Sprint(s.word(place)) })
}

// time returns a time relative to the creation.
func (s *scene) time(after time.Duration) time.Time {
	if after > 0 && s.pace < 1 {
		after = time.Duration(float64(after) * s.pace).Truncate(time.Millisecond)
	}
	return s.at.Add(after)
}

func (s *scene) word(place string) any {
	word := place[1 : len(place)-1]
	if v, ok := s.words[word]; ok {
		return v
	}
	if kind, n := reference(word); kind != word {
		if text, ok := s.tell.word(kind, n); ok {
			return text
		}
		return s.place(kind, s.tell.number(kind, n))
	}
	return place
}

// nothing is the value of a word that removes the member which has it.
type nothing struct{}

// fill replaces the words in all texts of a template.
func fill(template any, words map[string]any) any {
	s := scene{words: words, place: func(kind string, n int) any { return fmt.Sprintf("{%s %d}", kind, n) }}
	return s.value(template)
}

// plays returns who takes the place of "contact 3" in this telling.
func (s *scene) plays(who string) string {
	kind, n := reference(who)
	if kind == who {
		return who
	}
	return kind + " " + strconv.Itoa(s.tell.number(kind, n))
}

// stamp formats a time in UTC with as many fractional digits as it needs.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.999999999Z07:00") }
