-- Facts are the truth; runs and jobs are summaries of them, written in the same transaction.

CREATE TABLE runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    repository TEXT NOT NULL,
    workflow TEXT NOT NULL, -- path of the file
    number INTEGER NOT NULL,
    name TEXT NOT NULL,
    title TEXT NOT NULL,
    event TEXT NOT NULL,
    ref TEXT NOT NULL,
    sha TEXT NOT NULL,
    actor TEXT NOT NULL,
    request TEXT NOT NULL, -- digest
    status TEXT NOT NULL, -- queued, in_progress, completed
    conclusion TEXT NOT NULL DEFAULT '',
    attempt INTEGER NOT NULL DEFAULT 1,
    created REAL NOT NULL,
    started REAL NOT NULL DEFAULT 0,
    finished REAL NOT NULL DEFAULT 0,
    owner TEXT NOT NULL, -- the process that carries it out
    token INTEGER NOT NULL, -- of that process' claim; what comes under an older one is refused
    UNIQUE (repository, workflow, number)
);

CREATE TABLE requests (
    digest TEXT PRIMARY KEY,
    body TEXT NOT NULL
);

CREATE TABLE facts (
    seq INTEGER PRIMARY KEY,
    run INTEGER NOT NULL,
    at REAL NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    token INTEGER NOT NULL
);
CREATE INDEX facts_of_run ON facts (run, seq);

CREATE TABLE jobs (
    run INTEGER NOT NULL,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL, -- queued, running, lost, done
    conclusion TEXT NOT NULL DEFAULT '',
    attempt INTEGER NOT NULL DEFAULT 0, -- of the job: how often it was claimed
    started REAL NOT NULL DEFAULT 0,
    finished REAL NOT NULL DEFAULT 0,
    PRIMARY KEY (run, key)
) WITHOUT ROWID;

-- What others want of a run. Only its owner writes its facts, and takes these in as such.
CREATE TABLE inbox (
    id INTEGER PRIMARY KEY,
    run INTEGER NOT NULL,
    body TEXT NOT NULL
);

-- Who has a concurrency group and who waits for it.
CREATE TABLE lines (
    repository TEXT NOT NULL,
    name TEXT NOT NULL, -- in lower case
    running TEXT NOT NULL,
    pending TEXT NOT NULL, -- a JSON list, first in line first
    PRIMARY KEY (repository, name)
) WITHOUT ROWID;

CREATE TABLE artifacts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER NOT NULL,
    attempt INTEGER NOT NULL, -- of the run; names are unique within one
    name TEXT NOT NULL,
    digest TEXT NOT NULL, -- of the zip, which is a blob
    size INTEGER NOT NULL,
    files INTEGER NOT NULL,
    created REAL NOT NULL,
    expires REAL NOT NULL
);
CREATE INDEX artifacts_of_run ON artifacts (run, name);

CREATE TABLE caches (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    repository TEXT NOT NULL,
    ref TEXT NOT NULL,
    key TEXT NOT NULL,
    version TEXT NOT NULL,
    digest TEXT NOT NULL,
    size INTEGER NOT NULL,
    created REAL NOT NULL,
    used REAL NOT NULL,
    UNIQUE (repository, ref, key, version)
);
