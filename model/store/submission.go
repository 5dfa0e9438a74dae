package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"confab/model"
)

const submissionColumns = `id, sentence, user, at, undoes, edits, withdrawn, discarded, replaced,
  waiting, sending, person, delivered, already, submission.undone,
  (SELECT coalesce(sum(u.delivered - u.undone), 0) FROM submission u WHERE u.undoes = submission.id AND u.undoes <> ''),
  (SELECT max(at) FROM journal j WHERE j.submission = submission.id AND j.state = 'done'),
  (SELECT max(undone_at) FROM journal j WHERE j.submission = submission.id AND j.undone <> ''),
  CASE edits WHEN 1 THEN coalesce((SELECT account || ':' || conv FROM outbox WHERE submission = submission.id LIMIT 1),
    (SELECT account || ':' || conv FROM journal WHERE submission = submission.id LIMIT 1)) END`

const (
	submissions    = "SELECT " + submissionColumns + " FROM submission "
	submissionByID = submissions + "WHERE id = ?"
	urgent         = "SELECT " + entryColumns + " FROM outbox WHERE submission = ? AND urgency < 9 ORDER BY urgency, id LIMIT 1"

	// changedOrNewest selects submissions that changed after a revision, of a list and, with a
	// limit, the newest; with revision 0 or a limit those with an edit in the outbox.
	changedOrNewest = `WHERE id IN (SELECT id FROM submission WHERE ?1 > 0 AND rev > ?1 UNION ALL SELECT value FROM json_each(?2)
  UNION ALL SELECT id FROM submission WHERE (?1 = 0 OR ?3 > 0) AND waiting + person > 0
  UNION ALL SELECT id FROM (SELECT id FROM submission ORDER BY at DESC, id DESC LIMIT ?3)) ORDER BY at DESC, id DESC`

	newestEdit  = "SELECT coalesce(max(rev), 0) FROM submission"
	changedRefs = "SELECT account, id FROM conversation WHERE rev > ? LIMIT ?"

	// editsOn selects the edits of a submission on some conversations. The unary plus makes
	// SQLite look them up by conversation, since a submission may have 10,000 edits.
	editsOn = `WITH wanted AS MATERIALIZED (SELECT value ->> 0 AS wanted_account, value ->> 1 AS wanted_conv FROM json_each(?))
SELECT %s FROM wanted CROSS JOIN %s ON account = wanted_account AND conv = wanted_conv WHERE +submission = ?`
)

func (t *tx) submit(s model.Submission) {
	if t.exists("SELECT 1 FROM submission WHERE id = ?", s.ID) {
		t.fail(&model.Error{Kind: model.Invalid, Message: "this was submitted already"})
	}
	t.exec("INSERT INTO submission (id, sentence, user, at, undoes, edits) VALUES (?,?,?,?,?,?)",
		s.ID, s.Sentence, s.User, ms(s.At), s.Undoes, s.Edits)
}

// countEnded counts an edit that left the outbox without a journal entry in a column of its
// submission: withdrawn, discarded or replaced.
func (t *tx) countEnded(submission, column string) {
	t.exec("UPDATE submission SET "+column+" = "+column+" + 1 WHERE id = ?", submission)
}

// nameSubmissions makes submissions for edits from before there were any, and for edits
// copied from a damaged database.
func (t *tx) nameSubmissions() {
	edits := map[string][]model.OutboxEntry{}
	for _, table := range []string{"outbox", "journal"} {
		t.exec("UPDATE " + table + " SET submission = id WHERE submission = ''")
		for r := range t.rows("SELECT edit, id, submission, title FROM " + table +
			" WHERE submission NOT IN (SELECT id FROM submission) ORDER BY id") {
			var e model.OutboxEntry
			r.scan(fromJSON{&e.Edit}, &e.ID, &e.Submission, &e.Title)
			edits[e.Submission] = append(edits[e.Submission], e)
		}
	}
	for id, all := range edits {
		for _, e := range all {
			if e.Widens() {
				t.exec("UPDATE outbox SET widens = 1 WHERE id = ?", e.ID)
			}
		}
		first := slices.MinFunc(all, func(a, b model.OutboxEntry) int { return a.Created.Compare(b.Created) })
		t.submit(model.Submission{ID: id, User: all[0].User, At: first.Created, Edits: len(all), Sentence: model.Sentence(all)})
	}
}

