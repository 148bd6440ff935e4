-- Version 15: how far inputs of the library have come, each in its own words.
CREATE TABLE input_position (
  input TEXT PRIMARY KEY CHECK (input <> ''),
  position TEXT NOT NULL
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 15;
