package store

import (
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

// known reads what is known of conversations of one account, by id. Ids that are
// not cached are among them: marks and edits may be there all the same.
func (t *tx) known(account string, ids ...string) map[string]*known {
	out := make(map[string]*known, len(ids))
	for _, id := range ids {
		ref := model.Ref{Account: account, ID: id}
		out[id] = &known{ref: ref, marks: Marked{Ref: ref}}
	}
	wanted := asList(ids)
	var id string
	// A row without a body counts as one that can't be read.
	for r := range t.rows(`SELECT c.id, c.key, c.gone, coalesce(b.server, x''), coalesce(b.fingerprint, ''), coalesce(b.whole, 0),
  coalesce(b.touch, 0), coalesce(b.read, x'')
FROM json_each(?2) j CROSS JOIN conversation c ON c.account = ?1 AND c.id = j.value LEFT JOIN body b ON b.key = c.key`, account, wanted) {
		var k known
		r.scan(&id, &k.key, &k.gone, &k.server, &k.print, &k.whole, &k.touch, &k.read)
		if to := out[id]; to != nil {
			k.ref, k.marks = to.ref, to.marks
			*to = k
		}
	}
	for r := range t.rows(`SELECT edit, conv, id, account, submission, state, sent FROM outbox
WHERE account = ?1 AND conv IN (SELECT value FROM json_each(?2)) ORDER BY conv, id`, account, wanted) {
		var e model.OutboxEntry
		r.scan(fromJSON{&e.Edit}, &id, &e.ID, &e.Ref.Account, &e.Submission, &e.State, &e.Sent)
		if to := out[id]; to != nil {
			to.edits = append(to.edits, e)
		}
	}
	for r := range t.rows(`SELECT id, done, seen, pinned, snoozed FROM triage
WHERE account = ?1 AND id IN (SELECT value FROM json_each(?2))`, account, wanted) {
		var m Marked
		r.scan(&id, &m.done, &m.seen, &m.pinned, &m.snoozed)
		if to := out[id]; to != nil {
			m.Ref = to.ref
			to.marks = m
		}
	}
	return out
}

// knownOf is known for conversations of any accounts.
func (t *tx) knownOf(refs []model.Ref) map[model.Ref]*known {
	byAccount := map[string][]string{}
	for _, r := range refs {
		byAccount[r.Account] = append(byAccount[r.Account], r.ID)
	}
	out := make(map[model.Ref]*known, len(refs))
	for account, ids := range byAccount {
		for some := range slices.Chunk(ids, rowsAtOnce) {
			for _, k := range t.known(account, some...) {
				out[k.ref] = k
			}
		}
	}
	return out
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

func holds(stamp, print string) bool { return stamp != "" && stamp == print }

// triage returns the marks that hold for a fingerprint.
func (m Marked) triage(print string) model.Triage {
	return model.Triage{Done: holds(m.done, print), Seen: holds(m.seen, print), Pinned: m.pinned, SnoozedUntil: timeOf(m.snoozed)}
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
