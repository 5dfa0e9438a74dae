package store

import (
	"maps"
	"slices"

	"confab/model"
	"confab/model/query"
)

// known is what the database holds of a conversation: what the service showed,
// the edits on their way, and the marks.
type known struct {
	ref model.Ref
	key int64 // 0: never cached
	// server is the body as it is kept, and print its fingerprint.
	server []byte
	print  string
	read   []byte
	gone   bool
	// whole: it was read by itself before.
	whole bool
	// touch: confab has changed it, and the service has not shown it since: a
	// later time of the last change may be from that.
	touch bool
	edits []model.OutboxEntry // of these the edit, the state and whether it was sent
	marks Marked
}

// known reads what is known of conversations. Those that are not cached are among
// them: marks and edits may be there all the same.
func (t *tx) known(refs ...model.Ref) map[model.Ref]*known {
	out := make(map[model.Ref]*known, len(refs))
	for _, ref := range refs {
		out[ref] = &known{ref: ref, marks: Marked{Ref: ref}}
	}
	for some := range slices.Chunk(slices.Collect(maps.Keys(out)), rowsAtOnce) {
		t.readKnown(out, refList(some))
	}
	return out
}

// readKnown fills in some of what is known. A row without a body counts as one that
// can't be read.
func (t *tx) readKnown(out map[model.Ref]*known, wanted string) {
	var none known
	at := func(ref model.Ref) *known {
		if k := out[ref]; k != nil {
			return k
		}
		return &none // another spelling of an id that is no valid text
	}
	var ref model.Ref
	for r := range t.rows(`SELECT c.account, c.id, c.key, c.gone, coalesce(b.server, x''), coalesce(b.fingerprint, ''),
  coalesce(b.whole, 0), coalesce(b.touch, 0), coalesce(b.read, x'')
FROM json_each(?) j CROSS JOIN conversation c ON c.account = j.value ->> 0 AND c.id = j.value ->> 1
  LEFT JOIN body b ON b.key = c.key`, wanted) {
		var k known
		r.scan(&ref.Account, &ref.ID, &k.key, &k.gone, &k.server, &k.print, &k.whole, &k.touch, &k.read)
		k.ref, k.marks = ref, Marked{Ref: ref}
		*at(ref) = k
	}
	for r := range t.rows(`SELECT o.account, o.conv, o.edit, o.id, o.submission, o.state, o.sent
FROM json_each(?) j CROSS JOIN outbox o ON o.account = j.value ->> 0 AND o.conv = j.value ->> 1 ORDER BY o.id`, wanted) {
		var e model.OutboxEntry
		r.scan(&ref.Account, &ref.ID, fromJSON{&e.Edit}, &e.ID, &e.Submission, &e.State, &e.Sent)
		e.Ref.Account = ref.Account
		k := at(ref)
		k.edits = append(k.edits, e)
	}
	for r := range t.rows(`SELECT m.account, m.id, m.done, m.seen, m.pinned, m.snoozed
FROM json_each(?) j CROSS JOIN triage m ON m.account = j.value ->> 0 AND m.id = j.value ->> 1`, wanted) {
		var m Marked
		r.scan(&m.Ref.Account, &m.Ref.ID, &m.done, &m.seen, &m.pinned, &m.snoozed)
		at(m.Ref).marks = m
	}
}

// body reads what the service showed. A damaged body must not hide the row; the next
// reading heals it.
func (k *known) body() (c model.Conversation, ok bool) {
	c, err := readBody(k.server, k.ref)
	if err != nil {
		return model.Conversation{Ref: k.ref, ParticipantCount: -1}, false
	}
	return c, true
}

func (k *known) subject() *query.Subject {
	c, _ := k.body()
	return query.NewSubject(k.row(c))
}

// triage returns the marks that hold for a fingerprint.
func (m Marked) triage(print string) model.Triage {
	return model.Triage{Done: m.done != "" && m.done == print, Seen: m.seen != "" && m.seen == print,
		Pinned: m.pinned, SnoozedUntil: timeOf(m.snoozed)}
}

// row returns the row of a conversation: the projection of what the service
// showed, with the edits on their way and the marks that hold.
func (k *known) row(server model.Conversation) model.Row {
	var r model.Row
	var edits []model.Edit
	for _, e := range k.edits {
		if e.State.Shown() {
			edits = append(edits, e.Edit)
		}
		r.Pending = append(r.Pending, model.Pending{ID: e.ID, Submission: e.Submission, Kind: e.Kind, State: e.State, Edit: e.Edit})
	}
	r.Conversation = model.Project(server, edits)
	r.Triage = k.marks.triage(k.print)
	return r
}

// own returns the edits that may have been sent and are not settled, and
// whether one of them is still on its way.
func (k *known) own() (edits []model.Edit, onTheWay bool) {
	for _, e := range k.edits {
		if e.Sent {
			edits, onTheWay = append(edits, e.Edit), onTheWay || e.State.Waiting()
		}
	}
	return edits, onTheWay
}
