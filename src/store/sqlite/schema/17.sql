-- Version 17: who is to be told of what went wrong. A number is never given twice: who reads them one
-- after the other misses none.
CREATE TABLE notice (
  no INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE CHECK (id <> ''),
  at INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind = 'failed' OR kind = 'blocked' OR kind = 'lost'),
  team TEXT NOT NULL CHECK (team <> ''),
  cause TEXT NOT NULL,
  ns TEXT NOT NULL,
  flow_id TEXT NOT NULL,
  run INTEGER NOT NULL,
  path TEXT NOT NULL,
  code TEXT NOT NULL,
  text TEXT NOT NULL CHECK (text <> '')
) STRICT;
CREATE INDEX notice_run ON notice (run);
CREATE INDEX notice_team ON notice (team, no);

PRAGMA user_version = 17;
