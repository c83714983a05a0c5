CREATE TABLE session (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  workspace TEXT NOT NULL,
  user_id TEXT NOT NULL,
  title TEXT NOT NULL,
  model TEXT NOT NULL,
  status TEXT NOT NULL,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  cache_read_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  reasoning_tokens INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  cost_usd REAL,
  metadata TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX session_by_workspace ON session (tenant_id, workspace, updated_at, id);

CREATE TABLE message (
  tenant_id TEXT NOT NULL,
  session_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  body TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, session_id, seq),
  FOREIGN KEY (tenant_id, session_id) REFERENCES session (tenant_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE task (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  session_id TEXT NOT NULL,
  description TEXT NOT NULL,
  status TEXT NOT NULL,
  path TEXT,
  plan TEXT,
  result TEXT,
  error TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  ended_at INTEGER,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, session_id) REFERENCES session (tenant_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX task_by_session ON task (tenant_id, session_id, id);

CREATE TABLE definition (
  tenant_id TEXT NOT NULL,
  hash TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (tenant_id, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE run (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  task_id TEXT NOT NULL,
  session_id TEXT NOT NULL,
  name TEXT NOT NULL,
  definition_hash TEXT NOT NULL,
  state TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  owner TEXT NOT NULL,
  lease_until INTEGER,
  inputs TEXT,
  outputs TEXT,
  error TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  ended_at INTEGER,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, definition_hash) REFERENCES definition (tenant_id, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_open ON run (tenant_id, state, id) WHERE ended_at IS NULL;

CREATE TABLE step (
  tenant_id TEXT NOT NULL,
  run_id TEXT NOT NULL,
  id TEXT NOT NULL,
  position INTEGER NOT NULL,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  effect TEXT NOT NULL,
  state TEXT NOT NULL,
  unmet INTEGER NOT NULL CHECK (unmet >= 0),
  attempt INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  idempotency_key TEXT NOT NULL,
  input TEXT,
  output TEXT,
  error TEXT NOT NULL,
  error_code TEXT NOT NULL,
  due_at INTEGER,
  started_at INTEGER,
  ended_at INTEGER,
  PRIMARY KEY (tenant_id, run_id, id),
  FOREIGN KEY (tenant_id, run_id) REFERENCES run (tenant_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE attempt (
  tenant_id TEXT NOT NULL,
  run_id TEXT NOT NULL,
  step_id TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  state TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  idempotency_key TEXT NOT NULL,
  error TEXT NOT NULL,
  error_code TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER,
  PRIMARY KEY (tenant_id, run_id, step_id, attempt),
  FOREIGN KEY (tenant_id, run_id, step_id) REFERENCES step (tenant_id, run_id, id)
) STRICT, WITHOUT ROWID;
