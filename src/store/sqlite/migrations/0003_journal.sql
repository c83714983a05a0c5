-- Runs become journals: one hash-chained event row a turn. Runs of the first form (rows of steps and
-- attempts) keep what was known of them as one unchained event; open ones are closed with a note.
CREATE TABLE run_event (
  tenant_id TEXT NOT NULL,
  run_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  body TEXT NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (tenant_id, run_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE run_journal (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  head BLOB NOT NULL,
  state TEXT NOT NULL,
  owner TEXT NOT NULL,
  wake_at INTEGER,
  ended_at INTEGER,
  waits_for TEXT NOT NULL,
  workflow_id TEXT NOT NULL,
  name TEXT NOT NULL,
  definition_hash TEXT NOT NULL,
  task_id TEXT NOT NULL,
  session_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  parent_run TEXT NOT NULL,
  parent_step TEXT NOT NULL,
  forked_from TEXT NOT NULL,
  outputs TEXT,
  error TEXT NOT NULL,
  error_code TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, definition_hash) REFERENCES definition (tenant_id, hash)
) STRICT, WITHOUT ROWID;

INSERT INTO run_event
SELECT r.tenant_id, r.id, 1, r.created_at, r.epoch,
  json_array(json_object('e', 'first_form', 'steps',
    (SELECT json_group_array(json_object('s', s.id, 'id', s.id, 'type', s.kind,
       'state', CASE WHEN s.ended_at IS NULL THEN 'cancelled' ELSE s.state END,
       'attempts', s.attempt, 'error', s.error, 'error_code', s.error_code,
       'started_at', s.started_at, 'ended_at', s.ended_at,
       'output', CASE WHEN json_valid(s.output) THEN json(s.output) END))
     FROM step s WHERE s.tenant_id=r.tenant_id AND s.run_id=r.id))),
  x''
FROM run r;

INSERT INTO run_journal
SELECT tenant_id, id, epoch + 1, 1, x'',
  CASE WHEN ended_at IS NULL THEN 'failed' ELSE state END, '', NULL,
  coalesce(ended_at, started_at, created_at), '', name, name, definition_hash, task_id, session_id,
  '', '', '', '', outputs,
  CASE WHEN ended_at IS NULL
    THEN 'the run was begun by an earlier version of oap, which could not resume it; start it again'
    ELSE error END,
  CASE WHEN ended_at IS NULL THEN 'failed_precondition' ELSE '' END,
  created_at, started_at
FROM run;

DROP TABLE attempt;
DROP TABLE step;
DROP TABLE run;
ALTER TABLE run_journal RENAME TO run;
CREATE INDEX run_owned ON run (tenant_id, owner, id) WHERE ended_at IS NULL;
CREATE INDEX run_due ON run (tenant_id, wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX run_children ON run (tenant_id, parent_run) WHERE parent_run<>'';

-- One row a living engine: renewing it renews the lease of all its runs.
CREATE TABLE run_owner (
  tenant_id TEXT NOT NULL,
  name TEXT NOT NULL,
  lease_until INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE run_inbox (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  run_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (tenant_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_inbox_of ON run_inbox (tenant_id, run_id);

CREATE TABLE run_snapshot (
  tenant_id TEXT NOT NULL,
  run_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (tenant_id, run_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE blob (
  tenant_id TEXT NOT NULL,
  hash TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (tenant_id, hash)
) STRICT;

CREATE TABLE run_blob (
  tenant_id TEXT NOT NULL,
  run_id TEXT NOT NULL,
  hash TEXT NOT NULL,
  PRIMARY KEY (tenant_id, run_id, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_blob_by_hash ON run_blob (tenant_id, hash);

CREATE TABLE run_group (
  tenant_id TEXT NOT NULL,
  name TEXT NOT NULL,
  run_id TEXT NOT NULL,
  step TEXT NOT NULL,
  PRIMARY KEY (tenant_id, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_group_of ON run_group (tenant_id, run_id);

CREATE TABLE memo (
  tenant_id TEXT NOT NULL,
  key TEXT NOT NULL,
  output TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, key)
) STRICT, WITHOUT ROWID;
