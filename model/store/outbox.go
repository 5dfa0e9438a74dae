package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"confab/model"
)

// Entry is an edit to enqueue, with the title to show beside it.
type Entry struct {
	Edit  model.Edit
	Title string
}

// Enqueue puts the edits of a submission into the outbox, all or none; they are
// on disk when it returns. Ids are given where they are missing, or where an
// edit of the same conversation waits already whose id is not lower: ids are
// the order of sending, whatever the clock did meanwhile. They are returned in
// order.
func (s *Store) Enqueue(ctx context.Context, sub model.Submission, entries []Entry) (ids []string, err error) {
	if len(entries) > atOnce {
		ids, err = s.enqueueInSlices(ctx, sub, entries, func(*tx, Entry) error { return nil }, func(*tx) error { return nil })
		return ids, localError("queue edits", err)
	}
	err = s.tx(ctx, func(t *tx) (err error) {
		ids, err = t.enqueue(sub, entries)
		return err
	})
	return ids, localError("queue edits", err)
}

func (t *tx) enqueue(sub model.Submission, entries []Entry) ([]string, error) {
	sub.Edits = len(entries)
	if err := t.submit(sub); err != nil {
		return nil, err
	}
	return t.put(sub.ID, entries)
}

// put queues edits of a submission.
func (t *tx) put(submission string, entries []Entry) ([]string, error) {
	ids := make([]string, len(entries))
	touched := map[model.Ref]bool{}
	accounts := map[string]bool{}
	for i := range entries {
		e := &entries[i].Edit
		e.Submission = submission
		if !accounts[e.Ref.Account] {
			accounts[e.Ref.Account] = true
			if err := t.same(e.Ref.Account); err != nil {
				return nil, err
			}
		}
		var last string
		if e.Ref.ID != "" {
			err := t.QueryRowContext(t.ctx, "SELECT coalesce(max(id), '') FROM outbox WHERE account = ? AND conv = ?",
				e.Ref.Account, e.Ref.ID).Scan(&last)
			if err != nil {
				return nil, err
			}
		}
		if e.ID == "" || e.ID <= last {
			passID(last)
			e.ID = NewID(t.s.now())
		}
		if e.Created.IsZero() {
			e.Created = t.s.now().UTC()
		}
		ids[i] = e.ID
		widened := e.Widens()
		var err error
		if *e, err = t.ground(*e); err != nil {
			return nil, err
		}
		raw, err := json.Marshal(e)
		if err != nil {
			return nil, err
		}
		t.exec("INSERT INTO outbox (id, account, conv, field, submission, widens, edit, title, state, created) VALUES (?,?,?,?,?,?,?,?,'queued',?)",
			e.ID, e.Ref.Account, e.Ref.ID, field(*e), e.Submission, e.Widens(), raw, entries[i].Title, ms(e.Created))
		if e.Widens() && !widened {
			if err := t.holdWider(e.ID); err != nil {
				return nil, err
			}
		}
		touched[e.Ref] = true
	}
	return ids, t.reproject(slices.Collect(maps.Keys(touched))...)
}

// rewrite keeps an edit of the outbox with another base or target: it may widen
// now, or no longer.
func (t *tx) rewrite(e model.Edit) error {
	raw, err := json.Marshal(e)
	if err != nil {
		return err
	}
	return t.exec("UPDATE outbox SET edit = ?, widens = ? WHERE id = ?", raw, e.Widens(), e.ID)
}

// field is Edit.Field made unique for creates, which never wait for each other.
func field(e model.Edit) string {
	if e.Kind == model.EditCreate {
		return "create:" + e.ID
	}
	return e.Field()
}

const entryColumns = "id, account, submission, edit, title, state, attempts, sent, next_try, error, theirs, orphaned"

func scanEntry(rows interface{ Scan(...any) error }) (model.OutboxEntry, error) {
	var e model.OutboxEntry
	var raw, errRaw, theirs []byte
	var next int64
	var id, account, submission string
	if err := rows.Scan(&id, &account, &submission, &raw, &e.Title, &e.State, &e.Attempts, &e.Sent, &next, &errRaw, &theirs, &e.Orphaned); err != nil {
		return e, err
	}
	if err := json.Unmarshal(raw, &e.Edit); err != nil {
		return e, err
	}
	e.ID, e.Ref.Account, e.Submission = id, account, submission // rows set aside carry another account
	e.NextTry = fromMS(next)
	if errRaw != nil {
		e.Error = &model.EntryError{}
		if err := json.Unmarshal(errRaw, e.Error); err != nil {
			return e, err
		}
	}
	if theirs != nil {
		e.Theirs = &model.Value{}
		if err := json.Unmarshal(theirs, e.Theirs); err != nil {
			return e, err
		}
	}
	return e, nil
}

func scanEntries(rows *sql.Rows) ([]model.OutboxEntry, error) {
	defer rows.Close()
	var out []model.OutboxEntry
	for rows.Next() {
		e, err := scanEntry(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, rows.Err()
}

// Outbox reads every edit that is not settled, oldest first.
func (s *Store) Outbox(ctx context.Context) ([]model.OutboxEntry, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT "+entryColumns+" FROM outbox ORDER BY id")
	if err != nil {
		return nil, localError("read the outbox", err)
	}
	out, err := scanEntries(rows)
	return out, localError("read the outbox", err)
}

// OutboxOf reads the edits of one conversation that are not settled, oldest
// first.
func (s *Store) OutboxOf(ctx context.Context, ref model.Ref) ([]model.OutboxEntry, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT "+entryColumns+" FROM outbox WHERE account = ? AND conv = ? ORDER BY id", ref.Account, ref.ID)
	if err != nil {
		return nil, localError("read the outbox", err)
	}
	out, err := scanEntries(rows)
	return out, localError("read the outbox", err)
}

// OutboxEntry reads one edit; ok is false where it is not in the outbox.
func (s *Store) OutboxEntry(ctx context.Context, id string) (e model.OutboxEntry, ok bool, err error) {
	e, err = scanEntry(s.read.QueryRowContext(ctx, "SELECT "+entryColumns+" FROM outbox WHERE id = ?", id))
	if errors.Is(err, sql.ErrNoRows) {
		return e, false, nil
	}
	return e, err == nil, localError("read the outbox", err)
}

// OutboxEntries reads those of some edits that are in the outbox, by id.
func (s *Store) OutboxEntries(ctx context.Context, ids []string) (map[string]model.OutboxEntry, error) {
	raw, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	rows, err := s.read.QueryContext(ctx, "SELECT "+entryColumns+" FROM outbox WHERE id IN (SELECT value FROM json_each(?))", string(raw))
	if err != nil {
		return nil, localError("read the outbox", err)
	}
	all, err := scanEntries(rows)
	out := make(map[string]model.OutboxEntry, len(all))
	for _, e := range all {
		out[e.ID] = e
	}
	return out, localError("read the outbox", err)
}
