-- Machines that carry out jobs, and what each of them is to do. What happened in a run is in its
-- facts: these rows are only there while somebody works on it.

CREATE TABLE workers (
    id TEXT PRIMARY KEY,
    machine TEXT NOT NULL,
    pid INTEGER NOT NULL,
    version TEXT NOT NULL,
    arch TEXT NOT NULL,
    labels TEXT NOT NULL, -- a JSON list, in lower case
    picky INTEGER NOT NULL, -- 1: takes only jobs that name one of its labels
    slots INTEGER NOT NULL, -- 0: carries runs out, but no jobs
    state TEXT NOT NULL, -- ready, draining, resting, gone
    reason TEXT NOT NULL DEFAULT '', -- why it does not take jobs
    beat INTEGER NOT NULL DEFAULT 0, -- counts up while it lives; nobody compares clocks
    started REAL NOT NULL,
    seen REAL NOT NULL -- for people
);

-- One attempt at one job, until whoever carries the run out has taken in how it ended. The id is
-- the token under which a worker acts: a worker that lost the task is refused.
CREATE TABLE tasks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER NOT NULL,
    job TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    name TEXT NOT NULL,
    repository TEXT NOT NULL,
    labels TEXT NOT NULL, -- a JSON list
    priority INTEGER NOT NULL, -- higher first
    skippable INTEGER NOT NULL, -- 1: skipped if nobody serves it
    step TEXT NOT NULL, -- where the job goes on; '' = from its beginning
    work INTEGER NOT NULL, -- the attempt whose directory it has
    sealed TEXT NOT NULL, -- secrets that were given by hand
    state TEXT NOT NULL, -- waiting, assigned, running, over
    worker TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '', -- why it waits
    unserved REAL NOT NULL DEFAULT 0, -- seconds for which nobody has served it
    stop TEXT NOT NULL DEFAULT '', -- why it is to end
    forced INTEGER NOT NULL DEFAULT 0,
    waits INTEGER NOT NULL DEFAULT 0, -- 1: for something of its machine; takes no room meanwhile
    heard INTEGER NOT NULL DEFAULT 0, -- how many facts its worker has told
    created REAL NOT NULL,
    claimed REAL NOT NULL DEFAULT 0,
    UNIQUE (run, job, attempt)
);
CREATE INDEX tasks_of_worker ON tasks (worker, state);
CREATE INDEX tasks_by_state ON tasks (state, priority, id);

-- What workers tell of a run. Whoever carries it out makes facts of them.
CREATE TABLE task_reports (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER NOT NULL,
    task INTEGER NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX task_reports_of_run ON task_reports (run, id);

-- What dead workers may have left running, for the next one on their machine to end.
CREATE TABLE remains (
    machine TEXT NOT NULL,
    run INTEGER NOT NULL,
    job TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    PRIMARY KEY (machine, run, job, attempt)
);

-- Who of all the processes does what only one may do.
CREATE TABLE roles (
    role TEXT PRIMARY KEY,
    holder TEXT NOT NULL -- a worker's id
);
