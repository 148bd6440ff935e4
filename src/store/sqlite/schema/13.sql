-- Version 13: events that came in through triggers, and which run each has.
CREATE TABLE event (
  no INTEGER PRIMARY KEY CHECK (no >= 1),
  ns TEXT NOT NULL,
  flow_id TEXT NOT NULL CHECK (flow_id <> ''),
  trigger TEXT NOT NULL CHECK (trigger <> ''),
  event_id TEXT NOT NULL CHECK (event_id <> ''),
  state TEXT NOT NULL CHECK (
    state = 'pending' OR state = 'run' OR state = 'dead' OR state = 'dropped'),
  at INTEGER NOT NULL,
  settled_at INTEGER NOT NULL,
  run INTEGER NOT NULL CHECK ((run <> 0) = (state = 'run')),
  source TEXT NOT NULL,
  payload TEXT NOT NULL,  -- JSON object
  detail TEXT NOT NULL CHECK (state <> 'dead' OR detail <> ''),
  tries INTEGER NOT NULL
) STRICT;
-- Whoever sends an event again gets the first one.
CREATE UNIQUE INDEX event_once ON event (ns, flow_id, trigger, event_id);
-- What waits for its run, and what waits for a person. The others have no entry.
CREATE INDEX event_open ON event (state, no) WHERE state = 'pending' OR state = 'dead';

PRAGMA user_version = 13;
