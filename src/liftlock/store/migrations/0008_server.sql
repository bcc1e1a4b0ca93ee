-- Who may ask a server for what, and what was done by it.

CREATE TABLE access_tokens (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    person TEXT NOT NULL,
    role TEXT NOT NULL, -- viewer, developer, maintainer, admin
    label TEXT NOT NULL,
    digest TEXT NOT NULL UNIQUE, -- SHA-256 of the token, which is long and random
    created REAL NOT NULL,
    used REAL NOT NULL DEFAULT 0,
    expires REAL NOT NULL DEFAULT 0, -- 0: never
    revoked REAL NOT NULL DEFAULT 0
);

-- Who is logged in. A session is as good as the token with which it was begun.
CREATE TABLE sessions (
    digest TEXT PRIMARY KEY, -- SHA-256 of what the cookie holds
    token INTEGER NOT NULL,
    created REAL NOT NULL,
    used REAL NOT NULL,
    expires REAL NOT NULL
) WITHOUT ROWID;

-- Each row's hash covers the one before, so that none can be changed or left out unseen.
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    at REAL NOT NULL,
    who TEXT NOT NULL,
    what TEXT NOT NULL,
    about TEXT NOT NULL,
    detail TEXT NOT NULL,
    address TEXT NOT NULL,
    hash TEXT NOT NULL
);

-- Runs that a server carries out, until they have ended: whoever serves next goes on with them.
CREATE TABLE served (
    run INTEGER PRIMARY KEY,
    who TEXT NOT NULL
);

CREATE INDEX runs_of_repository ON runs (repository, id);
CREATE INDEX runs_not_completed ON runs (id) WHERE status != 'completed';
