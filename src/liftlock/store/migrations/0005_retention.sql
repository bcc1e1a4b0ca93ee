-- How long what a run leaves is kept, in seconds: artifacts from their making, logs from its end.

ALTER TABLE runs ADD COLUMN artifacts_kept REAL NOT NULL DEFAULT 7776000;
ALTER TABLE runs ADD COLUMN logs_kept REAL NOT NULL DEFAULT 7776000;
