package store

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"maps"
	"math"
	"slices"
	"time"

	"confab/model"
)

// What a service showed of a conversation is kept as a list of fields: a number
// with the kind of its value, and the value. A field that is empty is left out,
// and so is the ref, which the row of the conversation holds. A text that was
// there before, in the body or in words, is a reference to it, and a UUID takes
// 16 bytes: together a third of the JSON that versions 1 to 4 of the schema kept
// and that is still read.
//
// Numbers are never given another meaning, and words only grows at its end.

// bodyVersion is the first byte of a body. JSON begins with a brace.
const bodyVersion = 1

var errBody = errors.New("the body is damaged")

// The fields of a conversation. Their kinds are those of the code beside.
const (
	fieldProvider = iota + 1
	fieldKind
	fieldTitle
	fieldDescription
	fieldPrivacy
	fieldStatus
	fieldAccess
	fieldDefaultRole
	fieldPreview
	fieldLastMessage
	fieldURL
	fieldETag
	fieldBits
	fieldParticipantCount
	fieldDuration
	fieldCreated
	fieldUpdated
	fieldParticipants
	fieldFeatured
	fieldContacts
	fieldLabels
	fieldAttributes
	fieldOwner
	fieldTeam
	fieldSpace
	fieldChannel
	fieldCompanies
	fieldFacts
)

// The bits of fieldBits.
const (
	bitClosed = 1 << iota
	bitArchived
	bitEmpty
	bitMessages
	bitRecording
	bitTranscript
	bitInternal
	bitExternal
)

// words are texts that most bodies hold.
var words = []string{
	model.Attention, model.Bird, model.AskElephant, model.Kona,
	"private", "public", "participants", "unknown", "user", "group", "contact", "room", "bot", "flow", "person", "editor", "viewer",
	"collaboration_complete", "organizer", "host", "attendee", "active", "closed", "completed", "COMPLETED", "accepted",
	"needsAction", "declined", "tentative", "call", "meeting", "email", "direct", "conversation", "just_me", "everyone", "open", "invite-only",
	"request-to-join", "READY", "NONE", "yes", "no", "done", "Status", "Times", "People", "Recording", "Links", "CRM", "Opportunity",
	"Boards", "Board", "Talk tracks", "Scorecards", "Conversation", "Last message", "Tags", "Tag", "Source", "External objects", "Other", "Attended",
	"Transcript status", "Import status", "Media storage status", "Video status", "Crm export status", "Live stream started at",
	"Live stream ended at", "Video id", "Referenceable", "Webex join url", "Title", "Id", "External intelligence id", "Deal", "API.self",
	"Channel platform", "Style", "default", "Active", "Waiting to join", "Started by", "From", "Type", "text", "Delivery",
	"delivered", "Changed", "Start", "End", "Engagement", "crm_object_id", "object_type", "source", "deal", "hubspot", "GOOGLE_MEET", "data", "id", "API address",
}

var wordNumbers = func() map[string]int {
	m := make(map[string]int, len(words))
	for i, w := range words {
		m[w] = i
	}
	return m
}()

// bodyWriter appends a body. seen numbers the texts that it holds.
type bodyWriter struct {
	b    []byte
	seen map[string]int
}

// appendBody appends a conversation as it is kept.
func appendBody(dst []byte, c *model.Conversation) []byte {
	w := bodyWriter{b: append(dst, bodyVersion), seen: make(map[string]int, 32)}
	for i, s := range []string{c.Provider, c.Kind, c.Title, c.Description, string(c.Privacy), c.Status, c.Access, c.DefaultRole, c.Preview,
		c.LastMessage, c.URL, c.ETag} {
		if s != "" {
			w.field(fieldProvider + i)
			w.text(s)
		}
	}
	w.number(fieldBits, bodyBits(c))
	w.number(fieldParticipantCount, int64(c.ParticipantCount))
	w.number(fieldDuration, int64(c.Duration))
	w.time(fieldCreated, c.Created)
	w.time(fieldUpdated, c.Updated)
	if c.Participants.Known {
		w.people(fieldParticipants, c.Participants.Items)
	}
	if len(c.Featured) > 0 {
		w.people(fieldFeatured, c.Featured)
	}
	if c.Contacts.Known {
		w.people(fieldContacts, c.Contacts.Items)
	}
	w.texts(fieldLabels, c.Labels)
	w.texts(fieldAttributes, c.Attributes)
	if c.Owner != (model.Participant{}) {
		w.field(fieldOwner)
		w.person(&c.Owner)
	}
	for i, n := range []model.Named{c.Team, c.Space, c.Channel} {
		if n != (model.Named{}) {
			w.field(fieldTeam + i)
			w.text(n.ID)
			w.text(n.Name)
		}
	}
	if len(c.Companies) > 0 {
		w.count(fieldCompanies, len(c.Companies))
		for _, n := range c.Companies {
			w.text(n.ID)
			w.text(n.Name)
		}
	}
	if len(c.Facts) > 0 {
		w.count(fieldFacts, len(c.Facts))
		for _, f := range c.Facts {
			w.text(f.Group)
			w.text(f.Label)
			w.text(f.Value)
		}
	}
	return w.b
}

