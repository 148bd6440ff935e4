-- Version 12: who may do what, and what was done.
CREATE TABLE user (
  name TEXT NOT NULL PRIMARY KEY CHECK (name <> ''),
  password TEXT NOT NULL,  -- argon2id; '': none
  grants TEXT NOT NULL,    -- author@acme,viewer@*
  created_at INTEGER NOT NULL,
  disabled_at INTEGER NOT NULL,
  version INTEGER NOT NULL CHECK (version >= 1)
) STRICT, WITHOUT ROWID;

CREATE TABLE token (
  id TEXT NOT NULL PRIMARY KEY CHECK (id <> ''),
  kind TEXT NOT NULL CHECK (
    kind = 'personal' OR kind = 'service' OR kind = 'session' OR kind = 'login'),
  hash TEXT NOT NULL CHECK (length(hash) = 64),
  user TEXT NOT NULL,
  name TEXT NOT NULL,
  grants TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  revoked_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Only ever inserted.
CREATE TABLE audit (
  seq INTEGER PRIMARY KEY CHECK (seq >= 1),
  at INTEGER NOT NULL,
  actor TEXT NOT NULL CHECK (actor <> ''),
  address TEXT NOT NULL,
  action TEXT NOT NULL CHECK (action <> ''),
  subject TEXT NOT NULL,
  ns TEXT NOT NULL,
  before TEXT NOT NULL,
  after TEXT NOT NULL,
  hash TEXT NOT NULL CHECK (length(hash) = 64)
) STRICT;
CREATE TRIGGER audit_stays BEFORE UPDATE ON audit
  BEGIN SELECT raise(ABORT, 'an entry of the audit does not change'); END;

PRAGMA user_version = 12;
