-- What several servers on one database know together of those who are not in yet.

-- Who was wrong, by the SHA-256 of his address or of the name that he gave; they go after minutes.
CREATE TABLE failures (
    id INTEGER PRIMARY KEY,
    whose TEXT NOT NULL,
    at REAL NOT NULL
);
CREATE INDEX failures_of ON failures (whose, at);
CREATE INDEX failures_by_time ON failures (at);

-- Links that let somebody in once, as good as a token.
CREATE TABLE links (
    digest TEXT PRIMARY KEY, -- SHA-256 of what the link holds
    token INTEGER NOT NULL,
    expires REAL NOT NULL
);
