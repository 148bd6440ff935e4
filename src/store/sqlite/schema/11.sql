-- Version 11: old ticks are found trigger by trigger, along the key. An index by time cost each
-- tick that is written more than the tick itself.
DROP INDEX tick_by_time;

PRAGMA user_version = 11;
