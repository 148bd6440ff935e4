-- Version 5: what became of each time at which a trigger was due, and which time a run stands for.
CREATE TABLE tick (
  ns TEXT NOT NULL,
  flow_id TEXT NOT NULL,
  trigger TEXT NOT NULL CHECK (trigger <> ''),
  scheduled_for INTEGER NOT NULL,  -- of a row for many times: the last of them
  first INTEGER NOT NULL CHECK (first <= scheduled_for),
  count INTEGER NOT NULL CHECK (count >= 0),
  state TEXT NOT NULL CHECK (
    state = 'run' OR state = 'skipped' OR state = 'begun' OR state = 'error'),
  run INTEGER NOT NULL,
  at INTEGER NOT NULL,
  detail TEXT NOT NULL,
  PRIMARY KEY (ns, flow_id, trigger, scheduled_for),
  CONSTRAINT tick_has_a_run_or_not CHECK ((state = 'run') = (run <> 0)),
  CONSTRAINT tick_without_a_run_says_why CHECK (
    (state = 'skipped' OR state = 'error') = (detail <> ''))
) STRICT, WITHOUT ROWID;

ALTER TABLE run ADD COLUMN trigger TEXT NOT NULL DEFAULT '';
ALTER TABLE run ADD COLUMN scheduled_for INTEGER NOT NULL DEFAULT 0;  -- 0: its own time
ALTER TABLE run ADD COLUMN interval_from INTEGER NOT NULL DEFAULT 0;

PRAGMA user_version = 5;
