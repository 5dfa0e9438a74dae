package store

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"confab/model"
)

// known is what the database holds of a conversation: what the service showed, the edits in
// the outbox, and the marks.
type known struct {
	ref      model.Ref
	key, rev int64 // key 0 is never cached
	checked  time.Time
	server   []byte // the stored body
	print    string // the fingerprint of the body
	gone     bool
	whole    bool // it was once read by itself, not only in a list
	// touch is set while the service has not shown the conversation since confab changed it.
	// A later time of the last change may then come from confab.
	touch bool
	edits []model.OutboxEntry // with the edit, the state and Sent only
	marks Marked
}

const rowsAtOnce = 500

// known reads what is known of conversations, also of those that are not cached, which may
// have marks and edits all the same.
func (t *tx) known(refs ...model.Ref) map[model.Ref]*known {
	out := make(map[model.Ref]*known, len(refs))
	for _, ref := range refs {
		out[ref] = &known{ref: ref, marks: Marked{Ref: ref}}
	}
	for some := range slices.Chunk(slices.Collect(maps.Keys(out)), rowsAtOnce) {
		t.readKnown(out, "(SELECT value ->> 0 AS account, value ->> 1 AS id FROM json_each(?))", refList(some))
	}
	return out
}

// readKnown adds what is known of the conversations that the query wanted returns by
// account and id, each once. A row without a body counts as unreadable.
func (t *tx) readKnown(out map[model.Ref]*known, wanted string, args ...any) {
	var ref model.Ref
	for r := range t.rows(`SELECT c.account, c.id, c.key, c.rev, c.gone, k.at, coalesce(b.server, x''), coalesce(b.fingerprint, ''),
  coalesce(b.whole, 0), coalesce(b.touch, 0)
FROM `+wanted+` w CROSS JOIN conversation c ON c.account = w.account AND c.id = w.id
  LEFT JOIN checked k ON k.key = c.key LEFT JOIN body b ON b.key = c.key`, args...) {
		var k known
		r.scan(&ref.Account, &ref.ID, &k.key, &k.rev, &k.gone, fromMS{&k.checked}, &k.server, &k.print, &k.whole, &k.touch)
		k.ref, k.marks = ref, Marked{Ref: ref}
		out[ref] = &k
	}
	for r := range t.rows(`SELECT o.account, o.conv, o.edit, o.id, o.submission, o.state, o.sent
FROM `+wanted+` w CROSS JOIN outbox o ON o.account = w.account AND o.conv = w.id ORDER BY o.id`, args...) {
		var e model.OutboxEntry
		r.scan(&ref.Account, &ref.ID, fromJSON{&e.Edit}, &e.ID, &e.Submission, &e.State, &e.Sent)
		e.Ref.Account = ref.Account
		if k := out[ref]; k != nil {
			k.edits = append(k.edits, e)
		}
	}
	for r := range t.rows(`SELECT m.account, m.id, m.done, m.seen, m.pinned, m.snoozed
FROM `+wanted+` w CROSS JOIN triage m ON m.account = w.account AND m.id = w.id`, args...) {
		var m Marked
		r.scan(&ref.Account, &ref.ID, &m.done, &m.seen, &m.pinned, &m.snoozed)
		m.Ref = ref
		if k := out[ref]; k != nil {
			k.marks = m
		}
	}
}

// body decodes what the service showed. ok is false for a damaged body: the row is still
// shown, and the next reading repairs it.
func (k *known) body() (c model.Conversation, ok bool) {
	c, err := readBody(k.server, k.ref)
	if err != nil {
		return model.Conversation{Ref: k.ref, ParticipantCount: -1}, false
	}
	return c, true
}

// row returns the conversation with the edits on their way laid over it, and the marks that
// hold.
func (k *known) row(server model.Conversation) model.Row {
	r := model.Row{Key: k.key, Checked: k.checked}
	var edits []model.Edit
	for _, e := range k.edits {
		if e.State.Shown() {
			edits = append(edits, e.Edit)
		}
		r.Pending = append(r.Pending, model.Pending{ID: e.ID, Submission: e.Submission, Kind: e.Kind, State: e.State, Edit: e.Edit})
	}
	r.Conversation = model.Project(server, edits)
	m := k.marks
	r.Triage = model.Triage{Done: m.done != "" && m.done == k.print, Seen: m.seen != "" && m.seen == k.print,
		Pinned: m.pinned, SnoozedUntil: timeOf(m.snoozed)}
	return r
}

// shown reads the rows of conversations that are not gone, by key. A snooze that has ended is
// left out.
func (t *tx) shown(wanted string, args ...any) map[int64]model.Row {
	all := map[model.Ref]*known{}
	t.readKnown(all, wanted, args...)
	out := make(map[int64]model.Row, len(all))
	for _, k := range all {
		if k.gone {
			continue
		}
		c, _ := k.body()
		r := k.row(c)
		if !r.Triage.SnoozedUntil.After(t.s.now()) {
			r.Triage.SnoozedUntil = time.Time{}
		}
		out[k.key] = r
	}
	return out
}

const byKey = "(SELECT DISTINCT c.account, c.id FROM json_each(?) j CROSS JOIN conversation c ON c.key = j.value)"

