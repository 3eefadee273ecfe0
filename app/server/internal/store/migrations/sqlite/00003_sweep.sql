-- +goose Up

-- The number of the judgement that a decision or deed comes from: one with a smaller number never takes the place of one with a larger.
ALTER TABLE decisions ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;
-- How often the deed had to be done again, because an older one may have been done after it.
ALTER TABLE outbox ADD COLUMN again INTEGER NOT NULL DEFAULT 0;
CREATE TABLE counters (
  name  TEXT PRIMARY KEY,
  value INTEGER NOT NULL
);
INSERT INTO counters (name, value) VALUES ('judgement', 0);

-- The last difference for which a sweep had the pull request judged again, and when.
ALTER TABLE pulls ADD COLUMN sighting TEXT NOT NULL DEFAULT '';
ALTER TABLE pulls ADD COLUMN sighted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE repos ADD COLUMN swept INTEGER NOT NULL DEFAULT 0; -- when its open pull requests were last looked at; 0: never

-- How far the branches are audited: what came onto them after that is looked at once it has stood for a moment.
CREATE TABLE branches (
  repo_id INTEGER NOT NULL,
  name    TEXT NOT NULL,
  audited TEXT NOT NULL,    -- SHA; '': a push told of the branch, and nothing of it was audited yet
  seen    TEXT NOT NULL,    -- SHA
  seen_at INTEGER NOT NULL,
  PRIMARY KEY (repo_id, name)
);

-- What went around the gate. Append only.
CREATE TABLE bypasses (
  id      INTEGER PRIMARY KEY AUTOINCREMENT,
  repo_id INTEGER NOT NULL,
  number  INTEGER NOT NULL, -- of the merged pull request; 0: a push without one
  branch  TEXT NOT NULL,
  sha     TEXT NOT NULL,    -- the head that was merged, or the tip that was pushed
  reason  TEXT NOT NULL,
  who     TEXT NOT NULL,    -- login; '': not known
  made    INTEGER NOT NULL,
  UNIQUE (repo_id, number, branch, sha)
);

-- Checks and statuses with a name of ours that are not ours.
CREATE TABLE foreign_marks (
  repo_id INTEGER NOT NULL,
  sha     TEXT NOT NULL,
  kind    TEXT NOT NULL, -- "check run", "status"
  name    TEXT NOT NULL,
  source  TEXT NOT NULL, -- slug of the App, or login
  says    TEXT NOT NULL, -- the newest
  first   INTEGER NOT NULL,
  PRIMARY KEY (repo_id, sha, kind, name, source)
);
