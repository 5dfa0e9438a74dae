package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"confab/model"
)

const submissionColumns = `id, sentence, user, at, undoes, edits, withdrawn, discarded, replaced,
  waiting, sending, person, delivered, already, submission.undone,
  (SELECT max(at) FROM journal j WHERE j.submission = submission.id AND j.state = 'done'),
  (SELECT max(undone_at) FROM journal j WHERE j.submission = submission.id AND j.undone <> ''),
  CASE edits WHEN 1 THEN coalesce((SELECT account || ':' || conv FROM outbox WHERE submission = submission.id LIMIT 1),
    (SELECT account || ':' || conv FROM journal WHERE submission = submission.id LIMIT 1)) END`

func (t *tx) submit(s model.Submission) {
	t.exec(`INSERT INTO submission (id, sentence, user, at, undoes, edits) VALUES (?,?,?,?,?,?)
ON CONFLICT (id) DO UPDATE SET edits = edits + excluded.edits`, s.ID, s.Sentence, s.User, ms(s.At), s.Undoes, s.Edits)
}

// countEnded counts an edit that left the outbox without a journal entry. column is
// withdrawn, discarded or replaced.
func (t *tx) countEnded(submission, column string) {
	t.exec("UPDATE submission SET "+column+" = "+column+" + 1 WHERE id = ?", submission)
}

// nameSubmissions makes submissions of edits that were queued or delivered
// before there were any, and of edits carried over from a damaged database.
func (t *tx) nameSubmissions() {
	type group struct {
		model.Submission
		edits []model.Titled
	}
	groups := map[string]*group{}
	for _, table := range []string{"outbox", "journal"} {
		var single, widening []string
		for r := range t.rows("SELECT id, submission, edit, title FROM " + table + `
WHERE submission NOT IN (SELECT id FROM submission) ORDER BY id`) {
			var id, submission, title string
			var raw []byte
			var e model.Edit
			if !r.scan(&id, &submission, &raw, &title) || json.Unmarshal(raw, &e) != nil {
				continue // it is reported as unreadable where it is listed
			}
			if submission == "" {
				submission, single = id, append(single, id)
			}
			if table == "outbox" && e.Widens() {
				widening = append(widening, id)
			}
			g := groups[submission]
			if g == nil {
				g = &group{Submission: model.Submission{ID: submission, At: e.Created, User: e.User}}
				groups[submission] = g
			}
			if e.Created.Before(g.At) {
				g.At = e.Created
			}
			g.edits = append(g.edits, model.Titled{Edit: e, Title: title})
		}
		for _, id := range single {
			t.exec("UPDATE "+table+" SET submission = id WHERE id = ?", id)
		}
		for _, id := range widening {
			t.exec("UPDATE outbox SET widens = 1 WHERE id = ?", id)
		}
	}
	for _, g := range groups {
		g.Edits, g.Sentence = len(g.edits), model.Sentence(g.edits)
		t.submit(g.Submission)
	}
}

// Submission reads one submission; ok is false where there is none of this id.
func (s *Store) Submission(ctx context.Context, id string) (sub model.Submission, ok bool, err error) {
	return one(ctx, s, "read submissions", scanSubmission, "SELECT "+submissionColumns+" FROM submission WHERE id = ?", id)
}

// Submissions lists submissions, newest first.
func (s *Store) Submissions(ctx context.Context, req model.HistoryRequest) ([]model.Submission, error) {
	where, args := newest(req, "submission", `id IN (SELECT submission FROM journal WHERE account = ?1 AND conv = ?2
  UNION SELECT submission FROM outbox WHERE account = ?1 AND conv = ?2)`)
	return s.submissions(ctx, where, args...)
}

