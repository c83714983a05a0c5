CREATE TABLE mission (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  session_id TEXT NOT NULL,
  workspace TEXT NOT NULL,
  objective TEXT NOT NULL,
  state TEXT NOT NULL,
  waits_for TEXT NOT NULL,
  reason TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  owner TEXT NOT NULL,
  lease_until INTEGER NOT NULL,
  body TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  ended_at INTEGER,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, session_id) REFERENCES session (tenant_id, id)
) STRICT, WITHOUT ROWID;
-- A session has at most one open mission.
CREATE UNIQUE INDEX mission_open_of ON mission (tenant_id, session_id) WHERE ended_at IS NULL;
CREATE INDEX mission_by_workspace ON mission (tenant_id, workspace, id);

CREATE TABLE mission_event (
  tenant_id TEXT NOT NULL,
  mission_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (tenant_id, mission_id, seq),
  FOREIGN KEY (tenant_id, mission_id) REFERENCES mission (tenant_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE mission_order (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  mission_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (tenant_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX mission_order_of ON mission_order (tenant_id, mission_id);
