-- Repositories whose events a server takes in, what came from their forges, and what became of it.

CREATE TABLE repositories (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL COLLATE NOCASE UNIQUE, -- owner/name, the same text as runs.repository
    url TEXT NOT NULL, -- what git fetches; never with a password in it
    forge TEXT NOT NULL, -- github, gitea, forgejo, gitlab; '' for a bare repository
    web TEXT NOT NULL, -- where people look at it; '' if nowhere
    branch TEXT NOT NULL, -- the default one; '' until git has told
    trusted INTEGER NOT NULL, -- its jobs may run on the host
    forks TEXT NOT NULL, -- never, outsiders, first-time, always
    "interval" REAL NOT NULL, -- seconds between two looks at it; 0: nobody looks by himself
    active INTEGER NOT NULL,
    created REAL NOT NULL,
    "by" TEXT NOT NULL,
    secret BLOB, -- with which webhooks are signed; sealed
    token BLOB, -- with which git and the forge's API are asked; sealed
    "key" TEXT NOT NULL DEFAULT '' -- which key sealed them
);

-- What forges have sent. The body stays until retention takes it, so that it can be replayed.
CREATE TABLE hooks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    repository INTEGER NOT NULL,
    delivery TEXT NOT NULL, -- as the forge calls it
    once TEXT UNIQUE, -- repository and delivery; NULL for what was refused, and for replays
    event TEXT NOT NULL,
    headers TEXT NOT NULL, -- a JSON object; signatures and tokens are not in it
    body TEXT NOT NULL, -- '' of what was refused
    at REAL NOT NULL,
    address TEXT NOT NULL,
    status TEXT NOT NULL, -- waiting, done, ignored, failed, refused
    said TEXT NOT NULL DEFAULT '', -- why
    finished REAL NOT NULL DEFAULT 0,
    replays INTEGER NOT NULL DEFAULT 0 -- the one that it repeats
);
CREATE INDEX hooks_of_repository ON hooks (repository, id);
CREATE INDEX hooks_that_wait ON hooks (id) WHERE status = 'waiting';

-- Events that were taken in, whoever brought them.
CREATE TABLE intakes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    repository INTEGER NOT NULL,
    delivery TEXT NOT NULL, -- hook:12:push, poll:…, schedule:…; the same one is taken in once
    event TEXT NOT NULL,
    ref TEXT NOT NULL,
    sha TEXT NOT NULL,
    head TEXT NOT NULL, -- the commit that people know: of a pull request its head
    actor TEXT NOT NULL,
    body TEXT NOT NULL, -- the event as JSON, as long as something of it is to be done
    at REAL NOT NULL,
    status TEXT NOT NULL, -- begun, held, done, failed, rejected
    said TEXT NOT NULL DEFAULT '',
    author TEXT NOT NULL DEFAULT '', -- of a pull request from outside
    number INTEGER NOT NULL DEFAULT 0, -- of the pull request
    approved TEXT NOT NULL DEFAULT '', -- by whom
    UNIQUE (repository, delivery)
);
CREATE INDEX intakes_of_commit ON intakes (repository, head);
CREATE INDEX intakes_that_wait ON intakes (id) WHERE status IN ('begun', 'held');

-- For each workflow: did it start, and why (not)?
CREATE TABLE decisions (
    intake INTEGER NOT NULL,
    workflow TEXT NOT NULL, -- path of the file
    name TEXT NOT NULL,
    decision TEXT NOT NULL, -- started, skipped, refused, held
    reason TEXT NOT NULL,
    filters TEXT NOT NULL, -- JSON: a list of [filter, passed, what was found]
    run INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (intake, workflow)
) WITHOUT ROWID;

-- Whose pull requests from forks run without being asked about any longer.
CREATE TABLE known_authors (
    repository INTEGER NOT NULL,
    author TEXT NOT NULL COLLATE NOCASE,
    "by" TEXT NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (repository, author)
) WITHOUT ROWID;

-- What made a run: an intake and a workflow, say. The same cause makes no second run.
ALTER TABLE runs ADD COLUMN cause TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX runs_by_cause ON runs (cause) WHERE cause != '';
