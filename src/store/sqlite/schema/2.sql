-- Version 2: the writer itself looks for a second live attempt, in the rows beside the one it writes.
-- The index cost one of the four pages that a commit of a small task writes.
DROP INDEX attempt_live;

PRAGMA user_version = 2;
