-- +goose Up

-- The heads that a pull request had, as far as we saw. Who pushed is known from webhooks only; a job that finds another head adds a row without.
CREATE TABLE heads (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  repo_id  INTEGER NOT NULL,
  number   INTEGER NOT NULL,
  head     TEXT NOT NULL,
  base_ref TEXT NOT NULL,
  base     TEXT NOT NULL,
  at       INTEGER NOT NULL, -- by GitHub's clock: from then on at the latest it was the head
  was      TEXT NOT NULL,    -- the head before; '': none, or not known
  opened   INTEGER NOT NULL, -- 1: the pull request was opened with it
  user_id  INTEGER NOT NULL, -- who pushed or opened; 0: a job found it
  login    TEXT NOT NULL,
  type     TEXT NOT NULL
);
CREATE INDEX heads_pull ON heads (repo_id, number, at, id);

-- The comments that held a command when they were created, and what their authors had before them then. Append only, as the ledger is.
CREATE TABLE commands (
  repo_id     INTEGER NOT NULL,
  comment_id  INTEGER NOT NULL,
  number      INTEGER NOT NULL,
  author      INTEGER NOT NULL,
  sender      INTEGER NOT NULL, -- who created it, as the webhook said
  sender_name TEXT NOT NULL,
  sender_type TEXT NOT NULL,
  body        TEXT NOT NULL,    -- SHA-256 of what it said then
  edited      INTEGER NOT NULL, -- 1: a webhook said so
  gone        INTEGER NOT NULL, -- 1: it was deleted
  head        TEXT NOT NULL,    -- '': no head was known then, and the comment does not count
  base_ref    TEXT NOT NULL,
  base        TEXT NOT NULL,
  merge_base  TEXT NOT NULL,
  complete    INTEGER NOT NULL,
  seen        TEXT NOT NULL,    -- as in the ledger
  moved_from  TEXT NOT NULL,
  just_moved  TEXT NOT NULL,
  guid        TEXT NOT NULL,
  received    INTEGER NOT NULL,
  PRIMARY KEY (repo_id, comment_id)
);
CREATE INDEX commands_pull ON commands (repo_id, number);

-- Who called whom by "@login" in a comment or review. Deleting the comment does not undo what an agent did because of it.
CREATE TABLE mentions (
  repo_id INTEGER NOT NULL,
  number  INTEGER NOT NULL,
  kind    TEXT NOT NULL, -- comment, review
  id      INTEGER NOT NULL,
  user_id INTEGER NOT NULL,
  login   TEXT NOT NULL,
  type    TEXT NOT NULL,
  logins  TEXT NOT NULL, -- JSON: lower case
  head    TEXT NOT NULL, -- of the pull request then; '': not known
  PRIMARY KEY (repo_id, kind, id)
);
CREATE INDEX mentions_pull ON mentions (repo_id, number);

-- Findings that somebody with write access called wrong. They change no decision; the precision of rules is counted from them.
CREATE TABLE false_positives (
  repo_id     INTEGER NOT NULL,
  comment_id  INTEGER NOT NULL,
  fingerprint TEXT NOT NULL,
  number      INTEGER NOT NULL,
  rule        TEXT NOT NULL,
  head        TEXT NOT NULL,
  user_id     INTEGER NOT NULL,
  login       TEXT NOT NULL,
  reason      TEXT NOT NULL,
  made        INTEGER NOT NULL,
  PRIMARY KEY (repo_id, comment_id, fingerprint)
);
CREATE INDEX false_positives_rule ON false_positives (rule);

-- The paths that differ between two commits. They follow from the two ids alone and can be made again.
CREATE TABLE steps (
  repo_id   INTEGER NOT NULL,
  from_head TEXT NOT NULL,
  to_head   TEXT NOT NULL,
  created   INTEGER NOT NULL,
  paths     TEXT NOT NULL, -- JSON: base64
  PRIMARY KEY (repo_id, from_head, to_head)
);
CREATE INDEX steps_created ON steps (created);
CREATE INDEX outbox_talk ON outbox (repo_id, created) WHERE kind IN ('reply', 'reaction');

-- How long after the head became what it is the approval was given, by GitHub's clock; NULL: not known.
ALTER TABLE ledger ADD COLUMN seconds INTEGER;
