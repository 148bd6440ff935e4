-- examples/flights as one script for one DuckDB process, as somebody would write it by hand: the same
-- CSV options and types, the same rules and keys, the same files in the end. What `dyna` is held against.
SET threads=2;
SET TimeZone='UTC';
CREATE TABLE flights AS SELECT * FROM read_csv('data/flights.csv', header=true, auto_detect=false,
  delim=',', quote='"', escape='"', nullstr=['', 'NA'], store_rejects=true, rejects_limit=0,
  columns={'year': 'INTEGER', 'month': 'INTEGER', 'day': 'INTEGER', 'dep_time': 'INTEGER',
    'sched_dep_time': 'INTEGER', 'dep_delay': 'INTEGER', 'arr_time': 'INTEGER',
    'sched_arr_time': 'INTEGER', 'arr_delay': 'INTEGER', 'carrier': 'VARCHAR', 'flight': 'INTEGER',
    'tailnum': 'VARCHAR', 'origin': 'VARCHAR', 'dest': 'VARCHAR', 'air_time': 'INTEGER',
    'distance': 'INTEGER', 'hour': 'INTEGER', 'minute': 'INTEGER', 'time_hour': 'TIMESTAMP'});
CREATE TABLE airlines AS SELECT * FROM read_csv('data/airlines.csv', header=true, auto_detect=false,
  delim=',', quote='"', escape='"', store_rejects=true, rejects_limit=0,
  columns={'carrier': 'VARCHAR', 'name': 'VARCHAR'});
CREATE TABLE planes AS SELECT * FROM read_csv('data/planes.csv', header=true, auto_detect=false,
  delim=',', quote='"', escape='"', nullstr=['', 'NA'], store_rejects=true, rejects_limit=0,
  columns={'tailnum': 'VARCHAR', 'built': 'INTEGER', 'type': 'VARCHAR', 'manufacturer': 'VARCHAR',
    'model': 'VARCHAR', 'engines': 'INTEGER', 'seats': 'INTEGER', 'speed': 'INTEGER',
    'engine': 'VARCHAR'});
CREATE TABLE airports AS SELECT * FROM read_csv('data/airports.csv', header=true, auto_detect=false,
  delim=',', quote='"', escape='"', nullstr=['', 'NA'], store_rejects=true, rejects_limit=0,
  columns={'faa': 'VARCHAR', 'name': 'VARCHAR', 'lat': 'DOUBLE', 'lon': 'DOUBLE', 'alt': 'INTEGER',
    'tz': 'INTEGER', 'dst': 'VARCHAR', 'tzone': 'VARCHAR'});
CREATE TABLE weather AS SELECT * FROM read_csv('data/weather.csv', header=true, auto_detect=false,
  delim=',', quote='"', escape='"', nullstr=['', 'NA'], store_rejects=true, rejects_limit=0,
  columns={'origin': 'VARCHAR', 'year': 'INTEGER', 'month': 'INTEGER', 'day': 'INTEGER',
    'hour': 'INTEGER', 'temp': 'DOUBLE', 'dewp': 'DOUBLE', 'humid': 'DOUBLE', 'wind_dir': 'INTEGER',
    'wind_speed': 'DOUBLE', 'wind_gust': 'DOUBLE', 'precip': 'DOUBLE', 'pressure': 'DOUBLE',
    'visib': 'DOUBLE', 'time_hour': 'TIMESTAMP'});
SELECT count(*) AS rejects FROM reject_errors;
-- The rules of the contracts: what they find is counted.
SELECT count(*) AS rows, count(*) FILTER (year IS NULL OR month IS NULL OR day IS NULL OR
    sched_dep_time IS NULL OR sched_arr_time IS NULL OR carrier IS NULL OR flight IS NULL OR
    origin IS NULL OR dest IS NULL OR distance IS NULL OR time_hour IS NULL) AS required,
  count(*) FILTER (month NOT BETWEEN 1 AND 12 OR day NOT BETWEEN 1 AND 31 OR flight < 1 OR
    distance < 1 OR origin NOT IN ('EWR', 'JFK', 'LGA') OR NOT regexp_full_match(dest, '[A-Z]{3}'))
    AS wrong
  FROM flights;
SELECT coalesce(sum(times - 1), 0) AS twice FROM (SELECT count(*) AS times FROM flights
  GROUP BY year, month, day, carrier, flight, origin, sched_dep_time HAVING count(*) > 1);
SELECT count(*) - count(DISTINCT (origin, time_hour)) AS twice FROM weather;
SELECT count(*) - count(DISTINCT tailnum) AS twice FROM planes;
SELECT count(*) - count(DISTINCT faa) AS twice FROM airports;
COPY (SELECT * FROM weather WHERE wind_speed > 200)
  TO 'out/weather.quarantine.parquet' (FORMAT parquet);
-- The five checks, each evaluated once.
CREATE TABLE labelled AS SELECT *, list_filter([
    CASE WHEN NOT coalesce(origin <> dest, true) THEN 0 END,
    CASE WHEN NOT coalesce(hour * 100 + minute = sched_dep_time, true) THEN 1 END,
    CASE WHEN NOT coalesce(dep_time IS NOT NULL OR arr_time IS NULL, true) THEN 2 END,
    CASE WHEN NOT coalesce(dep_delay BETWEEN -60 AND 720, true) THEN 3 END,
    CASE WHEN NOT coalesce(distance / (air_time / 60.0) < 700, true) THEN 4 END],
    lambda v: v IS NOT NULL) AS bad FROM flights;
SELECT r AS rule, count(*) AS n FROM (SELECT unnest(bad) AS r FROM labelled) GROUP BY r;
COPY (SELECT * FROM labelled WHERE len(bad) > 0)
  TO 'out/flights_ok.quarantine.parquet' (FORMAT parquet);
CREATE TABLE flights_ok AS SELECT * EXCLUDE (bad) FROM labelled WHERE len(bad) = 0;
CREATE TABLE enriched AS
  SELECT f.year, f.month, f.day, f.time_hour, f.carrier, a.name AS airline, f.flight, f.origin,
    f.dest, p.name AS destination, f.dep_delay, f.arr_delay, f.air_time, f.distance,
    f.dep_time IS NULL AS cancelled, f.tailnum, l.built, l.seats, w.temp, w.wind_speed, w.precip,
    w.visib
  FROM flights_ok f
  JOIN airlines a USING (carrier)
  LEFT JOIN planes l USING (tailnum)
  LEFT JOIN (FROM weather WHERE wind_speed <= 200 OR wind_speed IS NULL) w
    USING (origin, time_hour)
  LEFT JOIN airports p ON p.faa = f.dest;
CREATE TABLE by_carrier AS
  SELECT airline, origin, count(*) AS flights, count(*) FILTER (cancelled) AS cancelled,
    median(dep_delay) AS median_dep_delay, round(avg(dep_delay), 2) AS mean_dep_delay,
    round(100.0 * count(*) FILTER (arr_delay > 15) / count(arr_delay), 2) AS late_percent,
    median(seats) AS median_seats,
    round(avg(dep_delay) FILTER (precip > 0), 2) AS mean_delay_in_rain
  FROM enriched GROUP BY airline, origin ORDER BY airline, origin;
COPY enriched TO 'out/flights.parquet' (FORMAT parquet);
COPY by_carrier TO 'out/by_carrier.parquet' (FORMAT parquet);
COPY by_carrier TO 'out/by_carrier.csv' (FORMAT csv, HEADER true);
