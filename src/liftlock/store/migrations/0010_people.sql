-- People with an account of their own, what they may beyond their role, and who is logged in.

CREATE TABLE people (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    folded TEXT NOT NULL UNIQUE, -- the name in lower case: nobody shall look like somebody else
    email TEXT NOT NULL DEFAULT '',
    role TEXT NOT NULL, -- viewer, developer, maintainer, admin
    password TEXT NOT NULL DEFAULT '', -- argon2id, with its parameters; '': none
    issuer TEXT NOT NULL DEFAULT '', -- with `subject`: who this is for an OpenID provider
    subject TEXT NOT NULL DEFAULT '',
    created REAL NOT NULL,
    seen REAL NOT NULL DEFAULT 0, -- when he last logged in
    disabled REAL NOT NULL DEFAULT 0
);

CREATE UNIQUE INDEX people_of_a_provider ON people (issuer, subject) WHERE subject != '';

-- By name, so that a token of the same person has them, too.
CREATE TABLE person_grants (
    folded TEXT NOT NULL,
    role TEXT NOT NULL, -- deployer, or a role that counts in the repository alone
    repository TEXT NOT NULL, -- a pattern: octo/*
    environment TEXT NOT NULL, -- a pattern, for deployers; else ''
    source TEXT NOT NULL DEFAULT '', -- 'oidc': given anew at each log-in
    PRIMARY KEY (folded, role, repository, environment)
);

-- Links with which somebody sets a password, once.
CREATE TABLE invitations (
    digest TEXT PRIMARY KEY, -- SHA-256 of what the link holds
    person INTEGER NOT NULL,
    created REAL NOT NULL,
    expires REAL NOT NULL
);

-- A session belongs to an account, or to the token with which it was begun.
DROP TABLE sessions;
CREATE TABLE sessions (
    digest TEXT PRIMARY KEY, -- SHA-256 of what the cookie holds
    token INTEGER NOT NULL, -- 0: of an account
    person INTEGER NOT NULL, -- 0: of a token
    how TEXT NOT NULL, -- token, link, password, oidc
    created REAL NOT NULL,
    used REAL NOT NULL,
    expires REAL NOT NULL,
    address TEXT NOT NULL,
    agent TEXT NOT NULL -- what the browser says that it is
);
