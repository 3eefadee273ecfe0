-- +goose Up

-- The signed records, one chain for each installation. Append only, and never pruned.
CREATE TABLE records (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  installation INTEGER NOT NULL,
  sequence     INTEGER NOT NULL, -- 1, 2, 3 within the installation
  repo_id      INTEGER NOT NULL,
  number       INTEGER NOT NULL,
  kind         TEXT NOT NULL,    -- decision, merge
  state        TEXT NOT NULL,    -- of the decision
  head         TEXT NOT NULL,
  merged       TEXT NOT NULL,    -- the merge commit; '': none
  made         INTEGER NOT NULL,
  says         TEXT NOT NULL,    -- digest of what it says apart from when and where in the chain
  digest       TEXT NOT NULL,    -- of the payload
  key_id       TEXT NOT NULL,
  envelope     TEXT NOT NULL,    -- JSON, as it is handed out
  UNIQUE (installation, sequence)
);
CREATE INDEX records_pull ON records (repo_id, number, id);
CREATE INDEX records_repo ON records (repo_id, id);

-- How far each chain goes.
CREATE TABLE record_chains (
  installation INTEGER PRIMARY KEY,
  sequence     INTEGER NOT NULL,
  digest       TEXT NOT NULL
);

-- Every key that ever signed here, or was configured to verify.
CREATE TABLE record_keys (
  id    TEXT PRIMARY KEY, -- SHA-256 of the public key
  pem   TEXT NOT NULL,    -- the public key
  first INTEGER NOT NULL
);
