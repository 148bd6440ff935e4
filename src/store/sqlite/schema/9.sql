-- Version 9: runs that look into no cache, and what the removal of old runs goes by.
ALTER TABLE run ADD COLUMN no_cache INTEGER NOT NULL DEFAULT 0;
-- Whether a later run takes over from one. Only reruns have an entry.
CREATE INDEX run_of_rerun ON run (rerun_of) WHERE rerun_of <> 0;
-- Whether a version of a flow is still in use.
CREATE INDEX run_version ON run (flow_hash);
CREATE INDEX applied_version_hash ON applied_version (hash);
-- Which ticks are the oldest, of whatever trigger.
CREATE INDEX tick_by_time ON tick (scheduled_for);

PRAGMA user_version = 9;
