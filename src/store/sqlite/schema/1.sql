-- Version 1 of the state. Released versions never change: what comes later is a file of its own.
--
-- Times are milliseconds since 1970; 0: not yet. Empty texts: none. States are chains of = and <>
-- instead of IN: SQLite would build a temporary index for each list, for each row it checks.
PRAGMA application_id = 0x44796E61;  -- "Dyna"

CREATE TABLE meta (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  epoch INTEGER NOT NULL  -- of the owner; each takes the next
) STRICT;
INSERT INTO meta (one, epoch) VALUES (1, 0);

CREATE TABLE flow_version (
  hash TEXT NOT NULL PRIMARY KEY CHECK (hash <> ''),
  id TEXT NOT NULL,
  ns TEXT NOT NULL,
  canonical TEXT NOT NULL
) STRICT;

CREATE TABLE run (
  no INTEGER PRIMARY KEY CHECK (no >= 1),
  id TEXT NOT NULL UNIQUE CHECK (id <> ''),
  flow_id TEXT NOT NULL,
  ns TEXT NOT NULL,
  flow_hash TEXT NOT NULL,
  folder TEXT NOT NULL,
  inputs TEXT NOT NULL,
  outputs TEXT NOT NULL,
  state TEXT NOT NULL CHECK (
    state = 'pending' OR state = 'running' OR state = 'paused' OR state = 'completed'
    OR state = 'warning' OR state = 'error' OR state = 'cancelled'),
  created_at INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL,
  deadline_at INTEGER NOT NULL,
  warnings INTEGER NOT NULL,
  cancel_requested INTEGER NOT NULL,
  error_code TEXT,
  error_message TEXT,
  error_phase TEXT,
  error_retryable INTEGER,
  error_owner TEXT,
  error_exit_code INTEGER,
  CONSTRAINT run_error_is_complete CHECK (
    error_code IS NULL
    OR (error_code <> '' AND ifnull(error_message, '') <> '' AND ifnull(error_phase, '') <> ''
        AND ifnull(error_owner, '') <> '' AND error_retryable IS NOT NULL
        AND error_exit_code IS NOT NULL))
) STRICT;
CREATE INDEX run_flow ON run (flow_id);
CREATE INDEX run_unfinished ON run (no)
  WHERE state <> 'completed' AND state <> 'warning' AND state <> 'error' AND state <> 'cancelled';

CREATE TABLE task (
  run INTEGER NOT NULL,
  path TEXT NOT NULL,
  state TEXT NOT NULL CHECK (
    state = 'completed' OR state = 'pending' OR state = 'queued' OR state = 'started'
    OR state = 'error' OR state = 'skipped' OR state = 'blocked' OR state = 'cancelled'),
  attempt INTEGER NOT NULL,
  warnings INTEGER NOT NULL,
  first_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL,
  retry_at INTEGER NOT NULL,
  outputs TEXT NOT NULL,
  blocked_by TEXT NOT NULL,
  error_code TEXT,
  error_message TEXT,
  error_phase TEXT,
  error_retryable INTEGER,
  error_owner TEXT,
  error_exit_code INTEGER,
  PRIMARY KEY (run, path),
  CONSTRAINT task_error_is_complete CHECK (
    (error_code IS NULL AND state <> 'error')
    OR (ifnull(error_code, '') <> '' AND ifnull(error_message, '') <> ''
        AND ifnull(error_phase, '') <> '' AND ifnull(error_owner, '') <> ''
        AND error_retryable IS NOT NULL AND error_exit_code IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE attempt (
  run INTEGER NOT NULL,
  path TEXT NOT NULL,
  attempt INTEGER NOT NULL CHECK (attempt >= 1),
  state TEXT NOT NULL CHECK (
    state = 'completed' OR state = 'created' OR state = 'dispatched' OR state = 'acknowledged'
    OR state = 'started' OR state = 'failed' OR state = 'cancelled'),
  created_at INTEGER NOT NULL,
  dispatched_at INTEGER NOT NULL,
  acknowledged_at INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL,
  deadline_at INTEGER NOT NULL,
  cancel_requested INTEGER NOT NULL,
  known_dead INTEGER NOT NULL,
  error_code TEXT,
  error_message TEXT,
  error_phase TEXT,
  error_retryable INTEGER,
  error_owner TEXT,
  error_exit_code INTEGER,
  PRIMARY KEY (run, path, attempt),
  CONSTRAINT attempt_failure_has_an_error CHECK (
    CASE WHEN state <> 'failed' THEN error_code IS NULL
    ELSE ifnull(error_code, '') <> '' AND ifnull(error_message, '') <> ''
      AND ifnull(error_phase, '') <> '' AND ifnull(error_owner, '') <> ''
      AND error_retryable IS NOT NULL AND error_exit_code IS NOT NULL END)
) STRICT, WITHOUT ROWID;
-- At most one attempt of a task lives.
CREATE UNIQUE INDEX attempt_live ON attempt (run, path)
  WHERE state <> 'completed' AND state <> 'failed' AND state <> 'cancelled';

CREATE TABLE history (
  run INTEGER NOT NULL,
  seq INTEGER NOT NULL CHECK (seq >= 1),
  at INTEGER NOT NULL,
  path TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  run_state TEXT NOT NULL CHECK (  -- empty: it did not change
    run_state = '' OR run_state = 'pending' OR run_state = 'running' OR run_state = 'paused'
    OR run_state = 'completed' OR run_state = 'warning' OR run_state = 'error'
    OR run_state = 'cancelled'),
  task_state TEXT NOT NULL CHECK (
    task_state = '' OR task_state = 'completed' OR task_state = 'pending' OR task_state = 'queued'
    OR task_state = 'started' OR task_state = 'error' OR task_state = 'skipped'
    OR task_state = 'blocked' OR task_state = 'cancelled'),
  attempt_state TEXT NOT NULL CHECK (
    attempt_state = '' OR attempt_state = 'completed' OR attempt_state = 'created'
    OR attempt_state = 'dispatched' OR attempt_state = 'acknowledged'
    OR attempt_state = 'started' OR attempt_state = 'failed' OR attempt_state = 'cancelled'),
  detail TEXT NOT NULL,
  PRIMARY KEY (run, seq)
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 1;
