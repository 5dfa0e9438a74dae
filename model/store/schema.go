package store

// migration brings a database to the next version: first its statements, then
// step, where rows have to be worked out.
type migration struct {
	sql  string
	step func(t *tx) error
}

// migrations[i] brings a database from version i to i+1. A migration that has
// been released is never edited; a change is a new one at the end.
var migrations = []migration{
	{sql: `
CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE account (
  name       TEXT PRIMARY KEY,
  identity   TEXT NOT NULL,
  head       TEXT NOT NULL DEFAULT '',
  walk       TEXT NOT NULL DEFAULT '',
  walk_no    INTEGER NOT NULL DEFAULT 0,
  checked    INTEGER NOT NULL DEFAULT 0,
  swept      INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

-- One narrow row a conversation, so that a scan for a query reads little; the
-- columns are the projection, folded for searching. What the server said is in body.
CREATE TABLE conversation (
  key      INTEGER PRIMARY KEY,
  account  TEXT NOT NULL,
  id       TEXT NOT NULL,
  provider TEXT NOT NULL,
  kind     TEXT NOT NULL,
  status   TEXT NOT NULL,
  privacy  TEXT NOT NULL,
  title    TEXT NOT NULL,
  people   TEXT NOT NULL,
  owner    TEXT NOT NULL,
  team     TEXT NOT NULL,
  space    TEXT NOT NULL,
  channel  TEXT NOT NULL,
  company  TEXT NOT NULL,
  roles    TEXT NOT NULL,
  preview  TEXT NOT NULL,
  labels   TEXT NOT NULL,
  flags    INTEGER NOT NULL,
  snoozed  INTEGER NOT NULL,
  pinned   INTEGER NOT NULL,
  created  INTEGER NOT NULL,
  updated  INTEGER NOT NULL,
  duration INTEGER NOT NULL,
  checked  INTEGER NOT NULL,
  walk_no  INTEGER NOT NULL,
  gone     INTEGER NOT NULL DEFAULT 0,
  UNIQUE (account, id)
);
CREATE INDEX conversation_updated ON conversation (pinned DESC, updated DESC, created DESC, account, id);
CREATE INDEX conversation_walk ON conversation (account, walk_no);

CREATE TABLE body (
  key         INTEGER PRIMARY KEY REFERENCES conversation (key) ON DELETE CASCADE,
  server      BLOB NOT NULL,
  fingerprint TEXT NOT NULL
);

CREATE TABLE triage (
  account TEXT NOT NULL,
  id      TEXT NOT NULL,
  done    TEXT NOT NULL DEFAULT '',
  seen    TEXT NOT NULL DEFAULT '',
  pinned  INTEGER NOT NULL DEFAULT 0,
  snoozed INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (account, id)
) WITHOUT ROWID;

CREATE TABLE outbox (
  id       TEXT PRIMARY KEY,
  account  TEXT NOT NULL,
  conv     TEXT NOT NULL,
  field    TEXT NOT NULL,
  batch    TEXT NOT NULL,
  edit     BLOB NOT NULL,
  title    TEXT NOT NULL,
  state    TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  sent     INTEGER NOT NULL DEFAULT 0,
  next_try INTEGER NOT NULL DEFAULT 0,
  error    BLOB,
  theirs   BLOB,
  claim    TEXT NOT NULL DEFAULT '',
  orphaned INTEGER NOT NULL DEFAULT 0,
  created  INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX outbox_conv ON outbox (account, conv, id);

CREATE TABLE journal (
  id      TEXT PRIMARY KEY,
  account TEXT NOT NULL,
  conv    TEXT NOT NULL,
  batch   TEXT NOT NULL,
  edit    BLOB NOT NULL,
  title   TEXT NOT NULL,
  before  BLOB NOT NULL,
  after   BLOB NOT NULL,
  state   TEXT NOT NULL,
  at      INTEGER NOT NULL,
  undone  TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE INDEX journal_at ON journal (at DESC, id DESC);
CREATE INDEX journal_conv ON journal (account, conv);
CREATE INDEX journal_batch ON journal (batch);

CREATE TABLE draft (
  key  TEXT PRIMARY KEY,
  text TEXT NOT NULL,
  at   INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE pace (
  account TEXT PRIMARY KEY,
  next    INTEGER NOT NULL
) WITHOUT ROWID;
`},
	// hold is until when a service asked to be left alone. known are the ids of
	// the conversations that had the title of a create before it was first sent.
	{sql: `
ALTER TABLE account ADD COLUMN hold INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN known TEXT NOT NULL DEFAULT '[]';
`},
	// A submission is what one act put into the outbox. Its edits are found by
	// its id in outbox and journal; those that ended without a journal entry
	// (taken back before they were sent, given up, replaced by a newer edit of
	// the same field) are counted. widens marks edits that wait for the earlier
	// ones of their submission.
	{sql: `
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
`, step: (*tx).nameSubmissions},
	// whole: the conversation was read by itself. touch: confab has changed it,
	// and the service has not shown it since. Marks that were stamped under the
	// rule of earlier versions hold: a stamp changes with the content alone.
	{sql: `
ALTER TABLE body ADD COLUMN whole INTEGER NOT NULL DEFAULT 0;
ALTER TABLE body ADD COLUMN touch INTEGER NOT NULL DEFAULT 0;
UPDATE body SET touch = 1 WHERE key IN (SELECT c.key FROM journal j JOIN conversation c ON c.account = j.account AND c.id = j.conv
  WHERE j.state = 'done' AND j.at > c.checked - 5000);
CREATE INDEX triage_snoozed ON triage (snoozed) WHERE snoozed > 0;
`},
	// conversation is narrow: what a query looks at is one packed subject, NULL
	// until it is folded, and rev is the revision that last changed what a person
	// sees of the row. What every sweep rewrites is in checked. A key is never
	// used twice. account.conversations counts those that are not gone.
	{sql: `
CREATE TABLE narrow (
  key     INTEGER PRIMARY KEY AUTOINCREMENT,
  account TEXT NOT NULL,
  id      TEXT NOT NULL,
  rev     INTEGER NOT NULL,
  gone    INTEGER NOT NULL DEFAULT 0,
  pinned  INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  created INTEGER NOT NULL,
  subject BLOB,
  UNIQUE (account, id)
);
INSERT INTO narrow (key, account, id, rev, gone, pinned, updated, created)
  SELECT key, account, id, 0, gone, pinned, updated, created FROM conversation ORDER BY key;
CREATE TABLE checked (
  key     INTEGER PRIMARY KEY REFERENCES conversation (key) ON DELETE CASCADE,
  at      INTEGER NOT NULL,
  walk_no INTEGER NOT NULL
);
INSERT INTO checked SELECT key, checked, walk_no FROM conversation ORDER BY key;
DROP TABLE conversation;
ALTER TABLE narrow RENAME TO conversation;
CREATE INDEX conversation_order ON conversation (pinned DESC, updated DESC, created DESC) WHERE gone = 0;
CREATE INDEX conversation_rev ON conversation (rev);

-- read digests the reading that was merged into server last, with server.
ALTER TABLE body ADD COLUMN read BLOB NOT NULL DEFAULT x'';

ALTER TABLE account ADD COLUMN conversations INTEGER NOT NULL DEFAULT 0;
UPDATE account SET conversations = (SELECT count(*) FROM conversation c WHERE c.account = account.name AND c.gone = 0);

CREATE TABLE view (
  query TEXT PRIMARY KEY,
  keys  BLOB NOT NULL,
  total INTEGER NOT NULL,
  at    INTEGER NOT NULL
) WITHOUT ROWID;
`},
	{sql: counted},
}

