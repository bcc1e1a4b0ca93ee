-- Environments and what is deployed to them: facts, and summaries of them.

CREATE TABLE environments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    repository TEXT NOT NULL,
    name TEXT NOT NULL COLLATE NOCASE, -- as on GitHub: Production is production
    owner TEXT NOT NULL DEFAULT '', -- the process whose controller holds it
    token INTEGER NOT NULL DEFAULT 0, -- of its claim; what comes under an older one is refused
    UNIQUE (repository, name)
);

CREATE TABLE deployment_facts (
    seq INTEGER PRIMARY KEY,
    environment INTEGER NOT NULL,
    at REAL NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    token INTEGER NOT NULL
);
CREATE INDEX facts_of_environment ON deployment_facts (environment, seq);

CREATE TABLE deployments (
    environment INTEGER NOT NULL,
    number INTEGER NOT NULL,
    kind TEXT NOT NULL, -- deploy, rollback, promotion, sync, job
    version TEXT NOT NULL, -- its name
    version_id TEXT NOT NULL,
    "commit" TEXT NOT NULL,
    ref TEXT NOT NULL,
    artifact TEXT NOT NULL, -- digest of a blob, or empty
    image TEXT NOT NULL,
    sources TEXT NOT NULL, -- the snapshots' store that has the commit
    settings TEXT NOT NULL, -- digest of a text in requests
    origin TEXT NOT NULL,
    "by" TEXT NOT NULL,
    reason TEXT NOT NULL,
    run INTEGER NOT NULL,
    job TEXT NOT NULL,
    status TEXT NOT NULL, -- waiting, queued, in_progress, paused, completed
    conclusion TEXT NOT NULL DEFAULT '',
    message TEXT NOT NULL DEFAULT '',
    created REAL NOT NULL,
    started REAL NOT NULL DEFAULT 0,
    finished REAL NOT NULL DEFAULT 0,
    downtime REAL NOT NULL DEFAULT 0,
    PRIMARY KEY (environment, number)
) WITHOUT ROWID;
CREATE INDEX deployments_of_artifact ON deployments (artifact);

-- What may be needed again: what is under way, and the last ten that succeeded, to one of which
-- one can go back. The artifacts and snapshots of these stay, however old they are.
CREATE VIEW returnable AS
SELECT * FROM deployments AS this
WHERE status != 'completed' OR (
    conclusion = 'success' AND NOT EXISTS (
        SELECT 1 FROM deployments AS newer
        WHERE newer.environment = this.environment AND newer.number > this.number
          AND newer.conclusion = 'success' LIMIT 1 OFFSET 9));
