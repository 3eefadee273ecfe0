-- +goose Up

-- Why the generation of a pull request was raised to want: the delivery that told of it, and the span that put the job in (a W3C traceparent). A row
-- is gone once a job has answered it.
CREATE TABLE causes (
  repo_id  INTEGER NOT NULL,
  number   INTEGER NOT NULL,
  want     INTEGER NOT NULL,
  delivery TEXT NOT NULL,
  parent   TEXT NOT NULL,
  PRIMARY KEY (repo_id, number, want)
) STRICT, WITHOUT ROWID;
