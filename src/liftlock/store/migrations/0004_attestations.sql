-- What was signed about artifacts: bundles are blobs, found again by what they are about.

CREATE TABLE attestations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    job TEXT NOT NULL,
    predicate_type TEXT NOT NULL,
    digest TEXT NOT NULL, -- of the bundle, which is a blob
    created REAL NOT NULL
);
CREATE INDEX attestations_of_run ON attestations (run);
CREATE INDEX attestations_of_digest ON attestations (digest);

CREATE TABLE subjects (
    attestation INTEGER NOT NULL,
    digest TEXT NOT NULL, -- sha256:…
    name TEXT NOT NULL,
    PRIMARY KEY (digest, attestation, name)
) WITHOUT ROWID;