// Rows reads the projected rows of these keys, in this order. Keys of conversations that
// are gone or unknown are left out.
func (s *Store) Rows(ctx context.Context, keys []int64) ([]model.Row, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	return read(ctx, s, "read rows", func(t *tx) (out []model.Row) {
		for some := range slices.Chunk(keys, rowsAtOnce) {
			rows := t.shown(byKey, asList(some))
			for _, key := range some {
				if r, ok := rows[key]; ok {
					out = append(out, r)
				}
			}
		}
		return out
	})
}

// RowsOf reads the projected rows of conversations of one account, by their ids.
// Conversations that are gone or not cached are left out, and perhaps one whose id is not
// valid UTF-8.
func (s *Store) RowsOf(ctx context.Context, account string, ids []string) (map[string]model.Row, error) {
	return read(ctx, s, "read rows", func(t *tx) map[string]model.Row {
		out := map[string]model.Row{}
		for _, r := range t.shown("(SELECT DISTINCT ? AS account, value AS id FROM json_each(?))", account, asList(ids)) {
			out[r.Conversation.Ref.ID] = r
		}
		return out
	})
}

// Row reads one projected row; ok is false if the conversation is not cached or gone.
func (s *Store) Row(ctx context.Context, ref model.Ref) (r model.Row, ok bool, err error) {
	r, err = read(ctx, s, "read a row", func(t *tx) (r model.Row) {
		for _, r = range t.shown("(SELECT ? AS account, ? AS id)", ref.Account, ref.ID) {
			ok = true
		}
		return r
	})
	return r, ok, err
}

// stamp sets the fingerprint of now, which is before with a reading c merged over was, and
// whether confab's own edit may still change its time of the last change. The marks done and
// seen hold for one fingerprint; if the reading is no news, they move on to the new one.
func (t *tx) stamp(before, now *known, was, c model.Conversation, r model.Reading, settled *model.Edit) {
	now.print, now.touch = fingerprint(c), false
	if before.key == 0 {
		t.adopt(now, c)
		return
	}
	var own []model.Edit // edits that may have been sent and are not settled
	onTheWay := false
	for _, e := range now.edits {
		if e.Sent {
			own, onTheWay = append(own, e.Edit), onTheWay || e.State.Waiting()
		}
	}
	mine := before.touch || settled != nil || onTheWay
	if settled != nil {
		own = append(own, *settled)
	}
	d := model.FindNews(was, c, r, r&model.ReadWhole != 0 && !before.whole, own)
	now.touch = settled != nil && !d.Touched || before.touch && onTheWay
	if !d.News && (!d.Touched || mine) {
		t.restamp(now, func(stamp string) bool { return stamp == before.print })
	}
}

func (t *tx) restamp(k *known, holdsFor func(stamp string) bool) {
	was := k.marks
	for _, m := range []*string{&k.marks.done, &k.marks.seen} {
		if *m != "" && holdsFor(*m) {
			*m = k.print
		}
	}
	if k.marks != was {
		t.exec("UPDATE triage SET done = ?, seen = ? WHERE account = ? AND id = ?", k.marks.done, k.marks.seen, k.ref.Account, k.ref.ID)
	}
}

// adopt keeps the marks of a conversation from a damaged database that was replaced, if the
// conversation still is as it was then.
func (t *tx) adopt(k *known, c model.Conversation) {
	if t.s.carried {
		row, _, _ := strings.Cut(k.print, ".")
		first := firstFingerprint(c)
		t.restamp(k, func(stamp string) bool { return stamp == first || strings.HasPrefix(stamp, row+".") })
	}
}

// fingerprint digests what a user would call the content of a conversation: first what
// every list shows, then, after a dot, the rest. model.FindNews decides which differences
// are news.
func fingerprint(c model.Conversation) string {
	row, rest := sha256.New(), sha256.New()
	write(row, c.Title, string(c.Privacy), c.Status, strconv.FormatBool(c.Closed), strconv.FormatBool(c.Archived), stampTime(c.Updated))
	write(rest, c.Description, c.Access, c.DefaultRole, c.Preview, c.LastMessage, strconv.Itoa(c.ParticipantCount),
		people(c.Participants), people(c.Contacts))
	return hex.EncodeToString(row.Sum(nil)[:8]) + "." + hex.EncodeToString(rest.Sum(nil)[:8])
}

// firstFingerprint is the fingerprint of schema versions 1 to 3.
func firstFingerprint(c model.Conversation) string {
	h := sha256.New()
	write(h, c.Title, c.Description, string(c.Privacy), c.Status, strconv.FormatBool(c.Archived), c.Access, c.Preview, stampTime(c.Updated))
	return hex.EncodeToString(h.Sum(nil)[:8])
}

func write(h hash.Hash, texts ...string) {
	for _, s := range texts {
		h.Write([]byte(s))
		h.Write([]byte{0})
	}
}

func stampTime(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// people describes the members of a set and their roles, whatever their order and names.
func people(s model.Set[model.Participant]) string {
	if !s.Known {
		return "unknown"
	}
	out := make([]string, len(s.Items))
	for i, p := range s.Items {
		who := cmp.Or(p.ID, strings.ToLower(p.Identifier+p.Email), p.Name)
		line := append(make([]byte, 0, 80), p.Kind...)
		for _, text := range []string{who, p.Role, p.Status} {
			line = strconv.AppendQuote(append(line, ' '), text)
		}
		out[i] = string(line)
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}