// newest selects what a request for the history asks for, of a table with a time
// and an id, newest first. of is the condition that a row is about conversation ?2 of account ?1.
func newest(req model.HistoryRequest, table, of string) (where string, args []any) {
	where = "WHERE 1"
	if !req.Ref.IsZero() {
		where += " AND " + of
		args = append(args, req.Ref.Account, req.Ref.ID)
	}
	if !req.Since.IsZero() {
		where += " AND at >= ?"
		args = append(args, ms(req.Since))
	}
	if req.Before != "" {
		where += " AND (at, id) < (SELECT at, id FROM " + table + " WHERE id = ?)"
		args = append(args, req.Before)
	}
	limit := req.Limit
	if limit <= 0 {
		limit = 500
	}
	return where + " ORDER BY at DESC, id DESC LIMIT ?", append(args, limit)
}

// Pending lists the submissions of which something is in the outbox, oldest
// first.
func (s *Store) Pending(ctx context.Context) ([]model.Submission, error) {
	return s.submissions(ctx, pending)
}

const pending = "WHERE waiting + person > 0 ORDER BY at, id"

// submissions reads what the database counts of each submission: the work does not
// grow with its edits.
func (s *Store) submissions(ctx context.Context, where string, args ...any) ([]model.Submission, error) {
	return all(ctx, s, "read submissions", scanSubmission, "SELECT "+submissionColumns+" FROM submission "+where, args...)
}

// scanSubmission reads a submission, and the edit of it that is to be told of first.
func scanSubmission(r row) (sub model.Submission, ok bool) {
	var on sql.NullString
	ok = r.scan(&sub.ID, &sub.Sentence, &sub.User, fromMS{&sub.At}, &sub.Undoes, &sub.Edits, &sub.Withdrawn, &sub.Discarded, &sub.Replaced,
		&sub.Waiting, &sub.Sending, &sub.NeedPerson, &sub.Delivered, &sub.Already, &sub.TakenBack,
		fromMS{&sub.SettledAt}, fromMS{&sub.TakenBackAt}, &on)
	sub.Ref, _ = model.ParseRef(on.String)
	if ok && !sub.Over() {
		if e, found := scanEntry(r.t.row(urgent, sub.ID)); found {
			sub.Problem = &e
		}
	}
	return sub, ok
}

const urgent = "SELECT " + entryColumns + " FROM outbox WHERE submission = ? AND urgency < 9 ORDER BY urgency, id LIMIT 1"

// SubmissionEdits returns the outbox entries and journal entries of one submission,
// in the order in which they were made; where refs (each once) are given those on these
// conversations.
func (s *Store) SubmissionEdits(ctx context.Context, id string, refs ...model.Ref) (
	waiting []model.OutboxEntry, done []model.JournalEntry, err error) {
	query, args := "SELECT %s FROM %s WHERE submission = ?", []any{id}
	if len(refs) > 0 {
		query, args = editsOn, []any{refList(refs), id}
	}
	query += " ORDER BY id"
	waiting, err = read(ctx, s, "read a submission", func(t *tx) []model.OutboxEntry {
		done = list(t, scanJournal, fmt.Sprintf(query, journalColumns, "journal"), args...)
		return list(t, scanEntry, fmt.Sprintf(query, entryColumns, "outbox"), args...)
	})
	return waiting, done, err
}

// editsOn selects the edits of a submission on some conversations, by these: the
// plus keeps it off the index of a submission of 10,000.
const editsOn = `WITH wanted AS MATERIALIZED (SELECT value ->> 0 AS wanted_account, value ->> 1 AS wanted_conv FROM json_each(?))
SELECT %s FROM wanted CROSS JOIN %s ON account = wanted_account AND conv = wanted_conv WHERE +submission = ?`

const changedSince = "SELECT id FROM submission WHERE rev > ? ORDER BY rev"

// SubmissionsSince returns the ids of the submissions of which an edit changed
// after a revision, in the order of their last change.
func (s *Store) SubmissionsSince(ctx context.Context, since int64) ([]string, error) {
	return all(ctx, s, "read submissions", column[string], changedSince, since)
}
