-- +goose Up

-- What outlives the facts of decisions: for each head of a pull request, what was found and who spoke (JSON: quality.Judged).
CREATE TABLE judged (
  repo_id INTEGER NOT NULL,
  number  INTEGER NOT NULL,
  head    TEXT NOT NULL,
  first   INTEGER NOT NULL, -- when it was first judged
  data    TEXT NOT NULL,
  PRIMARY KEY (repo_id, number, head)
);

-- When a pull request was opened and ended, by GitHub's clock. 0: not known.
CREATE TABLE pull_times (
  repo_id INTEGER NOT NULL,
  number  INTEGER NOT NULL,
  opened  INTEGER NOT NULL,
  ready   INTEGER NOT NULL, -- since when it is ready for review
  ended   INTEGER NOT NULL,
  merge   TEXT NOT NULL,    -- SHA of what came onto the branch
  PRIMARY KEY (repo_id, number)
);

-- What came after a merge, as far as git was looked at (JSON: a list of quality.After).
CREATE TABLE followed (
  repo_id INTEGER NOT NULL,
  number  INTEGER NOT NULL,
  until   INTEGER NOT NULL,
  data    TEXT NOT NULL,
  PRIMARY KEY (repo_id, number)
);

-- What became of each change. Derived from the rest (quality.Derive), but for the changes of a history, which are stored facts themselves.
CREATE TABLE outcomes (
  repo_id  INTEGER NOT NULL,
  change   TEXT NOT NULL,    -- "#12", or a SHA
  source   TEXT NOT NULL,    -- gate, history
  week     TEXT NOT NULL,    -- the Monday
  at       INTEGER NOT NULL,
  agent    TEXT NOT NULL,
  model    TEXT NOT NULL,
  language TEXT NOT NULL,
  state    TEXT NOT NULL,
  lines    INTEGER NOT NULL,
  merged   INTEGER NOT NULL, -- 0: it was not
  until    INTEGER NOT NULL, -- git was looked at up to here; 0: never
  rules    TEXT NOT NULL,    -- digest of what its first head was judged by
  found    INTEGER NOT NULL, -- bit set of the groups of rules that found something
  data     TEXT NOT NULL,    -- JSON: quality.Outcome
  PRIMARY KEY (repo_id, change)
);
CREATE INDEX outcomes_at ON outcomes (at);
CREATE INDEX outcomes_agent ON outcomes (agent, at);
CREATE INDEX outcomes_repo ON outcomes (repo_id, at);
CREATE INDEX outcomes_follow ON outcomes (repo_id, merged) WHERE state = 'merged' AND source = 'gate';

CREATE TABLE outcome_rules (
  rule    TEXT NOT NULL,
  at      INTEGER NOT NULL,
  repo_id INTEGER NOT NULL,
  change  TEXT NOT NULL,
  PRIMARY KEY (rule, at, repo_id, change)
);
CREATE INDEX outcome_rules_change ON outcome_rules (repo_id, change);

-- The outcomes added up by week, kept in the transactions that write those.
CREATE TABLE outcome_weeks (
  week TEXT NOT NULL, repo_id INTEGER NOT NULL, agent TEXT NOT NULL, model TEXT NOT NULL, language TEXT NOT NULL,
  changes INTEGER NOT NULL, lines INTEGER NOT NULL, asked INTEGER NOT NULL, first_pass INTEGER NOT NULL, blocked INTEGER NOT NULL, pushes INTEGER NOT NULL,
  merged INTEGER NOT NULL, seen14 INTEGER NOT NULL, seen30 INTEGER NOT NULL, reverted14 INTEGER NOT NULL, reverted30 INTEGER NOT NULL, fixed14 INTEGER NOT NULL, fixed30 INTEGER NOT NULL,
  reviewed INTEGER NOT NULL, stated INTEGER NOT NULL, review INTEGER NOT NULL, tokens INTEGER NOT NULL, compute REAL NOT NULL,
  PRIMARY KEY (week, repo_id, agent, model, language)
);
-- rule '': all rules of the group; grp '' too: all rules.
CREATE TABLE outcome_rule_weeks (
  rule TEXT NOT NULL, grp TEXT NOT NULL, week TEXT NOT NULL, repo_id INTEGER NOT NULL, agent TEXT NOT NULL, model TEXT NOT NULL, language TEXT NOT NULL,
  changes INTEGER NOT NULL, findings INTEGER NOT NULL, blocking INTEGER NOT NULL, told INTEGER NOT NULL, wrong INTEGER NOT NULL, waived INTEGER NOT NULL, fixed INTEGER NOT NULL, ignored INTEGER NOT NULL, suppressed INTEGER NOT NULL,
  PRIMARY KEY (rule, grp, week, repo_id, agent, model, language)
);

-- The names of repositories, also of those that are known from git alone.
CREATE TABLE outcome_repos (
  repo_id INTEGER PRIMARY KEY,
  name    TEXT NOT NULL
);

-- When something else began to judge the changes of a repository. what '': it is the first.
CREATE TABLE judged_by (
  repo_id INTEGER NOT NULL,
  at      INTEGER NOT NULL,
  what    TEXT NOT NULL,
  tool    TEXT NOT NULL,
  rules   TEXT NOT NULL,
  policy  TEXT NOT NULL,
  PRIMARY KEY (repo_id, at)
);

-- What the sequential test says. One row for each time that quality became worse; ended 0: it still is.
CREATE TABLE alarms (
  id      INTEGER PRIMARY KEY AUTOINCREMENT,
  agent   TEXT NOT NULL,
  grp     TEXT NOT NULL,
  opened  INTEGER NOT NULL,
  ended   INTEGER NOT NULL,
  told    INTEGER NOT NULL, -- deliveries to people that are done: 1 that it opened, 2 that it ended
  tries   INTEGER NOT NULL,
  next    INTEGER NOT NULL, -- when the next delivery is tried
  data    TEXT NOT NULL,    -- JSON: quality.Alarm
  UNIQUE (agent, grp, opened)
);
