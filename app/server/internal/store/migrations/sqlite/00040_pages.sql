-- +goose Up

-- What the list of pull requests shows of the last decision. A pull request without one sorts before all others: it is the newest.
ALTER TABLE pulls ADD COLUMN title    TEXT NOT NULL DEFAULT '';
ALTER TABLE pulls ADD COLUMN author   TEXT NOT NULL DEFAULT '';
ALTER TABLE pulls ADD COLUMN decision TEXT NOT NULL DEFAULT ''; -- pass, block, pending, error; '': none yet
ALTER TABLE pulls ADD COLUMN says     TEXT NOT NULL DEFAULT ''; -- the decision in words
ALTER TABLE pulls ADD COLUMN advisory INTEGER NOT NULL DEFAULT 0;
ALTER TABLE pulls ADD COLUMN decided  INTEGER NOT NULL DEFAULT 9007199254740991;
UPDATE pulls SET decided = COALESCE((SELECT made FROM decisions d WHERE d.id = (SELECT MAX(id) FROM decisions m WHERE m.repo_id = pulls.repo_id AND m.number = pulls.number)), CASE state WHEN 'open' THEN decided ELSE 0 END),
  decision = COALESCE((SELECT state FROM decisions d WHERE d.id = (SELECT MAX(id) FROM decisions m WHERE m.repo_id = pulls.repo_id AND m.number = pulls.number)), '');
CREATE INDEX pulls_decided ON pulls (decided, repo_id, number) WHERE number > 0;

-- Up to which generation of its pull request a delivery led; a decision of that generation or a later one has seen it.
ALTER TABLE deliveries ADD COLUMN want INTEGER NOT NULL DEFAULT 0;
CREATE INDEX deliveries_pull ON deliveries (repo_id, number, received);

-- Who is signed in. The id of a session is in the browser only: here is its SHA-256.
CREATE TABLE sessions (
  hash    TEXT PRIMARY KEY,
  user_id INTEGER NOT NULL,
  login   TEXT NOT NULL,
  created INTEGER NOT NULL,
  seen    INTEGER NOT NULL,
  ends    INTEGER NOT NULL,
  token   TEXT NOT NULL, -- GitHub's, encrypted
  repos   TEXT NOT NULL, -- JSON: ids of the repositories that the person can read
  asked   INTEGER NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_ends ON sessions (ends);

-- The processes that serve the App, as they tell every few seconds.
CREATE TABLE processes (
  name    TEXT PRIMARY KEY,
  version TEXT NOT NULL,
  role    TEXT NOT NULL,
  started INTEGER NOT NULL,
  seen    INTEGER NOT NULL,
  says    TEXT NOT NULL -- JSON: layers of the sandbox, requests to GitHub that are left
);