// counted is the migration that lets the database count its outbox: a count that
// triggers keep can be forgotten by no code path, and reading one is a look at
// one row. rev of a submission is the revision of the transaction that changed
// one of its edits last: the one after the newest that is written down.
//
// Rows of accounts that were set aside count to the name before the "~"; none of
// them is on its way.
//
// urgency orders the edits of a submission by what is to be said of it first:
// what needs a person, then what waits for a reason.
const counted = `
DROP TABLE pace;

CREATE TABLE tally (
  account TEXT PRIMARY KEY,
  waiting INTEGER NOT NULL DEFAULT 0,
  person  INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
INSERT INTO tally (account, waiting, person)
SELECT substr(account, 1, instr(account || '~', '~') - 1) AS name,
  sum(state IN ('queued', 'sending', 'retry')), sum(state NOT IN ('queued', 'sending', 'retry')) FROM outbox GROUP BY name;

CREATE TABLE entering (
  submission TEXT PRIMARY KEY,
  claim      TEXT NOT NULL,
  leaves     INTEGER NOT NULL
) WITHOUT ROWID;

ALTER TABLE outbox ADD COLUMN urgency INTEGER AS (CASE WHEN state = 'sending' THEN 9
  ELSE 2 * (state IN ('queued', 'retry')) + (error IS NULL) END) VIRTUAL;
DROP INDEX outbox_submission;
CREATE INDEX outbox_submission ON outbox (submission, urgency, id);
CREATE INDEX outbox_next ON outbox (account, attempts, id) WHERE state IN ('queued', 'retry');
CREATE INDEX outbox_retry ON outbox (account, next_try) WHERE state = 'retry';
CREATE INDEX outbox_created ON outbox (created) WHERE state IN ('queued', 'retry');
CREATE INDEX outbox_sending ON outbox (claim, account) WHERE state = 'sending';
CREATE INDEX outbox_orphaned ON outbox (account) WHERE orphaned = 1;

ALTER TABLE journal ADD COLUMN undone_at INTEGER NOT NULL DEFAULT 0;
DROP INDEX journal_submission;
CREATE INDEX journal_submission ON journal (submission, state, at);
CREATE INDEX journal_undone ON journal (undone) WHERE undone <> '';
UPDATE journal SET undone_at = coalesce((SELECT u.at FROM journal u WHERE u.id = journal.undone), 0) WHERE undone <> '';
CREATE INDEX journal_undone_at ON journal (submission, undone_at) WHERE undone <> '';

ALTER TABLE submission ADD COLUMN waiting   INTEGER NOT NULL DEFAULT 0;
ALTER TABLE submission ADD COLUMN sending   INTEGER NOT NULL DEFAULT 0;
ALTER TABLE submission ADD COLUMN person    INTEGER NOT NULL DEFAULT 0;
ALTER TABLE submission ADD COLUMN delivered INTEGER NOT NULL DEFAULT 0;
ALTER TABLE submission ADD COLUMN already   INTEGER NOT NULL DEFAULT 0;
ALTER TABLE submission ADD COLUMN undone    INTEGER NOT NULL DEFAULT 0;
ALTER TABLE submission ADD COLUMN rev       INTEGER NOT NULL DEFAULT 0;
UPDATE submission SET
  waiting   = (SELECT count(*) FROM outbox WHERE submission = submission.id AND state IN ('queued', 'sending', 'retry')),
  sending   = (SELECT count(*) FROM outbox WHERE submission = submission.id AND state = 'sending'),
  person    = (SELECT count(*) FROM outbox WHERE submission = submission.id AND state NOT IN ('queued', 'sending', 'retry')),
  delivered = (SELECT count(*) FROM journal WHERE submission = submission.id AND state = 'done'),
  already   = (SELECT count(*) FROM journal WHERE submission = submission.id AND state <> 'done'),
  undone    = (SELECT count(*) FROM journal j WHERE submission = submission.id AND j.undone <> '');
CREATE INDEX submission_rev ON submission (rev);
CREATE INDEX submission_open ON submission (at, id) WHERE waiting + person > 0;

CREATE TRIGGER submission_inserted AFTER INSERT ON submission BEGIN
  UPDATE submission SET
    waiting   = (SELECT count(*) FROM outbox WHERE submission = NEW.id AND state IN ('queued', 'sending', 'retry')),
    sending   = (SELECT count(*) FROM outbox WHERE submission = NEW.id AND state = 'sending'),
    person    = (SELECT count(*) FROM outbox WHERE submission = NEW.id AND state NOT IN ('queued', 'sending', 'retry')),
    delivered = (SELECT count(*) FROM journal WHERE submission = NEW.id AND state = 'done'),
    already   = (SELECT count(*) FROM journal WHERE submission = NEW.id AND state <> 'done'),
    undone    = (SELECT count(*) FROM journal j WHERE submission = NEW.id AND j.undone <> ''),
    rev       = 1 + coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'revision'), 0)
  WHERE id = NEW.id;
END;

CREATE TRIGGER outbox_inserted AFTER INSERT ON outbox BEGIN
  UPDATE submission SET
    waiting = waiting + (NEW.state IN ('queued', 'sending', 'retry')),
    sending = sending + (NEW.state = 'sending'),
    person  = person + (NEW.state NOT IN ('queued', 'sending', 'retry')),
    rev     = 1 + coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'revision'), 0)
  WHERE id = NEW.submission;
  INSERT INTO tally (account, waiting, person) VALUES (substr(NEW.account, 1, instr(NEW.account || '~', '~') - 1),
    NEW.state IN ('queued', 'sending', 'retry'), NEW.state NOT IN ('queued', 'sending', 'retry'))
  ON CONFLICT (account) DO UPDATE SET waiting = waiting + excluded.waiting, person = person + excluded.person;
END;

CREATE TRIGGER outbox_deleted AFTER DELETE ON outbox BEGIN
  UPDATE submission SET
    waiting = waiting - (OLD.state IN ('queued', 'sending', 'retry')),
    sending = sending - (OLD.state = 'sending'),
    person  = person - (OLD.state NOT IN ('queued', 'sending', 'retry')),
    rev     = 1 + coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'revision'), 0)
  WHERE id = OLD.submission;
  UPDATE tally SET waiting = waiting - (OLD.state IN ('queued', 'sending', 'retry')),
    person = person - (OLD.state NOT IN ('queued', 'sending', 'retry'))
  WHERE account = substr(OLD.account, 1, instr(OLD.account || '~', '~') - 1);
END;

CREATE TRIGGER outbox_updated AFTER UPDATE ON outbox WHEN NEW.submission = OLD.submission BEGIN
  UPDATE submission SET
    waiting = waiting + (NEW.state IN ('queued', 'sending', 'retry')) - (OLD.state IN ('queued', 'sending', 'retry')),
    sending = sending + (NEW.state = 'sending') - (OLD.state = 'sending'),
    person  = person + (NEW.state NOT IN ('queued', 'sending', 'retry')) - (OLD.state NOT IN ('queued', 'sending', 'retry')),
    rev     = 1 + coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'revision'), 0)
  WHERE id = NEW.submission;
END;

CREATE TRIGGER outbox_moved AFTER UPDATE OF submission ON outbox WHEN NEW.submission <> OLD.submission BEGIN
  UPDATE submission SET
    waiting = waiting + (id = NEW.submission AND NEW.state IN ('queued', 'sending', 'retry'))
      - (id = OLD.submission AND OLD.state IN ('queued', 'sending', 'retry')),
    sending = sending + (id = NEW.submission AND NEW.state = 'sending') - (id = OLD.submission AND OLD.state = 'sending'),
    person  = person + (id = NEW.submission AND NEW.state NOT IN ('queued', 'sending', 'retry'))
      - (id = OLD.submission AND OLD.state NOT IN ('queued', 'sending', 'retry')),
    rev     = 1 + coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'revision'), 0)
  WHERE id IN (OLD.submission, NEW.submission);
END;

CREATE TRIGGER outbox_retold AFTER UPDATE OF state, account ON outbox
WHEN NEW.account <> OLD.account OR (NEW.state IN ('queued', 'sending', 'retry')) <> (OLD.state IN ('queued', 'sending', 'retry')) BEGIN
  UPDATE tally SET waiting = waiting - (OLD.state IN ('queued', 'sending', 'retry')),
    person = person - (OLD.state NOT IN ('queued', 'sending', 'retry'))
  WHERE account = substr(OLD.account, 1, instr(OLD.account || '~', '~') - 1);
  INSERT INTO tally (account, waiting, person) VALUES (substr(NEW.account, 1, instr(NEW.account || '~', '~') - 1),
    NEW.state IN ('queued', 'sending', 'retry'), NEW.state NOT IN ('queued', 'sending', 'retry'))
  ON CONFLICT (account) DO UPDATE SET waiting = waiting + excluded.waiting, person = person + excluded.person;
END;

CREATE TRIGGER journal_inserted AFTER INSERT ON journal BEGIN
  UPDATE submission SET delivered = delivered + (NEW.state = 'done'), already = already + (NEW.state <> 'done'),
    undone = undone + (NEW.undone <> ''),
    rev = 1 + coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'revision'), 0) WHERE id = NEW.submission;
  UPDATE journal SET undone_at = NEW.at WHERE undone = NEW.id AND undone <> '';
  UPDATE journal SET undone_at = coalesce((SELECT u.at FROM journal u WHERE u.id = NEW.undone), 0) WHERE id = NEW.id AND undone <> '';
END;

CREATE TRIGGER journal_deleted AFTER DELETE ON journal BEGIN
  UPDATE submission SET delivered = delivered - (OLD.state = 'done'), already = already - (OLD.state <> 'done'),
    undone = submission.undone - (OLD.undone <> ''),
    rev = 1 + coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'revision'), 0) WHERE id = OLD.submission;
END;

CREATE TRIGGER journal_updated AFTER UPDATE OF state, undone, submission ON journal BEGIN
  UPDATE submission SET delivered = delivered - (OLD.state = 'done'), already = already - (OLD.state <> 'done'),
    undone = undone - (OLD.undone <> '') WHERE id = OLD.submission;
  UPDATE submission SET delivered = delivered + (NEW.state = 'done'), already = already + (NEW.state <> 'done'),
    undone = undone + (NEW.undone <> ''),
    rev = 1 + coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'revision'), 0) WHERE id = NEW.submission;
  UPDATE journal SET undone_at = coalesce((SELECT u.at FROM journal u WHERE u.id = NEW.undone), 0)
  WHERE id = NEW.id AND NEW.undone <> OLD.undone;
END;
`
