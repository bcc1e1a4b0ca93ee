-- What starts runs besides webhooks, and what forges are told of commits.

-- Up to which fact somebody who follows all runs has looked.
CREATE TABLE followers (
    name TEXT PRIMARY KEY,
    seq INTEGER NOT NULL
) WITHOUT ROWID;

-- What is set for a repository by people; what has no row is as the defaults say.
CREATE TABLE trigger_settings (
    repository INTEGER PRIMARY KEY,
    statuses INTEGER NOT NULL, -- whether the forge is told
    status_name TEXT NOT NULL, -- of the aggregate
    badges INTEGER NOT NULL, -- whether everybody may see them
    catch_up REAL NOT NULL -- seconds: how old a missed slot may be to be made good; 0: none is
);

-- The newest state of each status, and how far the forge has been told: an outbox in which only the
-- newest letter counts.
CREATE TABLE commit_statuses (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    repository INTEGER NOT NULL,
    sha TEXT NOT NULL,
    context TEXT NOT NULL,
    state TEXT NOT NULL, -- pending, running, success, failure, cancelled, skipped
    description TEXT NOT NULL,
    path TEXT NOT NULL, -- of the page that tells more
    revision INTEGER NOT NULL DEFAULT 1, -- counts up when something else is to be told
    told INTEGER NOT NULL DEFAULT 0, -- the revision that the forge has accepted
    changed REAL NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0, -- in vain, since the last that was not
    first REAL NOT NULL DEFAULT 0, -- when the first of these was
    due REAL NOT NULL,
    trouble TEXT NOT NULL DEFAULT '', -- what was answered last
    given_up INTEGER NOT NULL DEFAULT 0,
    UNIQUE (repository, sha, context)
);
CREATE INDEX commit_statuses_to_tell ON commit_statuses (due)
WHERE told < revision AND given_up = 0;
CREATE INDEX commit_statuses_open ON commit_statuses (repository, sha)
WHERE state = 'pending' AND path = '';

-- `on.schedule` of the default branches' workflows.
CREATE TABLE schedules (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    repository INTEGER NOT NULL,
    workflow TEXT NOT NULL, -- path of the file
    name TEXT NOT NULL,
    cron TEXT NOT NULL,
    timezone TEXT NOT NULL,
    seen REAL NOT NULL, -- up to when its slots have been decided
    gone INTEGER NOT NULL DEFAULT 0, -- no longer in the file
    UNIQUE (repository, workflow, cron, timezone)
);

-- Every slot whose time has come, and what became of it.
CREATE TABLE slots (
    schedule INTEGER NOT NULL,
    at REAL NOT NULL,
    state TEXT NOT NULL, -- due, started, missed, skipped, failed
    reason TEXT NOT NULL DEFAULT '',
    decided REAL NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (schedule, at)
) WITHOUT ROWID;
CREATE INDEX slots_due ON slots (at) WHERE state = 'due';

-- Workflows that nothing starts until somebody enables them again.
CREATE TABLE disabled_workflows (
    repository INTEGER NOT NULL,
    workflow TEXT NOT NULL,
    "by" TEXT NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (repository, workflow)
) WITHOUT ROWID;

-- Repositories that are looked at now and then.
CREATE TABLE polls (
    repository INTEGER PRIMARY KEY,
    round INTEGER NOT NULL, -- counts the looks that have found something
    due REAL NOT NULL,
    looked REAL NOT NULL,
    failures INTEGER NOT NULL,
    trouble TEXT NOT NULL
);
CREATE TABLE polled_refs (
    repository INTEGER NOT NULL,
    ref TEXT NOT NULL,
    sha TEXT NOT NULL,
    PRIMARY KEY (repository, ref)
) WITHOUT ROWID;
