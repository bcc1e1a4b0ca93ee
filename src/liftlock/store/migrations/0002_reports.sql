-- Reports that steps handed in for the gates. What they tell stands in the facts; a row here
-- keeps the blob from being removed.

CREATE TABLE reports (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER NOT NULL,
    digest TEXT NOT NULL,
    expires REAL NOT NULL
);
CREATE INDEX reports_of_digest ON reports (digest);
