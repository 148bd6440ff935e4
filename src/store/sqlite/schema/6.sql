-- Version 6: runs that take over what another completed, and backfills.
CREATE TABLE backfill (
  no INTEGER PRIMARY KEY CHECK (no >= 1),
  id TEXT NOT NULL UNIQUE CHECK (id <> ''),
  ns TEXT NOT NULL,
  flow_id TEXT NOT NULL,
  flow_hash TEXT NOT NULL,
  folder TEXT NOT NULL,
  trigger TEXT NOT NULL,
  inputs TEXT NOT NULL,
  begin_at INTEGER NOT NULL,
  end_at INTEGER NOT NULL CHECK (begin_at < end_at),
  every INTEGER NOT NULL,
  parallel INTEGER NOT NULL CHECK (parallel >= 1),
  only_missing INTEGER NOT NULL,
  newest_first INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (
    state = 'running' OR state = 'paused' OR state = 'completed' OR state = 'error'
    OR state = 'cancelled'),
  cursor INTEGER NOT NULL,
  total INTEGER NOT NULL,
  started INTEGER NOT NULL,
  skipped INTEGER NOT NULL,
  refused INTEGER NOT NULL,
  detail TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL,
  CONSTRAINT backfill_has_times CHECK ((trigger = '') = (every > 0))
) STRICT;

ALTER TABLE run ADD COLUMN rerun_of INTEGER NOT NULL DEFAULT 0;  -- 0: of none
ALTER TABLE run ADD COLUMN backfill TEXT NOT NULL DEFAULT '';
-- Only such runs have an entry: the others cost nothing.
CREATE INDEX run_of_backfill ON run (backfill, no) WHERE backfill <> '';
CREATE INDEX run_for_time ON run (flow_id, scheduled_for) WHERE scheduled_for <> 0;

PRAGMA user_version = 6;
