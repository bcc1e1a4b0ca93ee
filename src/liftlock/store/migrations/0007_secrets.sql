-- Secrets and variables of repositories and their environments. The key is not in here: it lies in
-- a file of its own.

CREATE TABLE secrets (
    repository TEXT NOT NULL COLLATE NOCASE,
    environment TEXT NOT NULL COLLATE NOCASE, -- '' for those of the whole repository
    kind TEXT NOT NULL, -- secret, variable
    name TEXT NOT NULL, -- in upper case
    sealed BLOB NOT NULL, -- nonce, then what AES-GCM made of it
    "key" TEXT NOT NULL, -- which key it was
    at REAL NOT NULL,
    "by" TEXT NOT NULL,
    PRIMARY KEY (repository, environment, kind, name)
) WITHOUT ROWID;

-- Who set and removed what, and when; never what it was. Nothing is ever taken out of here.
CREATE TABLE secret_facts (
    seq INTEGER PRIMARY KEY,
    at REAL NOT NULL,
    fact TEXT NOT NULL, -- set, removed
    repository TEXT NOT NULL COLLATE NOCASE,
    environment TEXT NOT NULL COLLATE NOCASE,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    "by" TEXT NOT NULL
);
