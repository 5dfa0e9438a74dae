package store

import (
	"context"

	"confab/model"
)

// journal writes what became of an edit.
func (t *tx) journal(j model.JournalEntry) {
	// Not OR REPLACE: a row that is replaced so is counted out by no trigger.
	t.exec(`INSERT INTO journal (id, account, conv, submission, edit, title, before, after, state, at) VALUES (?,?,?,?,?,?,?,?,?,?)
ON CONFLICT (id) DO UPDATE SET account = excluded.account, conv = excluded.conv, submission = excluded.submission, edit = excluded.edit,
  title = excluded.title, before = excluded.before, after = excluded.after, state = excluded.state, at = excluded.at, undone = ''`,
		j.ID, j.Ref.Account, j.Ref.ID, j.Submission, t.json(j.Edit), j.Title, t.json(j.Before), t.json(j.After), j.State, ms(j.At))
	if j.Undoes != "" {
		// Taking back what took back another restores that one.
		t.exec("UPDATE journal SET undone = '' WHERE undone = ? AND undone <> ''", j.Undoes)
		t.exec("UPDATE journal SET undone = ? WHERE id = ?", j.ID, j.Undoes)
	}
}

// journalColumns begins with the edit: the columns after it say where it is now.
const journalColumns = "edit, id, account, submission, title, before, after, state, at, undone"

func (s *Store) journalWhere(ctx context.Context, where string, args ...any) ([]model.JournalEntry, error) {
	out, err := list(ctx, s.read, scanJournal, "SELECT "+journalColumns+" FROM journal WHERE "+where, args...)
	return out, localError("read the journal", err)
}

func scanJournal(row scanner) (j model.JournalEntry, err error) {
	var at int64
	err = row.Scan(fromJSON{&j.Edit}, &j.ID, &j.Ref.Account, &j.Submission, &j.Title,
		fromJSON{&j.Before}, fromJSON{&j.After}, &j.State, &at, &j.Undone)
	j.At = fromMS(at)
	return j, err
}

// History reads delivered edits, newest first.
func (s *Store) History(ctx context.Context, req model.HistoryRequest) ([]model.JournalEntry, error) {
	where, args := "1", []any{}
	if !req.Ref.IsZero() {
		where += " AND account = ? AND conv = ?"
		args = append(args, req.Ref.Account, req.Ref.ID)
	}
	if !req.Since.IsZero() {
		where += " AND at >= ?"
		args = append(args, ms(req.Since))
	}
	if req.Before != "" {
		where += " AND (at, id) < (SELECT at, id FROM journal WHERE id = ?)"
		args = append(args, req.Before)
	}
	limit := req.Limit
	if limit <= 0 {
		limit = 500
	}
	return s.journalWhere(ctx, where+" ORDER BY at DESC, id DESC LIMIT ?", append(args, limit)...)
}

// JournalEntry reads one delivered edit.
func (s *Store) JournalEntry(ctx context.Context, id string) (model.JournalEntry, bool, error) {
	out, err := s.journalWhere(ctx, "id = ?", id)
	if err != nil || len(out) == 0 {
		return model.JournalEntry{}, false, err
	}
	return out[0], true, nil
}
