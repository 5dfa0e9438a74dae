package store

import (
	_ "embed"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"confab/model"
)

// A body is what a service showed of a conversation, stored as a list of fields: the number of
// the field, then its value, whose type the number implies. Empty fields are left out, and so
// is the ref, which the row of the conversation holds. A text that occurred earlier in the body,
// or in words, is stored as a reference, and a UUID as 16 bytes. That takes a third of the JSON
// that schema versions 1 to 4 stored, which can still be read.
//
// A number never changes its meaning, and words only grows at its end.

// bodyVersion is the first byte of a body. JSON begins with a brace.
const bodyVersion = 1

var errBody = errors.New("the body is damaged")

// places returns pointers to the fields of a conversation in the order of their numbers,
// which begin at 1. flags holds the bits that flagsOf lists.
func places(c *model.Conversation, flags *int64) [28]any {
	return [...]any{&c.Provider, &c.Kind, &c.Title, &c.Description, (*string)(&c.Privacy), &c.Status, &c.Access, &c.DefaultRole, &c.Preview,
		&c.LastMessage, &c.URL, &c.ETag, flags, &c.ParticipantCount, &c.Duration, &c.Created, &c.Updated, &c.Participants, &c.Featured,
		&c.Contacts, &c.Labels, &c.Attributes, &c.Owner, &c.Team, &c.Space, &c.Channel, &c.Companies, &c.Facts}
}

// flagsOf returns the meaning of each bit of the flags. If nobody knows whether the
// conversation is internal, neither internal nor external is set.
func flagsOf(c *model.Conversation, internal, external *bool) [8]*bool {
	return [...]*bool{&c.Closed, &c.Archived, &c.Empty, &c.HasMessages, &c.HasRecording, &c.HasTranscript, internal, external}
}

// words are texts that most bodies contain, one a line.
//
//go:embed words.txt
var wordLines string

var words = strings.Split(strings.TrimSuffix(wordLines, "\n"), "\n")

var wordNumbers = map[string]int{}

func init() {
	for i, w := range words {
		wordNumbers[w] = i
	}
}

// coder reads or writes a body, so that each field's format is defined once.
type coder struct {
	reading bool
	out     []byte         // the body written so far
	numbers map[string]int // of the texts in out
	in      string         // what is left to read
	read    []string       // texts, by number
	err     error          // the first error of reading
}

func appendBody(dst []byte, c *model.Conversation) []byte {
	w := coder{out: append(dst, bodyVersion), numbers: map[string]int{}}
	internal, external := c.Internal != nil && *c.Internal, c.Internal != nil && !*c.Internal
	var flags int64
	for i, on := range flagsOf(c, &internal, &external) {
		if *on {
			flags |= 1 << i
		}
	}
	for i, place := range places(c, &flags) {
		before := len(w.out)
		w.out = append(w.out, byte(i+1))
		if w.field(place) {
			w.out = w.out[:before]
		}
	}
	return w.out
}

func readBody(raw []byte, ref model.Ref) (c model.Conversation, err error) {
	if len(raw) == 0 || raw[0] != bodyVersion {
		err = json.Unmarshal(raw, &c)
		c.Ref = ref // the account of rows that were set aside differs from that in their body
		return c, err
	}
	r := coder{reading: true, in: string(raw[1:])}
	c.Ref = ref
	var flags int64
	for fields := places(&c, &flags); len(r.in) > 0 && r.err == nil; {
		if n := int(r.take(1)[0]); n > 0 && n <= len(fields) {
			r.field(fields[n-1])
		} else {
			r.damaged()
		}
	}
	var internal, external bool
	for i, on := range flagsOf(&c, &internal, &external) {
		*on = flags&(1<<i) != 0
	}
	if internal || external {
		c.Internal = new(bool)
		*c.Internal = internal
	}
	return c, r.err
}

// field reads or writes a field. It reports whether the field is empty, in which case the
// writer leaves it out.
func (b *coder) field(place any) (empty bool) {
	switch p := place.(type) {
	case *string:
		b.texts(p)
		return *p == ""
	case *int64:
		b.number(p)
		return *p == 0
	case *int:
		n := int64(*p)
		b.number(&n)
		*p = int(n)
		return n == 0
	case *time.Duration:
		b.number((*int64)(p))
		return *p == 0
	case *time.Time:
		b.time(p)
		return p.IsZero()
	case *model.Participant:
		b.person(p)
		return *p == model.Participant{}
	case *model.Named:
		b.named(p)
		return *p == model.Named{}
	case *model.Set[model.Participant]:
		if !b.reading && !p.Known {
			return true
		}
		*p = model.SetOf(each(b, p.Items, 1, b.person)...)
	case *[]model.Participant:
		*p = each(b, *p, 1, b.person)
		return len(*p) == 0
	case *[]model.Named:
		*p = each(b, *p, 2, b.named)
		return len(*p) == 0
	case *[]model.Fact:
		*p = each(b, *p, 3, func(f *model.Fact) { b.texts(&f.Group, &f.Label, &f.Value) })
		return len(*p) == 0
	case *map[string]string:
		b.pairs(p)
		return *p == nil
	}
	return false
}

