-- Version 19: notices of what may go wrong, too. Which kinds there are, the program knows. The numbers
-- go on where they were, also behind those of notices that are gone.
CREATE TABLE notice_19 (
  no INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE CHECK (id <> ''),
  at INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind <> ''),
  team TEXT NOT NULL CHECK (team <> ''),
  cause TEXT NOT NULL,
  ns TEXT NOT NULL,
  flow_id TEXT NOT NULL,
  run INTEGER NOT NULL,
  path TEXT NOT NULL,
  code TEXT NOT NULL,
  text TEXT NOT NULL CHECK (text <> '')
) STRICT;
INSERT INTO notice_19 SELECT no, id, at, kind, team, cause, ns, flow_id, run, path, code, text FROM notice;
DELETE FROM sqlite_sequence WHERE name = 'notice_19';
INSERT INTO sqlite_sequence (name, seq) SELECT 'notice_19', seq FROM sqlite_sequence WHERE name = 'notice';
DROP TABLE notice;
ALTER TABLE notice_19 RENAME TO notice;
CREATE INDEX notice_run ON notice (run);
CREATE INDEX notice_team ON notice (team, no);

PRAGMA user_version = 19;
