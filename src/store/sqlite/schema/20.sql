-- Version 20: where an attempt runs, and what it holds there (model/place.hpp says how it is written).
ALTER TABLE attempt ADD COLUMN place TEXT NOT NULL DEFAULT '';

PRAGMA user_version = 20;
