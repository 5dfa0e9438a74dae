package store

import "confab/model"

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
func (t *tx) known(account string, ids ...string) (map[string]*known, error) {
	if t.err != nil {
		return nil, t.err
	}
	out := make(map[string]*known, len(ids))
	for _, id := range ids {
		out[id] = &known{ref: model.Ref{Account: account, ID: id}, marks: Marked{Ref: model.Ref{Account: account, ID: id}}}
	}
	var err error
	of := func(query string, read func(scanner) error) {
		if err == nil {
			err = each(t.ctx, t, read, query, account, asList(ids))
		}
	}
	// A row without a body counts as one that can't be read.
	of(`SELECT c.id, c.key, c.gone, coalesce(b.server, x''), coalesce(b.fingerprint, ''), coalesce(b.whole, 0), coalesce(b.touch, 0),
  coalesce(b.read, x'')
FROM json_each(?2) j CROSS JOIN conversation c ON c.account = ?1 AND c.id = j.value LEFT JOIN body b ON b.key = c.key`,
		func(row scanner) error {
			var k known
			var id string
			if err := row.Scan(&id, &k.key, &k.gone, &k.server, &k.print, &k.whole, &k.touch, &k.read); err != nil {
				return err
			}
			if to := out[id]; to != nil {
				k.ref, k.marks = to.ref, to.marks
				*to = k
			}
			return nil
		})
	of(`SELECT edit, conv, id, account, submission, state, sent FROM outbox
WHERE account = ?1 AND conv IN (SELECT value FROM json_each(?2)) ORDER BY conv, id`,
		func(row scanner) error {
			var e model.OutboxEntry
			var conv string
			if err := row.Scan(fromJSON{&e.Edit}, &conv, &e.ID, &e.Ref.Account, &e.Submission, &e.State, &e.Sent); err != nil {
				return err
			}
			if to := out[conv]; to != nil {
				to.edits = append(to.edits, e)
			}
			return nil
		})
	of("SELECT id, done, seen, pinned, snoozed FROM triage WHERE account = ?1 AND id IN (SELECT value FROM json_each(?2))",
		func(row scanner) error {
			var id string
			var m Marked
			if err := row.Scan(&id, &m.done, &m.seen, &m.pinned, &m.snoozed); err != nil {
				return err
			}
			if to := out[id]; to != nil {
				m.Ref = to.ref
				to.marks = m
			}
			return nil
		})
	return out, err
}

// row gives the row of a conversation: the projection of what the service
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
	r.Triage = model.Triage{Done: k.marks.done != "" && k.marks.done == k.print, Seen: k.marks.seen != "" && k.marks.seen == k.print,
		Pinned: k.marks.pinned, SnoozedUntil: fromMS(k.marks.snoozed)}
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

func (t *tx) knownOne(r model.Ref) (*known, error) {
	all, err := t.known(r.Account, r.ID)
	return all[r.ID], err
}
