-- +goose Up

ALTER TABLE pulls ADD COLUMN title    TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE pulls ADD COLUMN author   TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE pulls ADD COLUMN decision TEXT COLLATE "C" NOT NULL DEFAULT ''; 
ALTER TABLE pulls ADD COLUMN says     TEXT COLLATE "C" NOT NULL DEFAULT ''; 
ALTER TABLE pulls ADD COLUMN advisory BIGINT NOT NULL DEFAULT 0;
ALTER TABLE pulls ADD COLUMN decided  BIGINT NOT NULL DEFAULT 9007199254740991;
UPDATE pulls SET decided = COALESCE((SELECT made FROM decisions d WHERE d.id = (SELECT MAX(id) FROM decisions m WHERE m.repo_id = pulls.repo_id AND m.number = pulls.number)), CASE state WHEN 'open' THEN decided ELSE 0 END),
  decision = COALESCE((SELECT state FROM decisions d WHERE d.id = (SELECT MAX(id) FROM decisions m WHERE m.repo_id = pulls.repo_id AND m.number = pulls.number)), '');
CREATE INDEX pulls_decided ON pulls (decided, repo_id, number) WHERE number > 0;
ALTER TABLE deliveries ADD COLUMN want BIGINT NOT NULL DEFAULT 0;
CREATE INDEX deliveries_pull ON deliveries (repo_id, number, received);
CREATE TABLE sessions (
  hash    TEXT COLLATE "C" PRIMARY KEY,
  user_id BIGINT NOT NULL,
  login   TEXT COLLATE "C" NOT NULL,
  created BIGINT NOT NULL,
  seen    BIGINT NOT NULL,
  ends    BIGINT NOT NULL,
  token   TEXT COLLATE "C" NOT NULL, 
  repos   TEXT COLLATE "C" NOT NULL, 
  asked   BIGINT NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_ends ON sessions (ends);
CREATE TABLE processes (
  name    TEXT COLLATE "C" PRIMARY KEY,
  version TEXT COLLATE "C" NOT NULL,
  role    TEXT COLLATE "C" NOT NULL,
  started BIGINT NOT NULL,
  seen    BIGINT NOT NULL,
  says    TEXT COLLATE "C" NOT NULL 
);
