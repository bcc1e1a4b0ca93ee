-- What a token is confined to ('' for all that its role may), and what a program has asked for
-- already: asked again with the same key it gets the same answer, and nothing is done twice.

ALTER TABLE access_tokens ADD COLUMN scopes TEXT NOT NULL DEFAULT '';

CREATE TABLE asked (
    who TEXT NOT NULL,
    "key" TEXT NOT NULL, -- what the program has called it
    digest TEXT NOT NULL, -- SHA-256 of method, path and body
    at REAL NOT NULL,
    status INTEGER NOT NULL DEFAULT 0, -- 0: nobody knows yet what became of it
    answer TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (who, "key")
) WITHOUT ROWID;

CREATE INDEX asked_at ON asked (at);
