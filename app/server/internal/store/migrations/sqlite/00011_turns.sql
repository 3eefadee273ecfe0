-- +goose Up

-- The pull requests that have work, each in the line of its installation: turns.go says what for.
CREATE TABLE turns (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  repo_id      INTEGER NOT NULL,
  number       INTEGER NOT NULL,
  installation INTEGER NOT NULL,
  priority     INTEGER NOT NULL, -- the queue's: 1 is the first
  held         INTEGER NOT NULL, -- 0: it waits in line; 1: it has a job that counts; 2: its job waits, for its next try or for requests
  UNIQUE (repo_id, number)
);
CREATE INDEX turns_line ON turns (installation, held, priority, id);
