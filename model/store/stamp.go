package store

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"strconv"
	"strings"
	"time"

	"confab/model"
)

// stamp gives the fingerprint of a conversation after a reading, and whether a
// later time of the last change is still expected because of an own edit. The
// marks done and seen hold for one fingerprint. Where the reading is news the
// new one ends them; where it is not, marks that held are given the new one.
func (t *tx) stamp(k kept, known bool, was, c model.Conversation, r model.Reading, settled *model.Edit) (
	print string, touch bool, err error) {
	print = fingerprint(c)
	if !known {
		return print, false, t.adopt(c, print)
	}
	own, onTheWay, err := t.own(c.Ref)
	if err != nil {
		return "", false, err
	}
	mine := k.touch || settled != nil || onTheWay
	if settled != nil {
		own = append(own, *settled)
	}
	d := model.Compared(was, c, r, r&model.ReadWhole != 0 && !k.whole, own)
	touch = settled != nil && !d.Touched || k.touch && onTheWay
	if !d.News && (!d.Touched || mine) {
		return print, touch, t.restamp(c.Ref, k.print, print)
	}
	return print, touch, nil
}

// restamp gives the marks that hold for one fingerprint another one.
func (t *tx) restamp(r model.Ref, from, to string) error {
	if from == to {
		return t.err
	}
	return t.exec(`UPDATE triage SET done = CASE WHEN done = ?1 THEN ?2 ELSE done END, seen = CASE WHEN seen = ?1 THEN ?2 ELSE seen END
WHERE account = ?3 AND id = ?4`,
		from, to, r.Account, r.ID)
}

// own returns the edits of a conversation that may have been sent and are not
// settled, and whether one of them is still on its way.
func (t *tx) own(r model.Ref) (edits []model.Edit, onTheWay bool, err error) {
	st := t.prepared("SELECT " + entryColumns + " FROM outbox WHERE account = ? AND conv = ? AND sent = 1 ORDER BY id")
	if t.err != nil {
		return nil, false, t.err
	}
	rows, err := st.QueryContext(t.ctx, r.Account, r.ID)
	if err != nil {
		return nil, false, err
	}
	entries, err := scanEntries(rows)
	for _, e := range entries {
		edits, onTheWay = append(edits, e.Edit), onTheWay || e.State.Waiting()
	}
	return edits, onTheWay, err
}

// adopt lets the marks of a conversation hold that was cached before, in a
// database that was damaged since, where it is as it was then.
func (t *tx) adopt(c model.Conversation, print string) error {
	if t.rescued == nil {
		rescued := t.meta("rescued") != ""
		t.rescued = &rescued
	}
	if !*t.rescued {
		return t.err
	}
	row, _, _ := strings.Cut(print, ".")
	return t.exec(`UPDATE triage SET done = CASE WHEN done = ?1 OR instr(done, ?2) = 1 THEN ?3 ELSE done END,
  seen = CASE WHEN seen = ?1 OR instr(seen, ?2) = 1 THEN ?3 ELSE seen END WHERE account = ?4 AND id = ?5`,
		firstFingerprint(c), row+".", print, c.Ref.Account, c.Ref.ID)
}

// fingerprint digests what a person would call the content of a conversation:
// first what every list shows, then, after a dot, the rest. model.Compared
// says what of it is news.
func fingerprint(c model.Conversation) string {
	row, rest := sha256.New(), sha256.New()
	write(row, c.Title, string(c.Privacy), c.Status, strconv.FormatBool(c.Closed), strconv.FormatBool(c.Archived), stampTime(c.Updated))
	write(rest, c.Description, c.Access, c.DefaultRole, c.Preview, c.LastMessage, strconv.Itoa(c.ParticipantCount),
		people(c.Participants), people(c.Contacts))
	return hex.EncodeToString(row.Sum(nil)[:8]) + "." + hex.EncodeToString(rest.Sum(nil)[:8])
}

// firstFingerprint is the fingerprint of versions 1 to 3 of the schema.
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

// people gives who is in a set and as what, whatever their order and names.
func people(s model.Set[model.Participant]) string {
	if !s.Known {
		return "unknown"
	}
	out := make([]string, len(s.Items))
	for i, p := range s.Items {
		who := p.ID
		if who == "" {
			if who = strings.ToLower(p.Identifier + p.Email); who == "" {
				who = p.Name
			}
		}
		out[i] = fmt.Sprintf("%s %q %q %q", p.Kind, who, p.Role, p.Status)
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}
