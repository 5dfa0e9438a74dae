-- A submission is what one act put into the outbox. Its edits are found by
-- its id in outbox and journal; those that ended without a journal entry
-- (taken back before they were sent, given up, replaced by a newer edit of
-- the same field) are counted. widens marks edits that wait for the earlier
-- ones of their submission.
CREATE TABLE submission (
  id        TEXT PRIMARY KEY,
  sentence  TEXT NOT NULL,
  user      TEXT NOT NULL,
  at        INTEGER NOT NULL,
  undoes    TEXT NOT NULL DEFAULT '',
  edits     INTEGER NOT NULL,
  withdrawn INTEGER NOT NULL DEFAULT 0,
  discarded INTEGER NOT NULL DEFAULT 0,
  replaced  INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX submission_at ON submission (at DESC, id DESC);
CREATE INDEX submission_undoes ON submission (undoes) WHERE undoes <> '';

ALTER TABLE outbox RENAME COLUMN batch TO submission;
ALTER TABLE outbox ADD COLUMN widens INTEGER NOT NULL DEFAULT 0;
CREATE INDEX outbox_submission ON outbox (submission);
ALTER TABLE journal RENAME COLUMN batch TO submission;
DROP INDEX journal_batch;
CREATE INDEX journal_submission ON journal (submission);
