-- One file can be kept as it is, without an archive around it.

ALTER TABLE artifacts ADD COLUMN mime TEXT NOT NULL DEFAULT 'application/zip';