// Submission reads one submission; ok is false if there is none of this id.
func (s *Store) Submission(ctx context.Context, id string) (sub model.Submission, ok bool, err error) {
	return one(ctx, s, "read submissions", scanSubmission, submissionByID, id)
}

// Submissions lists submissions, newest first.
func (s *Store) Submissions(ctx context.Context, req model.HistoryRequest) ([]model.Submission, error) {
	where, args := newest(req, "submission", `id IN (SELECT submission FROM journal WHERE {of}
  UNION SELECT submission FROM outbox WHERE {of})`)
	return all(ctx, s, "read submissions", scanSubmission, submissions+where, args...)
}

// scanSubmission reads a submission with what triggers count of it, so the work doesn't grow
// with the number of its edits, and, if it is not over, the edit to report first.
func scanSubmission(r row) (sub model.Submission, ok bool) {
	var on sql.NullString
	var inverses int
	ok = r.scan(&sub.ID, &sub.Sentence, &sub.User, fromMS{&sub.At}, &sub.Undoes, &sub.Edits, &sub.Withdrawn, &sub.Discarded, &sub.Replaced,
		&sub.Waiting, &sub.Sending, &sub.NeedPerson, &sub.Delivered, &sub.Already, &sub.TakenBack,
		&inverses, fromMS{&sub.SettledAt}, fromMS{&sub.TakenBackAt}, &on)
	sub.Ref, _ = model.ParseRef(on.String)
	sub.Reverted = min(sub.Withdrawn, max(0, inverses-sub.TakenBack))
	if ok && !sub.Over() {
		if e, found := scanEntry(r.t.row(urgent, sub.ID)); found {
			sub.Problem = &e
		}
	}
	return sub, ok
}

// Changed reads submissions, newest first: those that changed after a version, or for
// version 0 those with an edit in the outbox, and those of a list. With a limit it also
// reads those with an edit in the outbox, and the newest. It returns the version of what it
// read.
func (s *Store) Changed(ctx context.Context, since int64, limit int, ids ...string) (subs []model.Submission, version int64, err error) {
	subs, err = read(ctx, s, "read submissions", func(t *tx) []model.Submission {
		version = t.number("revision")
		return list(t, scanSubmission, submissions+changedOrNewest, since, asList(ids), limit)
	})
	return subs, version, err
}

// maxChanged is the number of changed conversations from which all edits of a submission are read.
const maxChanged = 1000

// SubmissionEdits reads a submission and its edits, in the order in which they were made,
// or only the edits on conversations that changed after a version.
func (s *Store) SubmissionEdits(ctx context.Context, id string, since int64) (model.SubmissionEdits, error) {
	return read(ctx, s, "read a submission", func(t *tx) (out model.SubmissionEdits) {
		out.Version = t.number("revision")
		out.Submission, _ = scanSubmission(t.row(submissionByID, id))
		query, args := "SELECT %s FROM %s WHERE submission = ?", []any{id}
		if since > 0 && out.Submission.Edits > 1 { // an edit that creates a conversation has none that changes
			out.Changed = list(t, scanRef, changedRefs, since, maxChanged)
			if out.Partial = len(out.Changed) < maxChanged; out.Partial {
				query, args = editsOn, []any{refList(out.Changed), id}
			}
		}
		query += " ORDER BY id"
		out.Journal = list(t, scanJournal, fmt.Sprintf(query, journalColumns, "journal"), args...)
		out.Outbox = list(t, scanEntry, fmt.Sprintf(query, entryColumns, "outbox"), args...)
		return out
	})
}

func scanRef(r row) (ref model.Ref, ok bool) {
	ok = r.scan(&ref.Account, &ref.ID)
	return ref, ok
}

