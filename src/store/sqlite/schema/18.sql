-- Version 18: the texts that flows were written as. One text is there once, however many versions have it.
CREATE TABLE flow_source (
  hash TEXT NOT NULL PRIMARY KEY CHECK (length(hash) = 64),
  text TEXT NOT NULL
) STRICT;
ALTER TABLE applied_flow ADD COLUMN source TEXT NOT NULL DEFAULT '';
ALTER TABLE applied_version ADD COLUMN source TEXT NOT NULL DEFAULT '';

PRAGMA user_version = 18;