// each reads or writes a list whose items take at least size bytes.
func each[T any](b *coder, list []T, size int, item func(*T)) []T {
	n := b.count(len(list), size)
	if b.reading {
		list = make([]T, n)
	}
	for i := range list {
		item(&list[i])
	}
	return list
}

func (b *coder) named(n *model.Named) { b.texts(&n.ID, &n.Name) }

// person begins with a byte that says which texts of the participant are not empty.
func (b *coder) person(p *model.Participant) {
	texts := [...]*string{&p.Kind, &p.ID, &p.Name, &p.Email, &p.Identifier, &p.Role, &p.Status}
	var has byte
	for i, s := range texts {
		if *s != "" {
			has |= 1 << i
		}
	}
	if b.reading {
		has = b.take(1)[0]
	} else {
		b.out = append(b.out, has)
	}
	for i, s := range texts {
		if has&(1<<i) != 0 {
			b.texts(s)
		}
	}
}

func (b *coder) pairs(m *map[string]string) {
	var list [][2]string
	for _, k := range slices.Sorted(maps.Keys(*m)) {
		list = append(list, [2]string{k, (*m)[k]})
	}
	list = each(b, list, 2, func(p *[2]string) { b.texts(&p[0], &p[1]) })
	if b.reading {
		*m = make(map[string]string, len(list))
		for _, p := range list {
			(*m)[p[0]] = p[1]
		}
	}
}

func (b *coder) time(t *time.Time) {
	sec, nsec := t.Unix(), uint64(t.Nanosecond())
	b.number(&sec)
	if b.uvarint(&nsec); b.reading {
		*t = time.Unix(sec, int64(nsec)).UTC()
	}
}

// The two low bits of the number before a text say what the text is. The other bits are its
// length, or the index of the equal text or word.
const (
	textLiteral = iota
	textEarlier
	textWord
	textUUID
)

func (b *coder) texts(list ...*string) {
	for _, s := range list {
		if b.reading {
			*s = b.readText()
		} else {
			b.writeText(*s)
		}
	}
}

func (b *coder) writeText(s string) {
	if len(s) > 1 {
		if i, ok := b.numbers[s]; ok {
			b.out = binary.AppendUvarint(b.out, uint64(i)<<2|textEarlier)
			return
		}
		if i, ok := wordNumbers[s]; ok {
			b.out = binary.AppendUvarint(b.out, uint64(i)<<2|textWord)
			return
		}
		b.numbers[s] = len(b.numbers)
		if raw, ok := uuidBytes(s); ok {
			b.out = append(append(b.out, textUUID), raw...)
			return
		}
	}
	b.out = binary.AppendUvarint(b.out, uint64(len(s))<<2) // textLiteral
	b.out = append(b.out, s...)
}

func (b *coder) readText() string {
	var v uint64
	b.uvarint(&v)
	n := v >> 2
	switch kind := v & 3; {
	case kind == textEarlier && n < uint64(len(b.read)):
		return b.read[n]
	case kind == textWord && n < uint64(len(words)):
		return words[n]
	case kind == textUUID:
		s := uuidText(b.take(16))
		b.read = append(b.read, s)
		return s
	case kind == textLiteral && n <= uint64(len(b.in)):
		s := b.take(int(n))
		if n > 1 {
			b.read = append(b.read, s)
		}
		return s
	}
	b.damaged()
	return ""
}

func (b *coder) damaged() { b.err, b.in = errBody, "" }

// take returns the next n bytes, or zeros if there are fewer.
func (b *coder) take(n int) string {
	if n > len(b.in) {
		b.damaged()
		return strings.Repeat("\x00", n)
	}
	s := b.in[:n]
	b.in = b.in[n:]
	return s
}

func (b *coder) number(n *int64) {
	v := uint64(*n<<1) ^ uint64(*n>>63)
	b.uvarint(&v)
	*n = int64(v>>1) ^ -int64(v&1)
}

// count reads or writes the length of a list whose items take at least size bytes.
func (b *coder) count(length, size int) int {
	n := uint64(length)
	if b.uvarint(&n); b.reading && n > uint64(len(b.in)/size) {
		b.damaged()
		return 0
	}
	return int(n)
}

func (b *coder) uvarint(v *uint64) {
	if !b.reading {
		b.out = binary.AppendUvarint(b.out, *v)
		return
	}
	n := 0
	if *v, n = binary.Uvarint([]byte(b.in[:min(binary.MaxVarintLen64, len(b.in))])); n <= 0 {
		b.damaged()
		return
	}
	b.in = b.in[n:]
}

// uuidBytes packs a UUID in its usual form: lower case, with four dashes.
func uuidBytes(s string) (raw []byte, ok bool) {
	if len(s) != 36 {
		return nil, false
	}
	raw, err := hex.DecodeString(s[:8] + s[9:13] + s[14:18] + s[19:23] + s[24:])
	return raw, err == nil && uuidText(string(raw)) == s
}

func uuidText(raw string) string {
	x := hex.EncodeToString([]byte(raw))
	return x[:8] + "-" + x[8:12] + "-" + x[12:16] + "-" + x[16:20] + "-" + x[20:]
}
