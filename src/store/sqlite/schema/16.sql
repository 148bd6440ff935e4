-- Version 16: tokens of task servers.
CREATE TABLE token_16 (
  id TEXT NOT NULL PRIMARY KEY CHECK (id <> ''),
  kind TEXT NOT NULL CHECK (
    kind = 'personal' OR kind = 'service' OR kind = 'session' OR kind = 'login' OR kind = 'server'),
  hash TEXT NOT NULL CHECK (length(hash) = 64),
  user TEXT NOT NULL,
  name TEXT NOT NULL,
  grants TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  revoked_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO token_16 SELECT id, kind, hash, user, name, grants, created_by, created_at, expires_at, revoked_at FROM token;
DROP TABLE token;
ALTER TABLE token_16 RENAME TO token;

PRAGMA user_version = 16;
