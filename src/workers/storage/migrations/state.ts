import { BLOCK_TABLES, LOST_BLOCKS, timestampSql } from './ledger.ts';
import type { Migration } from './migrate.ts';

const FIRST = `${BLOCK_TABLES}
CREATE TABLE revision (one INTEGER PRIMARY KEY CHECK (one = 1), value INTEGER NOT NULL) STRICT;
INSERT INTO revision VALUES (1, 0);

CREATE TABLE sessions (
  id TEXT PRIMARY KEY,
  identity TEXT NOT NULL,
  agent_type TEXT,
  started_seconds INTEGER NOT NULL,
  started_nanos INTEGER NOT NULL,
  ended_seconds INTEGER,
  ended_nanos INTEGER,
  metadata TEXT,                       -- JSON
  tenant_id TEXT,
  user_id TEXT,
  revision INTEGER NOT NULL            -- of the last change
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_started ON sessions (started_seconds, started_nanos, id);
CREATE INDEX sessions_active ON sessions (started_seconds, started_nanos, id) WHERE ended_seconds IS NULL;

CREATE TABLE monitored_paths (
  path ANY PRIMARY KEY NOT NULL,       -- TEXT when valid UTF-8, else BLOB
  recursive INTEGER NOT NULL,
  patterns TEXT NOT NULL,              -- JSON array
  active INTEGER NOT NULL,
  created_seconds INTEGER NOT NULL,
  created_nanos INTEGER NOT NULL,
  revision INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE coordination (            -- append-only: what changed, in order
  seq INTEGER PRIMARY KEY,             -- dense from 1
  revision INTEGER NOT NULL,
  seconds INTEGER NOT NULL,
  nanos INTEGER NOT NULL,
  kind TEXT NOT NULL,
  subject ANY NOT NULL,                -- session id, path …
  data TEXT,                           -- JSON
  session_id TEXT,
  tenant_id TEXT,
  user_id TEXT
) STRICT;

CREATE TABLE recent_requests (         -- answers of the last requests, for a repeated one
  n INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  answer TEXT NOT NULL                 -- JSON
) STRICT;

CREATE VIEW sessions_v1 AS SELECT
  id, identity, agent_type,
  ${timestampSql('started_seconds', 'started_nanos')} AS started_at,
  ${timestampSql('ended_seconds', 'ended_nanos')} AS ended_at,
  metadata, tenant_id, user_id
FROM sessions;
CREATE VIEW monitored_paths_v1 AS SELECT
  CAST(path AS TEXT) AS path, recursive, patterns, active,
  ${timestampSql('created_seconds', 'created_nanos')} AS created_at
FROM monitored_paths;
`;

/** As in the ledger: a check sum of rows that are in no block; NULL in rows from before. */
const ROW_SUMS = 'ALTER TABLE recent_requests ADD COLUMN sum INTEGER;';

/** Nothing is known of how the sessions before ended: NULL. */
const SESSION_ENDS = `
ALTER TABLE sessions ADD COLUMN process TEXT;   -- JSON; the process it lives with
ALTER TABLE sessions ADD COLUMN ended_by TEXT;  -- 'client', 'run', 'timeout' or 'process'
ALTER TABLE sessions ADD COLUMN exit_code INTEGER;
ALTER TABLE sessions ADD COLUMN exit_signal TEXT;
ALTER TABLE sessions ADD COLUMN ended_who TEXT; -- who ended it, when that was somebody else
DROP VIEW sessions_v1;
CREATE VIEW sessions_v1 AS SELECT
  id, identity, agent_type,
  ${timestampSql('started_seconds', 'started_nanos')} AS started_at,
  ${timestampSql('ended_seconds', 'ended_nanos')} AS ended_at,
  metadata, tenant_id, user_id, ended_by, exit_code, exit_signal, ended_who
FROM sessions;
`;

/** 1: it is to be polled, whatever would work; else NULL. */
const POLLED_PATHS = `
ALTER TABLE monitored_paths ADD COLUMN poll INTEGER;
DROP VIEW monitored_paths_v1;
CREATE VIEW monitored_paths_v1 AS SELECT
  CAST(path AS TEXT) AS path, recursive, patterns, active,
  ${timestampSql('created_seconds', 'created_nanos')} AS created_at,
  coalesce(poll, 0) AS poll
FROM monitored_paths;
`;

export const STATE_MIGRATIONS: readonly Migration[] = [
  { version: 1, name: 'sessions, monitored paths, coordination stream, blocks', sql: FIRST },
  { version: 2, name: 'sums of rows outside of blocks', sql: ROW_SUMS },
  { version: 3, name: 'lost blocks', sql: LOST_BLOCKS },
  { version: 4, name: 'how sessions end', sql: SESSION_ENDS },
  { version: 5, name: 'paths that are to be polled', sql: POLLED_PATHS },
];
