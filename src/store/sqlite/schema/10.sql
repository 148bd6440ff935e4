-- Version 10: which runs of a flow count against each other, and whose slot an attempt takes.
ALTER TABLE run ADD COLUMN concurrency_key TEXT NOT NULL DEFAULT '';
ALTER TABLE attempt ADD COLUMN pool TEXT NOT NULL DEFAULT '';
-- A rate is held to across owners by what it says. Only attempts of pools have an entry.
CREATE INDEX attempt_of_pool ON attempt (pool, dispatched_at) WHERE pool <> '';

PRAGMA user_version = 10;
