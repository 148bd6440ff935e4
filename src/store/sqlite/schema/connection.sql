-- What the owner's connection sets. bench/limits/durable_rows.c sets the same.
-- FULL: a commit that returned survives a power cut. No mmap: a damaged page must be an error, not a signal.
-- Checkpoints only where the owner asks for them: two connections that checkpoint at once met a bug of
-- SQLite before 3.51.3, and readers must never wait for one.
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA wal_autocheckpoint = 0;
PRAGMA journal_size_limit = 16777216;
PRAGMA cache_size = -4096;
PRAGMA mmap_size = 0;
PRAGMA temp_store = MEMORY;
PRAGMA foreign_keys = OFF;
PRAGMA trusted_schema = OFF;
PRAGMA cell_size_check = ON;
