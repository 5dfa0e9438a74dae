-- Triggers count the outbox: no code path can forget to, and reading a count is a look
-- at one row. rev of a submission is the revision of the transaction that last changed
-- one of its edits: the one after the newest that is written down.
--
-- Rows of accounts that were set aside count to the name before the "~"; none of
-- them is on its way.
--
-- urgency orders the edits of a submission by what is to be said of it first:
-- what needs a person, then what waits for a reason.
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
