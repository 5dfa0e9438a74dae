-- whole: the conversation was read by itself. touch: confab has changed it,
-- and the service has not shown it since. Marks that were stamped under the
-- rule of earlier versions hold: a stamp changes with the content alone.
ALTER TABLE body ADD COLUMN whole INTEGER NOT NULL DEFAULT 0;
ALTER TABLE body ADD COLUMN touch INTEGER NOT NULL DEFAULT 0;
UPDATE body SET touch = 1 WHERE key IN (SELECT c.key FROM journal j JOIN conversation c ON c.account = j.account AND c.id = j.conv
  WHERE j.state = 'done' AND j.at > c.checked - 5000);
CREATE INDEX triage_snoozed ON triage (snoozed) WHERE snoozed > 0;
