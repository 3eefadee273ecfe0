-- +goose Up

-- One row per webhook delivery. The id is GitHub's: a redelivery keeps it, so a repeated one changes nothing.
CREATE TABLE deliveries (
  guid         TEXT PRIMARY KEY,
  event        TEXT NOT NULL,
  action       TEXT NOT NULL,
  received     INTEGER NOT NULL, -- milliseconds since 1970, as every time here
  state        TEXT NOT NULL,    -- accepted, ignored, unreadable
  note         TEXT NOT NULL,
  installation INTEGER NOT NULL,
  repo_id      INTEGER NOT NULL,
  number       INTEGER NOT NULL, -- of the pull request, where the event has one
  body         BLOB              -- NULL after the time of keeping
);
CREATE INDEX deliveries_received ON deliveries (received);

CREATE TABLE repos (
  id             INTEGER PRIMARY KEY,
  installation   INTEGER NOT NULL,
  owner          TEXT NOT NULL,
  name           TEXT NOT NULL,
  default_branch TEXT NOT NULL,
  searched       INTEGER NOT NULL DEFAULT 0 -- when all its open pull requests were last listed; 0: never
);
CREATE INDEX repos_installation ON repos (installation);

-- One row per pull request, and one with the number 0 for all merge groups of a repository, in the state "queue".
-- want is raised by everything that may change the decision; done is the want that the last finished job had read.
CREATE TABLE pulls (
  repo_id  INTEGER NOT NULL,
  number   INTEGER NOT NULL,
  want     INTEGER NOT NULL,
  done     INTEGER NOT NULL,
  forced   INTEGER NOT NULL, -- the want of the last re-run: until it is done, an unchanged result is told again
  state    TEXT NOT NULL,    -- open, closed, merged, gone, queue
  draft    INTEGER NOT NULL,
  head     TEXT NOT NULL,
  base_ref TEXT NOT NULL,
  base     TEXT NOT NULL,
  moved      INTEGER NOT NULL, -- when the last push that we saw arrived; 0: none
  moved_from TEXT NOT NULL,
  moved_to   TEXT NOT NULL,
  updated    INTEGER NOT NULL DEFAULT 0, -- GitHub's own mark of its last change, as of the last job; 0: no job yet
  PRIMARY KEY (repo_id, number)
);
CREATE INDEX pulls_head ON pulls (repo_id, head);
CREATE INDEX pulls_open ON pulls (state, repo_id);
CREATE INDEX pulls_behind ON pulls (repo_id, number) WHERE want > done;

-- The merge groups: commits that a merge queue wants to put on a branch.
CREATE TABLE merge_groups (
  repo_id  INTEGER NOT NULL,
  head     TEXT NOT NULL,
  head_ref TEXT NOT NULL,
  base_ref TEXT NOT NULL,
  state    TEXT NOT NULL, -- open; dropped, merged: as GitHub said, and not yet acted on; closed
  members  TEXT NOT NULL, -- JSON: numbers of the pull requests that it is made of, as far as we found out
  received INTEGER NOT NULL,
  PRIMARY KEY (repo_id, head)
);
CREATE INDEX merge_groups_live ON merge_groups (repo_id) WHERE state <> 'closed';

-- What each approval saw. Append only: a row is added when the webhook comes and completed once.
CREATE TABLE ledger (
  repo_id    INTEGER NOT NULL,
  review_id  INTEGER NOT NULL,
  number     INTEGER NOT NULL,
  reviewer   INTEGER NOT NULL,
  head       TEXT NOT NULL,
  base_ref   TEXT NOT NULL,
  base       TEXT NOT NULL,
  merge_base TEXT NOT NULL,
  complete   INTEGER NOT NULL,
  seen       TEXT NOT NULL, -- JSON: a list of paths (base64) and what was there
  moved_from TEXT NOT NULL, -- the head before the push that came so shortly before that the reviewer may not have seen it; '': none
  just_moved TEXT NOT NULL, -- JSON: the paths (base64) that this push changed
  guid       TEXT NOT NULL, -- the delivery that it came with
  received   INTEGER NOT NULL,
  PRIMARY KEY (repo_id, review_id)
);
CREATE INDEX ledger_pull ON ledger (repo_id, number);

CREATE TABLE pushers (
  repo_id INTEGER NOT NULL,
  number  INTEGER NOT NULL,
  user_id INTEGER NOT NULL,
  login   TEXT NOT NULL,
  type    TEXT NOT NULL,
  PRIMARY KEY (repo_id, number, user_id, login)
);

-- Only scans without a failure are kept: one with a failure is never used again.
CREATE TABLE scans (
  key     TEXT PRIMARY KEY,
  created INTEGER NOT NULL,
  result  TEXT NOT NULL
);
CREATE INDEX scans_created ON scans (created);

CREATE TABLE configs (
  key     TEXT PRIMARY KEY,
  created INTEGER NOT NULL,
  config  TEXT NOT NULL
);
CREATE INDEX configs_created ON configs (created);

CREATE TABLE changed_paths (
  repo_id INTEGER NOT NULL,
  base    TEXT NOT NULL,
  head    TEXT NOT NULL,
  created INTEGER NOT NULL,
  facts   TEXT NOT NULL, -- JSON: merge base, changed paths with modes and blob ids, commits
  PRIMARY KEY (repo_id, base, head)
);
CREATE INDEX changed_paths_created ON changed_paths (created);

CREATE TABLE decisions (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  repo_id    INTEGER NOT NULL,
  number     INTEGER NOT NULL,
  generation INTEGER NOT NULL, -- the want that it answers
  head       TEXT NOT NULL,
  base_ref   TEXT NOT NULL,
  base       TEXT NOT NULL,
  made       INTEGER NOT NULL,
  scan_key   TEXT NOT NULL,
  config_key TEXT NOT NULL,
  state      TEXT NOT NULL,
  decision   TEXT NOT NULL,
  facts      TEXT NOT NULL
);
CREATE INDEX decisions_pull ON decisions (repo_id, number, id);

-- What is to be done on GitHub. A row is written before the deed, and the same deed is done once.
CREATE TABLE outbox (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  deed        TEXT NOT NULL UNIQUE,
  slot        TEXT NOT NULL, -- deeds of one slot replace each other
  kind        TEXT NOT NULL,
  repo_id     INTEGER NOT NULL,
  number      INTEGER NOT NULL,
  head        TEXT NOT NULL,
  payload     TEXT NOT NULL,
  hash        TEXT NOT NULL, -- of the payload
  marker      TEXT NOT NULL, -- by which the deed is found on GitHub
  state       TEXT NOT NULL, -- pending, done, superseded, refused
  attempts    INTEGER NOT NULL,
  external_id INTEGER NOT NULL, -- GitHub's id of what was made; 0: not known
  last_error  TEXT NOT NULL,
  created     INTEGER NOT NULL,
  updated     INTEGER NOT NULL
);
CREATE INDEX outbox_slot ON outbox (slot, id);
CREATE INDEX outbox_pull ON outbox (repo_id, number, state);

CREATE TABLE comments (
  repo_id     INTEGER NOT NULL,
  number      INTEGER NOT NULL,
  fingerprint TEXT NOT NULL,
  review_id   INTEGER NOT NULL,
  posted      INTEGER NOT NULL,
  PRIMARY KEY (repo_id, number, fingerprint)
);

CREATE TABLE settings (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
);
