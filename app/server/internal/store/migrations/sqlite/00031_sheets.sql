-- +goose Up

-- What reviewers said of merged changes by the rubric. Who is kept so that nobody counts twice; it is shown to nobody.
CREATE TABLE rubric_sheets (
  repo_id INTEGER NOT NULL,
  change  TEXT NOT NULL,    -- as in outcomes
  user_id INTEGER NOT NULL,
  at      INTEGER NOT NULL,
  scores  TEXT NOT NULL,    -- JSON: criterion -> 0 to 100
  PRIMARY KEY (repo_id, change, user_id)
);
CREATE INDEX rubric_sheets_user ON rubric_sheets (user_id, at);
