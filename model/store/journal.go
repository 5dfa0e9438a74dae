package store

import (
	"context"

	"confab/model"
)

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

func scanJournal(r row) (j model.JournalEntry, ok bool) {
	ok = r.scan(fromJSON{&j.Edit}, &j.ID, &j.Ref.Account, &j.Submission, &j.Title,
		fromJSON{&j.Before}, fromJSON{&j.After}, &j.State, fromMS{&j.At}, &j.Undone)
	return j, ok
}

// History reads delivered edits, newest first.
func (s *Store) History(ctx context.Context, req model.HistoryRequest) ([]model.JournalEntry, error) {
	where, args := newest(req, "journal", "account = ?1 AND conv = ?2")
	return all(ctx, s, "read the journal", scanJournal, "SELECT "+journalColumns+" FROM journal "+where, args...)
}

// JournalEntry reads one delivered edit; ok is false where there is none of this id.
func (s *Store) JournalEntry(ctx context.Context, id string) (j model.JournalEntry, ok bool, err error) {
	return one(ctx, s, "read the journal", scanJournal, "SELECT "+journalColumns+" FROM journal WHERE id = ?", id)
}
