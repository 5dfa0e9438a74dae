package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"confab/model"
)

const submissionColumns = `id, sentence, user, at, undoes, edits, withdrawn, discarded, replaced,
  waiting, sending, person, delivered, already, submission.undone,
  (SELECT max(at) FROM journal j WHERE j.submission = submission.id AND j.state = 'done'),
  (SELECT max(undone_at) FROM journal j WHERE j.submission = submission.id AND j.undone <> '')`

// submit records a submission before its edits are queued.
func (t *tx) submit(s model.Submission) error {
	return t.exec("INSERT INTO submission (id, sentence, user, at, undoes, edits) VALUES (?,?,?,?,?,?) ON CONFLICT (id) DO UPDATE SET edits = edits + excluded.edits",
		s.ID, s.Sentence, s.User, ms(s.At), s.Undoes, s.Edits)
}

// ended counts an edit that left the outbox without a journal entry. column is
// withdrawn, discarded or replaced.
func (t *tx) ended(submission, column string) error {
	return t.exec("UPDATE submission SET "+column+" = "+column+" + 1 WHERE id = ?", submission)
}

// nameSubmissions makes submissions of edits that were queued or delivered
// before there were any, and of edits carried over from a damaged database.
func (t *tx) nameSubmissions() error {
	type group struct {
		model.Submission
		edits []model.Titled
	}
	groups := map[string]*group{}
	for _, table := range []string{"outbox", "journal"} {
		var alone, widening []string
		err := each(t.ctx, t, func(row scanner) error {
			var id, submission, title string
			var raw []byte
			if err := row.Scan(&id, &submission, &raw, &title); err != nil {
				return err
			}
			var e model.Edit
			if json.Unmarshal(raw, &e) != nil {
				return nil // it is reported as unreadable where it is listed
			}
			if submission == "" {
				submission, alone = id, append(alone, id)
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
			return nil
		}, "SELECT id, submission, edit, title FROM "+table+" WHERE submission NOT IN (SELECT id FROM submission) ORDER BY id")
		if err != nil {
			return err
		}
		for _, id := range alone {
			t.exec("UPDATE "+table+" SET submission = id WHERE id = ?", id)
		}
		for _, id := range widening {
			t.exec("UPDATE outbox SET widens = 1 WHERE id = ?", id)
		}
	}
	for _, g := range groups {
		g.Edits, g.Sentence = len(g.edits), model.Sentence(g.edits)
		if err := t.submit(g.Submission); err != nil {
			return err
		}
	}
	return t.err
}

// Submission reads one submission; ok is false where there is none of this id.
func (s *Store) Submission(ctx context.Context, id string) (sub model.Submission, ok bool, err error) {
	out, err := s.submissions(ctx, "WHERE id = ?", id)
	if err != nil || len(out) == 0 {
		return sub, false, err
	}
	return out[0], true, nil
}

// Submissions lists submissions, newest first.
func (s *Store) Submissions(ctx context.Context, req model.HistoryRequest) ([]model.Submission, error) {
	where, args := "WHERE 1", []any{}
	if !req.Ref.IsZero() {
		where += ` AND id IN (SELECT submission FROM journal WHERE account = ?1 AND conv = ?2
  UNION SELECT submission FROM outbox WHERE account = ?1 AND conv = ?2)`
		args = append(args, req.Ref.Account, req.Ref.ID)
	}
	if !req.Since.IsZero() {
		where += " AND at >= ?"
		args = append(args, ms(req.Since))
	}
	if req.Before != "" {
		where += " AND (at, id) < (SELECT at, id FROM submission WHERE id = ?)"
		args = append(args, req.Before)
	}
	limit := req.Limit
	if limit <= 0 {
		limit = 500
	}
	return s.submissions(ctx, where+" ORDER BY at DESC, id DESC LIMIT ?", append(args, limit)...)
}

// Pending lists the submissions of which something is in the outbox, oldest
// first.
func (s *Store) Pending(ctx context.Context) ([]model.Submission, error) {
	return s.submissions(ctx, pending)
}

const pending = "WHERE waiting + person > 0 ORDER BY at, id"

// submissions reads what the database counts of each submission: the work does
// not grow with its edits.
func (s *Store) submissions(ctx context.Context, where string, args ...any) ([]model.Submission, error) {
	var out []model.Submission
	err := s.reading(ctx, "read submissions", func(t *tx) (err error) {
		out, err = list(ctx, t, scanSubmission, "SELECT "+submissionColumns+" FROM submission "+where, args...)
		for i := range out {
			err = errors.Join(err, t.problem(&out[i]))
		}
		return err
	})
	return out, err
}

func scanSubmission(row scanner) (sub model.Submission, err error) {
	var at int64
	var settled, undone sql.NullInt64
	err = row.Scan(&sub.ID, &sub.Sentence, &sub.User, &at, &sub.Undoes, &sub.Edits, &sub.Withdrawn, &sub.Discarded, &sub.Replaced,
		&sub.Waiting, &sub.Sending, &sub.NeedPerson, &sub.Delivered, &sub.Already, &sub.TakenBack, &settled, &undone)
	sub.At, sub.SettledAt, sub.TakenBackAt = fromMS(at), fromMS(settled.Int64), fromMS(undone.Int64)
	return sub, err
}

const urgent = "SELECT " + entryColumns + " FROM outbox WHERE submission = ? AND urgency < 9 ORDER BY urgency, id LIMIT 1"

// problem reads the edit of a submission that is to be told of first.
func (t *tx) problem(sub *model.Submission) error {
	if sub.Over() {
		return nil
	}
	e, err := scanEntry(t.QueryRowContext(t.ctx, urgent, sub.ID))
	ok, err := found(err)
	if ok {
		sub.Problem = &e
	}
	return err
}

// SubmissionEdits gives the outbox entries and journal entries of one submission,
// in the order in which they were made; where refs (each once) are given those on these
// conversations.
func (s *Store) SubmissionEdits(ctx context.Context, id string, refs ...model.Ref) (
	waiting []model.OutboxEntry, done []model.JournalEntry, err error) {
	err = s.reading(ctx, "read a submission", func(t *tx) error {
		waiting, done, err = t.submissionEdits(id, refs)
		return err
	})
	return waiting, done, err
}

// editsOn selects the edits of a submission on some conversations, by these: the
// plus keeps it off the index of a submission of 10,000.
const editsOn = `WITH wanted AS MATERIALIZED (SELECT value ->> 0 AS wanted_account, value ->> 1 AS wanted_conv FROM json_each(?))
SELECT %s FROM wanted CROSS JOIN %s ON account = wanted_account AND conv = wanted_conv WHERE +submission = ?`

func (t *tx) submissionEdits(id string, refs []model.Ref) (waiting []model.OutboxEntry, done []model.JournalEntry, err error) {
	query, args := "SELECT %s FROM %s WHERE submission = ?", []any{id}
	if len(refs) > 0 {
		wanted := make([][2]string, len(refs))
		for i, ref := range refs {
			wanted[i] = [2]string{ref.Account, ref.ID}
		}
		query, args = editsOn, []any{asList(wanted), id}
	}
	query += " ORDER BY id"
	if waiting, err = list(t.ctx, t, scanEntry, fmt.Sprintf(query, entryColumns, "outbox"), args...); err == nil {
		done, err = list(t.ctx, t, scanJournal, fmt.Sprintf(query, journalColumns, "journal"), args...)
	}
	return waiting, done, err
}

const changedSince = "SELECT id FROM submission WHERE rev > ? ORDER BY rev"

// SubmissionsSince returns the ids of the submissions of which an edit changed
// after a revision, in the order of their last change.
func (s *Store) SubmissionsSince(ctx context.Context, since int64) ([]string, error) {
	out, err := list(ctx, s.read, scanID, changedSince, since)
	return out, localError("read submissions", err)
}
