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
