-- hold is until when a service asked to be left alone. known are the ids of
-- the conversations that had the title of a create before it was first sent.
ALTER TABLE account ADD COLUMN hold INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN known TEXT NOT NULL DEFAULT '[]';