func bodyBits(c *model.Conversation) (bits int64) {
	for i, on := range []bool{c.Closed, c.Archived, c.Empty, c.HasMessages, c.HasRecording, c.HasTranscript,
		c.Internal != nil && *c.Internal, c.Internal != nil && !*c.Internal} {
		if on {
			bits |= 1 << i
		}
	}
	return bits
}

func (w *bodyWriter) field(n int) { w.b = append(w.b, byte(n)) }

func (w *bodyWriter) count(field, n int) {
	w.field(field)
	w.b = binary.AppendUvarint(w.b, uint64(n))
}

func (w *bodyWriter) number(field int, n int64) {
	if n != 0 {
		w.field(field)
		w.b = binary.AppendVarint(w.b, n)
	}
}

func (w *bodyWriter) time(field int, t time.Time) {
	if !t.IsZero() {
		w.field(field)
		w.b = binary.AppendVarint(w.b, t.Unix())
		w.b = binary.AppendUvarint(w.b, uint64(t.Nanosecond()))
	}
}

// The two low bits of the number before a text say what it is: its length, the
// number of the earlier text or word that it equals, or a UUID.
const (
	textLiteral = iota
	textEarlier
	textWord
	textUUID
)

func (w *bodyWriter) text(s string) {
	if len(s) > 1 {
		if i, ok := w.seen[s]; ok {
			w.b = binary.AppendUvarint(w.b, uint64(i)<<2|textEarlier)
			return
		}
		if i, ok := wordNumbers[s]; ok {
			w.b = binary.AppendUvarint(w.b, uint64(i)<<2|textWord)
			return
		}
		w.seen[s] = len(w.seen)
		if raw, ok := uuidBytes(s); ok {
			w.b = append(append(w.b, textUUID), raw[:]...)
			return
		}
	}
	w.b = binary.AppendUvarint(w.b, uint64(len(s))<<2) // textLiteral
	w.b = append(w.b, s...)
}

func (w *bodyWriter) people(field int, list []model.Participant) {
	w.count(field, len(list))
	for i := range list {
		w.person(&list[i])
	}
}

// personTexts are the texts of a participant in the order in which they are kept.
func personTexts(p *model.Participant) [7]*string {
	return [...]*string{&p.Kind, &p.ID, &p.Name, &p.Email, &p.Identifier, &p.Role, &p.Status}
}

// person writes which texts of a participant are not empty, and those.
func (w *bodyWriter) person(p *model.Participant) {
	at := len(w.b)
	w.b = append(w.b, 0)
	for i, s := range personTexts(p) {
		if *s != "" {
			w.b[at] |= 1 << i
			w.text(*s)
		}
	}
}

func (w *bodyWriter) texts(field int, m map[string]string) {
	if m == nil {
		return
	}
	w.count(field, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		w.text(k)
		w.text(m[k])
	}
}

// bodyReader reads a body. The first error sticks.
type bodyReader struct {
	b    string
	seen []string
	err  error
}

// readBody reads what was kept of a conversation, by this or an earlier version.
func readBody(raw []byte, ref model.Ref) (c model.Conversation, err error) {
	if len(raw) == 0 || raw[0] != bodyVersion {
		err = json.Unmarshal(raw, &c)
		c.Ref = ref // rows set aside carry another account than their body
		return c, err
	}
	r := bodyReader{b: string(raw[1:])}
	c.Ref = ref
	for len(r.b) > 0 && r.err == nil {
		r.read(&c, int(r.take(1)[0]))
	}
	return c, r.err
}

