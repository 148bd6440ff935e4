-- Version 8: runs that a task of another run began.
ALTER TABLE run ADD COLUMN parent INTEGER NOT NULL DEFAULT 0;  -- 0: of none
ALTER TABLE run ADD COLUMN parent_path TEXT NOT NULL DEFAULT '';

PRAGMA user_version = 8;
