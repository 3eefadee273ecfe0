BEGIN TRANSACTION;
CREATE TABLE goose_db_version (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		version_id INTEGER NOT NULL,
		is_applied INTEGER NOT NULL,
		tstamp TIMESTAMP DEFAULT (datetime('now'))
	);
INSERT INTO goose_db_version VALUES(1,0,1,'2026-11-23 05:34:24');
INSERT INTO goose_db_version VALUES(2,1,1,'2026-11-23 05:34:24');
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
INSERT INTO deliveries VALUES('30e69ae3-6b88-4f7d-a48b-004907136af4','installation','created',1795412064941,'accepted','',1009,0,0,NULL);
INSERT INTO deliveries VALUES('ff716ce9-fb26-4461-a040-52a6b1ca9eb8','push','',1795412064946,'accepted','',1009,1002,0,NULL);
INSERT INTO deliveries VALUES('3f5595b6-79a7-4ba2-aebf-306500a1db75','check_suite','requested',1795412064952,'ignored','nothing follows from this action',0,0,0,NULL);
INSERT INTO deliveries VALUES('dfa8f3dc-5470-4307-a55f-043dbf5a2f90','pull_request','opened',1795412064961,'accepted','',1009,1002,1,NULL);
INSERT INTO deliveries VALUES('3ffb8864-0c73-4ec7-a6ba-44819c330e1b','check_run','created',1795412064999,'ignored','nothing follows from this action yet',1009,0,0,NULL);
INSERT INTO deliveries VALUES('bb8ff5ca-3839-4d01-a6f5-d8f0e3cd7b80','check_run','completed',1795412065436,'ignored','nothing follows from this action yet',1009,0,0,NULL);
INSERT INTO deliveries VALUES('4a92f2f4-a32c-40c6-a22e-31980fe54a29','check_suite','completed',1795412065441,'ignored','nothing follows from this action',0,0,0,NULL);
INSERT INTO deliveries VALUES('33bf514c-4a88-475e-a9d3-71d791e670ff','push','',1795412065452,'accepted','',1009,1002,0,NULL);
INSERT INTO deliveries VALUES('82a7bac1-e906-4558-a944-cc56ae9773de','check_suite','requested',1795412065466,'ignored','nothing follows from this action',0,0,0,NULL);
INSERT INTO deliveries VALUES('24eac572-c9c1-4a36-acbf-0ad9255a71e8','pull_request','opened',1795412065473,'accepted','',1009,1002,2,NULL);
INSERT INTO deliveries VALUES('4a09405e-0929-40d0-ae58-ce88315149f0','check_run','created',1795412065573,'ignored','nothing follows from this action yet',1009,0,0,NULL);
INSERT INTO deliveries VALUES('6d44cac0-3c5f-47b3-a830-ce5024cb1144','check_run','completed',1795412065779,'ignored','nothing follows from this action yet',1009,0,0,NULL);
INSERT INTO deliveries VALUES('f411eb5e-3a60-4ff3-a82f-977830936950','check_suite','completed',1795412065815,'ignored','nothing follows from this action',0,0,0,NULL);
INSERT INTO deliveries VALUES('43e7fb99-f528-413e-adfe-ea21046b3cbb','push','',1795412065823,'accepted','',1009,1002,0,NULL);
INSERT INTO deliveries VALUES('e0b29b73-880d-468f-a642-08e02ad082a2','check_suite','requested',1795412065851,'ignored','nothing follows from this action',0,0,0,NULL);
INSERT INTO deliveries VALUES('5c8652a7-e988-4748-ac4a-cf5e6603f634','pull_request','opened',1795412065856,'accepted','',1009,1002,3,NULL);
INSERT INTO deliveries VALUES('ae682847-e2cc-4313-afd9-d00a1a66f869','push','',1795412065910,'accepted','',1009,1002,0,NULL);
INSERT INTO deliveries VALUES('d10919c0-6095-410c-aefb-592f0065ff2e','check_suite','requested',1795412065929,'ignored','nothing follows from this action',0,0,0,NULL);
INSERT INTO deliveries VALUES('8215234c-75e1-4d56-abe5-36dc091e2844','pull_request','opened',1795412065932,'accepted','',1009,1002,4,NULL);
CREATE TABLE repos (
  id             INTEGER PRIMARY KEY,
  installation   INTEGER NOT NULL,
  owner          TEXT NOT NULL,
  name           TEXT NOT NULL,
  default_branch TEXT NOT NULL,
  searched       INTEGER NOT NULL DEFAULT 0 -- when all its open pull requests were last listed; 0: never
);
INSERT INTO repos VALUES(1002,1009,'acme','shop','main',1795412065455);
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
INSERT INTO pulls VALUES(1002,1,2,2,0,'open',0,'{{one}}','main','{{base}}',0,'','',-62135596800000);
INSERT INTO pulls VALUES(1002,2,2,2,0,'open',0,'{{two}}','main','{{base}}',0,'','',-62135596800000);
INSERT INTO pulls VALUES(1002,3,1,0,0,'open',0,'{{three}}','main','{{base}}',0,'','',-62135596800000);
INSERT INTO pulls VALUES(1002,4,1,0,0,'open',0,'','','',0,'','',0);
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
CREATE TABLE pushers (
  repo_id INTEGER NOT NULL,
  number  INTEGER NOT NULL,
  user_id INTEGER NOT NULL,
  login   TEXT NOT NULL,
  type    TEXT NOT NULL,
  PRIMARY KEY (repo_id, number, user_id, login)
);
CREATE TABLE scans (
  key     TEXT PRIMARY KEY,
  created INTEGER NOT NULL,
  result  TEXT NOT NULL
);
INSERT INTO scans VALUES('61de3bf5d874db535f48e2388d3a2650480bcea4a123123eb1834bfa107a6b44',1795412065369,'{"base":"{{base}}","head":"{{one}}","findings":[],"rules":[{"id":"flaw","title":"A flaw","severity":"high","confidence":"high","rollout":"block","origin":"builtin"}],"checks":[{"name":"test/flaw","status":"ran"}],"files":1,"lines":2,"languages":["go"],"sandbox":{"mode":"off"}}');
INSERT INTO scans VALUES('ef2d2601c23423b1127d91422684f4b39f69e3e92c8e1d39aef95b83c716c71d',1795412065762,'{"base":"{{base}}","head":"{{two}}","findings":[],"rules":[{"id":"flaw","title":"A flaw","severity":"high","confidence":"high","rollout":"block","origin":"builtin"}],"checks":[{"name":"test/flaw","status":"ran"}],"files":1,"lines":1,"sandbox":{"mode":"off"}}');
CREATE TABLE configs (
  key     TEXT PRIMARY KEY,
  created INTEGER NOT NULL,
  config  TEXT NOT NULL
);
INSERT INTO configs VALUES('e9a9791a580009cfe6cf9b59018da1fc9e1ade9cb48d68544f9977bf22a7f8d6',1795412065359,'{"Policy":{"mode":"enforce","guards":[{"name":"payments","origin":"repository","paths":["pay/**"],"need":{"approvals":1,"from":[{"user":"bob"}]}}],"default":null,"stale":"paths","agents":{"extra_approvals":0},"checks":{"severity":""},"governed":["~default"],"sources":[".github/reviewgate.yml@c7b8f69"]},"Rules":null,"Scan":{"FailOn":"","BlockOn":null,"Pack":"","Rollouts":null,"MaxComments":0,"FailOnCountsRules":false},"Codeowners":"","Warnings":null}');
CREATE TABLE changed_paths (
  repo_id INTEGER NOT NULL,
  base    TEXT NOT NULL,
  head    TEXT NOT NULL,
  created INTEGER NOT NULL,
  facts   TEXT NOT NULL, -- JSON: merge base, changed paths with modes and blob ids, commits
  PRIMARY KEY (repo_id, base, head)
);
INSERT INTO changed_paths VALUES(1002,'{{base}}','{{one}}',1795412065280,'{"merge_base":"{{base}}","files":[{"Path":"cGF5L2NhcmQuZ28=","OldPath":"","Change":{"path":"","old_mode":33188,"mode":33188,"old_blob":"5bd56406ac7f41592ff4fd8957af89b53b458358","blob":"913ca1a64382c43671bfdf5da1af494871df979f"}}],"commits":[{"sha":"{{one}}","parents":["{{base}}"],"author":null,"committer":null,"author_email":"1006+alice@users.noreply.example.com","committer_email":"1006+alice@users.noreply.example.com","message":"change"}]}');
INSERT INTO changed_paths VALUES(1002,'{{base}}','{{two}}',1795412065756,'{"merge_base":"{{base}}","files":[{"Path":"UkVBRE1FLm1k","OldPath":"","Change":{"path":"","old_mode":33188,"mode":33188,"old_blob":"d469ae720d5be38d9bb49bb751e4d461ce79cf0e","blob":"f719efd430d52bcfc8566a43b2eb655688d38871"}}],"commits":[{"sha":"{{two}}","parents":["{{base}}"],"author":null,"committer":null,"author_email":"1006+alice@users.noreply.example.com","committer_email":"1006+alice@users.noreply.example.com","message":"change"}]}');
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
INSERT INTO decisions VALUES(1,1002,1,1,'{{one}}','main','{{base}}',1795412065378,'61de3bf5d874db535f48e2388d3a2650480bcea4a123123eb1834bfa107a6b44','e9a9791a580009cfe6cf9b59018da1fc9e1ade9cb48d68544f9977bf22a7f8d6','pending','{"state":"pending","title":"Needs 1 approval from @bob for payments","next":["Ask @bob to approve payments; still missing: 1 approval from @bob."],"guards":[{"name":"payments","origin":"repository","files":["pay/card.go"],"needed":1,"approved":[],"may":["@bob"],"holds":false,"because":"needs 1 approval from @bob"}],"reviews":[],"disqualified":[{"person":{"id":1006,"login":"alice","type":"User"},"because":["opened the pull request","is an author of commit 224601c","is the committer of commit 224601c"]}]}','{"repo":"acme/shop","number":1,"state":"open","draft":false,"head":"{{one}}","base_ref":"main","base":"{{base}}","merge_base":"{{base}}","default_branch":"main","title":"Change","head_ref":"one","author":{"id":1006,"login":"alice","type":"User"},"commits":[{"sha":"{{one}}","parents":["{{base}}"],"author":{"id":1006,"login":"alice","type":"User"},"committer":{"id":1006,"login":"alice","type":"User"},"author_email":"1006+alice@users.noreply.example.com","committer_email":"1006+alice@users.noreply.example.com","message":"change"}],"pushers":null,"files":[{"path":"pay/card.go","old_mode":33188,"mode":33188,"old_blob":"5bd56406ac7f41592ff4fd8957af89b53b458358","blob":"913ca1a64382c43671bfdf5da1af494871df979f"}],"reviews":null,"ledger":null,"people":{"roles":{"1007":"write"},"users":{"bob":{"id":1007,"login":"bob","type":"User"}},"teams":{}},"scan":{"done":true,"failures":null,"findings":[]}}');
INSERT INTO decisions VALUES(2,1002,2,2,'{{two}}','main','{{base}}',1795412065765,'ef2d2601c23423b1127d91422684f4b39f69e3e92c8e1d39aef95b83c716c71d','e9a9791a580009cfe6cf9b59018da1fc9e1ade9cb48d68544f9977bf22a7f8d6','pass','{"state":"pass","title":"Nothing needs an approval, and no finding blocks","guards":[],"reviews":[],"disqualified":[{"person":{"id":1006,"login":"alice","type":"User"},"because":["opened the pull request","is an author of commit 99f66bb","is the committer of commit 99f66bb"]}]}','{"repo":"acme/shop","number":2,"state":"open","draft":false,"head":"{{two}}","base_ref":"main","base":"{{base}}","merge_base":"{{base}}","default_branch":"main","title":"Change","head_ref":"two","author":{"id":1006,"login":"alice","type":"User"},"commits":[{"sha":"{{two}}","parents":["{{base}}"],"author":{"id":1006,"login":"alice","type":"User"},"committer":{"id":1006,"login":"alice","type":"User"},"author_email":"1006+alice@users.noreply.example.com","committer_email":"1006+alice@users.noreply.example.com","message":"change"}],"pushers":null,"files":[{"path":"README.md","old_mode":33188,"mode":33188,"old_blob":"d469ae720d5be38d9bb49bb751e4d461ce79cf0e","blob":"f719efd430d52bcfc8566a43b2eb655688d38871"}],"reviews":null,"ledger":null,"people":{"roles":{},"users":{},"teams":{}},"scan":{"done":true,"failures":null,"findings":[]}}');
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
INSERT INTO outbox VALUES(1,'check/1002/{{one}}/reviewgate/1','check/1002/{{one}}/reviewgate','check',1002,1,'{{one}}','{"Kind":"check_run","Owner":"acme","Repo":"shop","Number":1,"Head":"{{one}}","Key":"check-3ae916b898830a3363a26f34","Check":{"name":"reviewgate","status":"in_progress","conclusion":"","title":"Looking at the change","summary":"The result will stand here in a moment."}}','f7e6751ed56604f97e7657bdef2668ecb6ad9ca459a85ec9e4f32c481ed5a25d','check-3ae916b898830a3363a26f34','done',1,1017,'',1795412064995,1795412065000);
INSERT INTO outbox VALUES(2,'check/1002/{{one}}/reviewgate/2','check/1002/{{one}}/reviewgate','check',1002,1,'{{one}}','{"Kind":"check_run","Owner":"acme","Repo":"shop","Number":1,"Head":"{{one}}","Key":"check-3ae916b898830a3363a26f34","Check":{"name":"reviewgate","status":"completed","conclusion":"action_required","title":"Needs 1 approval from @bob for payments","summary":"### Needs 1 approval from @\u003c!-- --\u003ebob for payments\n\n**What to do now**\n\n- Ask @\u003c!-- --\u003ebob to approve payments; still missing: 1 approval from @\u003c!-- --\u003ebob.\n\n| | Guard | Files | Approvals | Who may approve |\n|---|---|---|---|---|\n| ⏳ | `payments` | `pay/card.go` | 0 of 1 | `@bob` |\n\n\u003cdetails\u003e\u003csummary\u003eWho counts, and why\u003c/summary\u003e\n\n- `alice` cannot approve: opened the pull request; is an author of commit 224601c; is the committer of commit 224601c\n\n\u003c/details\u003e\n"}}','bc560b8a328055714e93e15fb90ef6ca1cc2cb477c2b036a5f2740cc2a098954','check-3ae916b898830a3363a26f34','done',1,1017,'',1795412065378,1795412065390);
INSERT INTO outbox VALUES(3,'check/1002/{{two}}/reviewgate/1','check/1002/{{two}}/reviewgate','check',1002,2,'{{two}}','{"Kind":"check_run","Owner":"acme","Repo":"shop","Number":2,"Head":"{{two}}","Key":"check-faa1e83cace62c4b4100f6ff","Check":{"name":"reviewgate","status":"in_progress","conclusion":"","title":"Looking at the change","summary":"The result will stand here in a moment."}}','aaeb596225c9da50118d6b5b79fc7bbf9eea9b50fd5ae13c1ed5391640fe2b1f','check-faa1e83cace62c4b4100f6ff','done',1,1027,'',1795412065568,1795412065573);
INSERT INTO outbox VALUES(4,'check/1002/{{two}}/reviewgate/2','check/1002/{{two}}/reviewgate','check',1002,2,'{{two}}','{"Kind":"check_run","Owner":"acme","Repo":"shop","Number":2,"Head":"{{two}}","Key":"check-faa1e83cace62c4b4100f6ff","Check":{"name":"reviewgate","status":"completed","conclusion":"success","title":"Nothing needs an approval, and no finding blocks","summary":"### Nothing needs an approval, and no finding blocks\n\n\u003cdetails\u003e\u003csummary\u003eWho counts, and why\u003c/summary\u003e\n\n- `alice` cannot approve: opened the pull request; is an author of commit 99f66bb; is the committer of commit 99f66bb\n\n\u003c/details\u003e\n"}}','4ed75bb2bb7b59b9667830128d7346f02c3c903bcc9ff71b469ed33f4253994a','check-faa1e83cace62c4b4100f6ff','done',1,1027,'',1795412065765,1795412065784);
INSERT INTO outbox VALUES(5,'check/1002/{{three}}/reviewgate/1','check/1002/{{three}}/reviewgate','check',1002,3,'{{three}}','{"Kind":"check_run","Owner":"acme","Repo":"shop","Number":3,"Head":"{{three}}","Key":"check-9fa9e0da144b9fda9eb16457","Check":{"name":"reviewgate","status":"in_progress","conclusion":"","title":"Looking at the change","summary":"The result will stand here in a moment."}}','4b86e13563e3d2039c184f54f8d58f063ed276e467d589c5c4252dcb3871ee52','check-9fa9e0da144b9fda9eb16457','pending',1,0,'',1795412065876,1795412065876);
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
CREATE TABLE river_leader (
    elected_at timestamp NOT NULL,
    expires_at timestamp NOT NULL,
    leader_id text NOT NULL,
    name text PRIMARY KEY NOT NULL DEFAULT 'default' CHECK (name = 'default'),
    CONSTRAINT name_length CHECK (length(name) > 0 AND length(name) < 128),
    CONSTRAINT leader_id_length CHECK (length(leader_id) > 0 AND length(leader_id) < 128)
);
INSERT INTO river_leader VALUES('2026-11-23 05:34:24.903','2026-11-23 05:34:39.903','vm_2026_11_23T05_34_24_896192','default');
CREATE TABLE river_migration (
    line text NOT NULL,
    version integer NOT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT line_length CHECK (length(line) > 0 AND length(line) < 128),
    CONSTRAINT version_gte_1 CHECK (version >= 1),
    PRIMARY KEY (line, version)
);
INSERT INTO river_migration VALUES('main',1,'2026-11-23 05:34:24');
INSERT INTO river_migration VALUES('main',2,'2026-11-23 05:34:24');
INSERT INTO river_migration VALUES('main',3,'2026-11-23 05:34:24');
INSERT INTO river_migration VALUES('main',4,'2026-11-23 05:34:24');
INSERT INTO river_migration VALUES('main',5,'2026-11-23 05:34:24');
INSERT INTO river_migration VALUES('main',6,'2026-11-23 05:34:24');
INSERT INTO river_migration VALUES('main',7,'2026-11-23 05:34:24');
CREATE TABLE river_notification (
    id integer PRIMARY KEY AUTOINCREMENT,
    created_at timestamp NOT NULL DEFAULT (datetime('now', 'subsec')),
    payload text NOT NULL,
    topic text NOT NULL,
    CONSTRAINT topic_length CHECK (length(topic) > 0 AND length(topic) < 128)
);
INSERT INTO river_notification VALUES(1,'2026-11-23 05:34:24.942','{"queue": "default"}','river_insert');
INSERT INTO river_notification VALUES(2,'2026-11-23 05:34:24.964','{"queue": "default"}','river_insert');
INSERT INTO river_notification VALUES(3,'2026-11-23 05:34:25.441','{"queue": "default"}','river_insert');
INSERT INTO river_notification VALUES(4,'2026-11-23 05:34:25.469','{"queue": "default"}','river_insert');
INSERT INTO river_notification VALUES(5,'2026-11-23 05:34:25.857','{"queue": "default"}','river_insert');
INSERT INTO river_notification VALUES(6,'2026-11-23 05:34:25.933','{"queue": "default"}','river_insert');
CREATE TABLE river_job (
    id integer PRIMARY KEY, -- SQLite makes this autoincrementing automatically
    args blob NOT NULL DEFAULT (jsonb('{}')),
    attempt integer NOT NULL DEFAULT 0,
    attempted_at timestamp,
    attempted_by blob, -- json
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    errors blob, -- json
    finalized_at timestamp,
    kind text NOT NULL,
    metadata blob NOT NULL DEFAULT (jsonb('{}')),
    priority integer NOT NULL DEFAULT 1,
    queue text NOT NULL DEFAULT 'default',
    state text NOT NULL DEFAULT 'available',
    scheduled_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    tags blob NOT NULL DEFAULT (jsonb('[]')),
    unique_key blob,
    unique_states integer, max_attempts integer NOT NULL DEFAULT 25,
    CONSTRAINT finalized_or_finalized_at_null CHECK (
        (finalized_at IS NULL AND state NOT IN ('cancelled', 'completed', 'discarded')) OR
        (finalized_at IS NOT NULL AND state IN ('cancelled', 'completed', 'discarded'))
    ),
    CONSTRAINT priority_in_range CHECK (priority >= 1 AND priority <= 4),
    CONSTRAINT queue_length CHECK (length(queue) > 0 AND length(queue) < 128),
    CONSTRAINT kind_length CHECK (length(kind) > 0 AND length(kind) < 128),
    CONSTRAINT state_valid CHECK (state IN ('available', 'cancelled', 'completed', 'discarded', 'pending', 'retryable', 'running', 'scheduled'))
);
INSERT INTO river_job VALUES(6,X'cc16777265706f5f69644331303032676e756d6265721333',1,'2026-11-23 05:34:25.867',X'cb1fc71d766d5f323032365f31315f32335430355f33345f32345f383936313932','2026-11-23 05:34:25.857',NULL,NULL,'pr_sync',X'cc26c71272697665723a756e697175655f6e6f6e6365c71035383131363834333361623237386361',1,'default','running','2026-11-23 05:34:25.857',X'0b',X'a7f1f2f9624f365bb6c1ea9289f3d9edad11d8ac38fdb93a816e729f76955c57',241,10);
INSERT INTO river_job VALUES(7,X'cc16777265706f5f69644331303032676e756d6265721334',0,NULL,NULL,'2026-11-23 05:34:25.933',NULL,NULL,'pr_sync',X'cc26c71272697665723a756e697175655f6e6f6e6365c71066373466633335363665653530636262',1,'default','available','2026-11-23 05:34:25.933',X'0b',X'6577f1f3808a13aba61114fc1109cc859ab5873df010089197a555eecda29f74',241,10);
CREATE TABLE river_queue (
    name text PRIMARY KEY NOT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    metadata blob NOT NULL DEFAULT (jsonb('{}')),
    paused_at timestamp,
    updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP
);
INSERT INTO river_queue VALUES('default','2026-11-23 05:34:24.900',X'0c',NULL,'2026-11-23 05:34:24.900');
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('goose_db_version',2);
INSERT INTO sqlite_sequence VALUES('river_notification',6);
INSERT INTO sqlite_sequence VALUES('outbox',5);
INSERT INTO sqlite_sequence VALUES('decisions',2);
CREATE INDEX deliveries_received ON deliveries (received);
CREATE INDEX repos_installation ON repos (installation);
CREATE INDEX pulls_head ON pulls (repo_id, head);
CREATE INDEX pulls_open ON pulls (state, repo_id);
CREATE INDEX pulls_behind ON pulls (repo_id, number) WHERE want > done;
CREATE INDEX merge_groups_live ON merge_groups (repo_id) WHERE state <> 'closed';
CREATE INDEX ledger_pull ON ledger (repo_id, number);
CREATE INDEX scans_created ON scans (created);
CREATE INDEX configs_created ON configs (created);
CREATE INDEX changed_paths_created ON changed_paths (created);
CREATE INDEX decisions_pull ON decisions (repo_id, number, id);
CREATE INDEX outbox_slot ON outbox (slot, id);
CREATE INDEX outbox_pull ON outbox (repo_id, number, state);
CREATE INDEX river_notification_created_at_idx ON river_notification (created_at);
CREATE INDEX river_notification_topic_id_idx ON river_notification (topic, id);
CREATE INDEX river_job_kind ON river_job (kind);
CREATE INDEX river_job_state_and_finalized_at_index ON river_job (state, finalized_at) WHERE finalized_at IS NOT NULL;
CREATE INDEX river_job_prioritized_fetching_index ON river_job (state, queue, priority, scheduled_at, id);
CREATE UNIQUE INDEX river_job_unique_idx ON river_job (unique_key)
    WHERE unique_key IS NOT NULL
        AND unique_states IS NOT NULL
        AND CASE state
            WHEN 'available' THEN unique_states & (1 << 0)
            WHEN 'cancelled' THEN unique_states & (1 << 1)
            WHEN 'completed' THEN unique_states & (1 << 2)
            WHEN 'discarded' THEN unique_states & (1 << 3)
            WHEN 'pending'   THEN unique_states & (1 << 4)
            WHEN 'retryable' THEN unique_states & (1 << 5)
            WHEN 'running'   THEN unique_states & (1 << 6)
            WHEN 'scheduled' THEN unique_states & (1 << 7)
            ELSE 0
        END >= 1;
COMMIT;
