-- Version 14: a flow can be disabled: since when (0: it is enabled), by whom, and why.
ALTER TABLE applied_flow ADD COLUMN disabled_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE applied_flow ADD COLUMN disabled_by TEXT NOT NULL DEFAULT '';
ALTER TABLE applied_flow ADD COLUMN disabled_reason TEXT NOT NULL DEFAULT '';

PRAGMA user_version = 14;
