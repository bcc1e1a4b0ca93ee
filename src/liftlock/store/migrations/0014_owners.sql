-- Who carries out runs or deployments, on a database that machines share. On SQLite nobody is here:
-- there each holds a lock on a file.

CREATE TABLE owners (
    name TEXT PRIMARY KEY, -- <pid>-<random>
    host TEXT NOT NULL,
    pid INTEGER NOT NULL,
    beat REAL NOT NULL, -- when it last gave a sign of life, by the server's clock
    beats INTEGER NOT NULL -- how many there were
);
