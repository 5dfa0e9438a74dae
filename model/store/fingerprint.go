package store

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"slices"
	"strconv"
	"strings"
	"time"

	"confab/model"
)

// stamp gives now, a conversation after a reading, its fingerprint, and says whether a later
// time of the last change is still expected because of an own edit. The marks done and
// seen hold for one fingerprint: where the reading is no news, they are given the new one.
func (t *tx) stamp(before, now *known, was, c model.Conversation, r model.Reading, settled *model.Edit) {
	now.print, now.touch = fingerprint(c), false
	if before.key == 0 {
		t.adopt(now, c)
		return
	}
	var own []model.Edit // that may have been sent and are not settled
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

// adopt keeps the marks of a conversation that a damaged database held before, where
// it is as it was then.
func (t *tx) adopt(k *known, c model.Conversation) {
	if t.s.carried {
		row, _, _ := strings.Cut(k.print, ".")
		first := firstFingerprint(c)
		t.restamp(k, func(stamp string) bool { return stamp == first || strings.HasPrefix(stamp, row+".") })
	}
}

// fingerprint digests what a person would call the content of a conversation:
// first what every list shows, then, after a dot, the rest. model.FindNews
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

// people returns who is in a set and as what, whatever their order and names.
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