func (r *bodyReader) read(c *model.Conversation, field int) {
	switch field {
	case fieldProvider, fieldKind, fieldTitle, fieldDescription, fieldStatus, fieldAccess, fieldDefaultRole, fieldPreview, fieldLastMessage,
		fieldURL, fieldETag:
		*[...]*string{&c.Provider, &c.Kind, &c.Title, &c.Description, nil, &c.Status, &c.Access, &c.DefaultRole, &c.Preview,
			&c.LastMessage, &c.URL, &c.ETag}[field-fieldProvider] = r.text()
	case fieldPrivacy:
		c.Privacy = model.Privacy(r.text())
	case fieldBits:
		readBits(c, r.number())
	case fieldParticipantCount:
		c.ParticipantCount = int(r.number())
	case fieldDuration:
		c.Duration = time.Duration(r.number())
	case fieldCreated:
		c.Created = r.time()
	case fieldUpdated:
		c.Updated = r.time()
	case fieldParticipants:
		c.Participants = model.SetOf(r.people()...)
	case fieldFeatured:
		c.Featured = r.people()
	case fieldContacts:
		c.Contacts = model.SetOf(r.people()...)
	case fieldLabels:
		c.Labels = r.texts()
	case fieldAttributes:
		c.Attributes = r.texts()
	case fieldOwner:
		c.Owner = r.person()
	case fieldTeam, fieldSpace, fieldChannel:
		*[...]*model.Named{&c.Team, &c.Space, &c.Channel}[field-fieldTeam] = model.Named{ID: r.text(), Name: r.text()}
	case fieldCompanies:
		c.Companies = make([]model.Named, r.count(2))
		for i := range c.Companies {
			c.Companies[i] = model.Named{ID: r.text(), Name: r.text()}
		}
	case fieldFacts:
		c.Facts = make([]model.Fact, r.count(3))
		for i := range c.Facts {
			c.Facts[i] = model.Fact{Group: r.text(), Label: r.text(), Value: r.text()}
		}
	default:
		r.err = errBody
	}
}

func readBits(c *model.Conversation, bits int64) {
	c.Closed, c.Archived, c.Empty = bits&bitClosed != 0, bits&bitArchived != 0, bits&bitEmpty != 0
	c.HasMessages, c.HasRecording, c.HasTranscript = bits&bitMessages != 0, bits&bitRecording != 0, bits&bitTranscript != 0
	if bits&(bitInternal|bitExternal) != 0 {
		internal := bits&bitInternal != 0
		c.Internal = &internal
	}
}

// take gives the next n bytes; of a body that has fewer, as many zeros.
func (r *bodyReader) take(n int) string {
	if n > len(r.b) {
		r.err, r.b = errBody, ""
		if n <= 16 {
			return "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"[:n]
		}
		return ""
	}
	s := r.b[:n]
	r.b = r.b[n:]
	return s
}

func (r *bodyReader) uvarint() (v uint64) {
	for shift := 0; shift < 64; shift += 7 {
		b := r.take(1)[0]
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return v
		}
	}
	r.err = errBody
	return 0
}

func (r *bodyReader) number() int64 {
	v := r.uvarint()
	return int64(v>>1) ^ -int64(v&1)
}

// count reads how many things of at least size bytes each follow.
func (r *bodyReader) count(size int) int {
	n := r.uvarint()
	if n > uint64(len(r.b)/size) {
		r.err, r.b = errBody, ""
		return 0
	}
	return int(n)
}

func (r *bodyReader) time() time.Time {
	sec, nsec := r.number(), r.uvarint()
	if nsec > math.MaxInt32 {
		r.err = errBody
		return time.Time{}
	}
	return time.Unix(sec, int64(nsec)).UTC()
}

func (r *bodyReader) text() string {
	v := r.uvarint()
	n := v >> 2
	switch v & 3 {
	case textEarlier:
		if n < uint64(len(r.seen)) {
			return r.seen[n]
		}
	case textWord:
		if n < uint64(len(words)) {
			return words[n]
		}
	case textUUID:
		s := uuidText(r.take(16))
		r.seen = append(r.seen, s)
		return s
	default:
		if n <= uint64(len(r.b)) {
			s := r.take(int(n))
			if n > 1 {
				r.seen = append(r.seen, s)
			}
			return s
		}
	}
	r.err, r.b = errBody, ""
	return ""
}

func (r *bodyReader) people() []model.Participant {
	out := make([]model.Participant, r.count(1))
	for i := range out {
		out[i] = r.person()
	}
	return out
}

func (r *bodyReader) person() (p model.Participant) {
	has := r.take(1)[0]
	for i, to := range personTexts(&p) {
		if has&(1<<i) != 0 {
			*to = r.text()
		}
	}
	return p
}

func (r *bodyReader) texts() map[string]string {
	n := r.count(2)
	m := make(map[string]string, n)
	for range n {
		k := r.text()
		m[k] = r.text()
	}
	return m
}

// uuidBytes packs a UUID in its usual form: lower case, with its four dashes.
func uuidBytes(s string) (raw [16]byte, ok bool) {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return raw, false
	}
	n := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case i == 8 || i == 13 || i == 18 || i == 23:
			continue
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		default:
			return raw, false
		}
		raw[n/2] = raw[n/2]<<4 | c
		n++
	}
	return raw, true
}

func uuidText(raw string) string {
	const hex = "0123456789abcdef"
	out := make([]byte, 0, 36)
	for i := 0; i < len(raw); i++ {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			out = append(out, '-')
		}
		out = append(out, hex[raw[i]>>4], hex[raw[i]&15])
	}
	return string(out)
}
