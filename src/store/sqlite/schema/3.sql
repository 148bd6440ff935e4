-- Version 3: what waits for a person, and the history of datasets that guards judge by.
CREATE TABLE hold (
  run INTEGER NOT NULL,
  path TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state = 'held' OR state = 'approved' OR state = 'rejected'),
  attempt INTEGER NOT NULL CHECK (attempt >= 1),
  reason TEXT NOT NULL CHECK (reason <> ''),
  by TEXT NOT NULL,
  note TEXT NOT NULL,
  held_at INTEGER NOT NULL,
  decided_at INTEGER NOT NULL,
  PRIMARY KEY (run, path),
  CONSTRAINT hold_decision_has_a_person CHECK ((state = 'held') = (by = ''))
) STRICT, WITHOUT ROWID;

CREATE TABLE point (
  series TEXT NOT NULL CHECK (series <> ''),
  at INTEGER NOT NULL,
  run INTEGER NOT NULL,
  path TEXT NOT NULL,
  verdict TEXT NOT NULL CHECK (
    verdict = 'ok' OR verdict = 'warn' OR verdict = 'trip' OR verdict = 'approved'
    OR verdict = 'level'),
  facts TEXT NOT NULL,
  PRIMARY KEY (series, at, run, path)
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 3;
