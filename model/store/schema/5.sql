-- conversation is narrow: what a query looks at is one packed subject, NULL
-- until it is folded, and rev is the revision that last changed what a person
-- sees of the row. What every sweep rewrites is in checked. A key is never
-- used twice. account.conversations counts those that are not gone.
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
