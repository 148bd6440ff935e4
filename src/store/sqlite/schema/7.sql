-- Version 7: flows by name: the current version of each, and the sequence of its versions.
CREATE TABLE applied_flow (
  ns TEXT NOT NULL,
  flow_id TEXT NOT NULL CHECK (flow_id <> ''),
  version INTEGER NOT NULL CHECK (version >= 1),
  hash TEXT NOT NULL CHECK (hash <> ''),
  folder TEXT NOT NULL,
  file TEXT NOT NULL,
  applied_at INTEGER NOT NULL,
  removed_at INTEGER NOT NULL,  -- 0: it is there
  PRIMARY KEY (ns, flow_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE applied_version (
  ns TEXT NOT NULL,
  flow_id TEXT NOT NULL CHECK (flow_id <> ''),
  version INTEGER NOT NULL CHECK (version >= 1),
  hash TEXT NOT NULL CHECK (hash <> ''),
  folder TEXT NOT NULL,
  file TEXT NOT NULL,
  applied_at INTEGER NOT NULL,
  PRIMARY KEY (ns, flow_id, version)
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 7;
