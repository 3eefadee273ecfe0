-- +goose Up

-- What reviewers said of merged changes by the rubric. Who is kept so that nobody counts twice; it is shown to nobody.
CREATE TABLE rubric_sheets (
  repo_id BIGINT NOT NULL,
  change  TEXT COLLATE "C" NOT NULL,    -- as in outcomes
  user_id BIGINT NOT NULL,
  at      BIGINT NOT NULL,
  scores  TEXT COLLATE "C" NOT NULL,    -- JSON: criterion -> 0 to 100
  PRIMARY KEY (repo_id, change, user_id)
);
CREATE INDEX rubric_sheets_user ON rubric_sheets (user_id, at);