// newest builds the clauses that select what a history request asks for from a table with a
// time and an id, newest first. about is the condition that a row is about conversations for
// which the condition {of} is true.
func newest(req model.HistoryRequest, table, about string) (where string, args []any) {
	var of string
	switch {
	case !req.Ref.IsZero():
		of, args = "account = ?1 AND conv = ?2", []any{req.Ref.Account, req.Ref.ID}
	case len(req.Accounts) > 0:
		of, args = "account IN (SELECT value FROM json_each(?1))", []any{asList(req.Accounts)}
	default:
		about = "1"
	}
	where = "WHERE " + strings.ReplaceAll(about, "{of}", of)
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

func (t *tx) journal(j model.JournalEntry) {
	t.exec("DELETE FROM journal WHERE id = ?", j.ID) // OR REPLACE would not run the triggers that count
	t.exec("INSERT INTO journal (id, account, conv, submission, edit, title, before, after, state, at) VALUES (?,?,?,?,?,?,?,?,?,?)",
		j.ID, j.Ref.Account, j.Ref.ID, j.Submission, t.json(j.Edit), j.Title, t.json(j.Before), t.json(j.After), j.State, ms(j.At))
	if j.Undoes != "" {
		t.exec(recordUndone, j.Undoes, j.ID)
	}
}

// recordUndone records that entry ?2 has undone entry ?1. If that was an undo itself, the
// entry that it had undone holds again; if that one was an undo, too, what it had undone is
// undone again, and so on.
const recordUndone = `WITH RECURSIVE chain(id, undone) AS (SELECT ?1, ?2 UNION ALL
  SELECT j.edit ->> '$.undoes', CASE c.undone WHEN '' THEN j.id ELSE '' END FROM chain c JOIN journal j ON j.id = c.id)
UPDATE journal SET undone = (SELECT c.undone FROM chain c WHERE c.id = journal.id) WHERE id IN (SELECT id FROM chain)`

// journalColumns begins with the edit; the columns after it override its id, account and
// submission.
const journalColumns = "edit, id, account, submission, title, before, after, state, at, undone"

func scanJournal(r row) (j model.JournalEntry, ok bool) {
	ok = r.scan(fromJSON{&j.Edit}, &j.ID, &j.Ref.Account, &j.Submission, &j.Title,
		fromJSON{&j.Before}, fromJSON{&j.After}, &j.State, fromMS{&j.At}, &j.Undone)
	return j, ok
}

// History reads delivered edits, newest first.
func (s *Store) History(ctx context.Context, req model.HistoryRequest) ([]model.JournalEntry, error) {
	where, args := newest(req, "journal", "{of}")
	return all(ctx, s, "read the journal", scanJournal, "SELECT "+journalColumns+" FROM journal "+where, args...)
}

// JournalEntry reads one delivered edit; ok is false if there is none of this id.
func (s *Store) JournalEntry(ctx context.Context, id string) (j model.JournalEntry, ok bool, err error) {
	return one(ctx, s, "read the journal", scanJournal, "SELECT "+journalColumns+" FROM journal WHERE id = ?", id)
}

// digits are in ascending order, so that ids sort as text by time. Letters that look like
// digits are left out, since people type ids.
var digits = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// An id is a number of idTime digits, followed by idRandom random digits. The number is a time
// in milliseconds, followed by idSequence bits that tell ids of one millisecond apart. It is
// encoded in the upper bits of 64.
const (
	idTime, idRandom = 11, 3
	idSequence       = 10
	idRest           = 64 - 5*idTime
)

var lastID struct {
	sync.Mutex
	n int64
}

// NewID makes an id of 14 characters that is unique and sorts after every id that this
// process has made, whatever the clock does.
func NewID(now time.Time) string {
	lastID.Lock()
	defer lastID.Unlock()
	lastID.n = max(lastID.n+1, now.UnixMilli()<<idSequence)
	var random [2]byte
	rand.Read(random[:])
	return digits.EncodeToString(binary.BigEndian.AppendUint64(nil, uint64(lastID.n)<<idRest))[:idTime] +
		digits.EncodeToString(random[:])[:idRandom]
}

// passID makes later ids sort after id, which another process made, or this one before the
// clock was set back.
func passID(id string) {
	if len(id) != idTime+idRandom {
		return
	}
	raw, err := digits.DecodeString(id[:idTime] + "00")
	if err == nil {
		lastID.Lock()
		defer lastID.Unlock()
		lastID.n = max(lastID.n, int64(binary.BigEndian.Uint64(raw)>>idRest))
	}
}
