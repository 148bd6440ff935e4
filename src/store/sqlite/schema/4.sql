-- Version 4: runs that ended otherwise than completed, to be found among many that completed. Only such
-- a run has an entry: the others cost nothing.
CREATE INDEX run_not_well ON run (state)
  WHERE state = 'warning' OR state = 'error' OR state = 'cancelled';
CREATE INDEX run_of_flow_not_well ON run (flow_id, state)
  WHERE state = 'warning' OR state = 'error' OR state = 'cancelled';

PRAGMA user_version = 4;
