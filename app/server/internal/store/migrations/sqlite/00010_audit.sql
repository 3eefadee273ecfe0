-- +goose Up

-- What was done, decided and set, by whom. Append only, and each row holds the hash of the one before it: chain.go says over what.
CREATE TABLE audit (
  seq     INTEGER PRIMARY KEY, -- 1, 2, 3 without a gap
  at      INTEGER NOT NULL,
  actor   TEXT NOT NULL,       -- login, "reviewgate" or "command line"
  kind    TEXT NOT NULL,
  repo_id INTEGER NOT NULL,    -- 0: none
  repo    TEXT NOT NULL,       -- its name then
  number  INTEGER NOT NULL,    -- of the pull request; 0: none
  subject TEXT NOT NULL,
  detail  TEXT NOT NULL,       -- JSON
  prev    TEXT NOT NULL UNIQUE, -- a row has one that follows it: no forks
  hash    TEXT NOT NULL UNIQUE
);
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_pull ON audit (repo_id, number, seq);
CREATE INDEX audit_kind ON audit (kind, seq);

-- Where the chain begins, once its oldest rows were dropped: the last of them. One row or none.
CREATE TABLE audit_anchor (
  one  INTEGER PRIMARY KEY CHECK (one = 1),
  seq  INTEGER NOT NULL,
  hash TEXT NOT NULL
);

-- +goose StatementBegin
CREATE TRIGGER audit_stays BEFORE UPDATE ON audit BEGIN
  SELECT RAISE(ABORT, 'the audit log is append only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_keeps BEFORE DELETE ON audit WHEN OLD.seq > COALESCE((SELECT seq FROM audit_anchor), 0) BEGIN
  SELECT RAISE(ABORT, 'the audit log is append only');
END;
-- +goose StatementEnd

-- Jobs that gave up, until they are answered, tried again or dropped. The queue forgets its own after a week.
CREATE TABLE dead_jobs (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  kind     TEXT NOT NULL, -- the queue's: pr_sync, find_pulls, wake_pull
  args     TEXT NOT NULL, -- JSON, as the queue had them
  installation INTEGER NOT NULL, -- 0: not said
  repo_id  INTEGER NOT NULL,     -- 0: none
  number   INTEGER NOT NULL,
  died     INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  error    TEXT NOT NULL,
  UNIQUE (kind, args)
);
CREATE INDEX dead_jobs_pull ON dead_jobs (repo_id, number);
CREATE INDEX outbox_refused ON outbox (updated) WHERE state = 'refused';
CREATE INDEX deliveries_unreadable ON deliveries (received) WHERE state = 'unreadable';
