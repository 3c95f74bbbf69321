import type { Migration } from './migrate.ts';

/** RFC 3339 text of a (seconds, nanos) pair, with 0, 3, 6 or 9 fraction digits. */
export function timestampSql(seconds: string, nanos: string): string {
  return `strftime('%Y-%m-%dT%H:%M:%S', ${seconds}, 'unixepoch') || CASE
    WHEN ${nanos} = 0 THEN ''
    WHEN ${nanos} % 1000000 = 0 THEN printf('.%03d', ${nanos} / 1000000)
    WHEN ${nanos} % 1000 = 0 THEN printf('.%06d', ${nanos} / 1000)
    ELSE printf('.%09d', ${nanos}) END || 'Z'`;
}

/** The tables every store with a chained stream has. */
export const BLOCK_TABLES = `
CREATE TABLE blocks (
  n INTEGER PRIMARY KEY,               -- dense from 0: the leaf's index in the tree
  committed_ms INTEGER NOT NULL,       -- never decreases from block to block
  entries INTEGER NOT NULL,
  bytes INTEGER NOT NULL,              -- length of the canonical bytes
  version INTEGER NOT NULL,            -- of the canonical encoding
  leaf BLOB NOT NULL                   -- SHA-256(0x00 || canonical bytes)
) STRICT;
CREATE TABLE block_ranges (
  block INTEGER NOT NULL REFERENCES blocks (n),
  stream INTEGER NOT NULL,             -- 1 logs, 2 file_events, 3 coordination, 4 roots
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  PRIMARY KEY (stream, block)
) STRICT, WITHOUT ROWID;
CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID;
`;

/*
 * Indexes cost more than rows. logs has the time index and a session index over rows that have a session.
 * file_events has its primary key only: an index by (root_id, path) takes inserts at random places, which
 * doubles the pages a storm of events writes, for a question (one file's history) that is asked rarely and
 * can scan. Times are found through blocks.committed_ms, which never decreases.
 */
const FIRST = `${BLOCK_TABLES}
CREATE TABLE logs (
  id INTEGER PRIMARY KEY,              -- dense from 1
  seconds INTEGER NOT NULL,
  nanos INTEGER NOT NULL,
  level INTEGER NOT NULL,              -- 0 Trace … 4 Error
  component TEXT NOT NULL,
  session_id TEXT,
  message TEXT NOT NULL,
  metadata TEXT,                       -- JSON
  tenant_id TEXT,
  user_id TEXT,
  created_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX logs_time ON logs (seconds, nanos);
CREATE INDEX logs_session ON logs (session_id, seconds, nanos) WHERE session_id IS NOT NULL;

CREATE TABLE roots (
  root_id INTEGER PRIMARY KEY,         -- dense from 1, stable per path
  path ANY NOT NULL UNIQUE,            -- TEXT when valid UTF-8, else BLOB
  created_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE root_sequences (
  root_id INTEGER PRIMARY KEY REFERENCES roots (root_id),
  sequence INTEGER NOT NULL            -- last batch of file events taken
) STRICT;

CREATE TABLE file_events (
  seq INTEGER PRIMARY KEY,             -- dense from 1
  root_id INTEGER NOT NULL,
  seconds INTEGER NOT NULL,
  nanos INTEGER NOT NULL,
  event INTEGER NOT NULL,              -- 0 create 1 update 2 delete 3 move 4 attrib 5 access 6 transient
  kind INTEGER NOT NULL,               -- 0 file 1 dir 2 symlink 3 other
  path ANY NOT NULL,                   -- relative to the root
  from_path ANY,
  size INTEGER,
  old_size INTEGER,
  seen INTEGER NOT NULL,               -- 0 native 1 poll 2 reconcile 3 hint
  dev INTEGER, ino INTEGER, stat_size INTEGER,
  mtime_seconds INTEGER, mtime_nanos INTEGER, ctime_seconds INTEGER, ctime_nanos INTEGER,
  mode INTEGER, nlink INTEGER,
  checksum BLOB,
  session_id TEXT,
  tenant_id TEXT,
  user_id TEXT
) STRICT;

CREATE TABLE files (                   -- derived: the fold of file_events
  root_id INTEGER NOT NULL,
  path ANY NOT NULL,
  kind INTEGER NOT NULL,
  size INTEGER NOT NULL,
  dev INTEGER NOT NULL,
  ino INTEGER NOT NULL,
  mtime_seconds INTEGER NOT NULL, mtime_nanos INTEGER NOT NULL,
  ctime_seconds INTEGER NOT NULL, ctime_nanos INTEGER NOT NULL,
  mode INTEGER NOT NULL,
  nlink INTEGER NOT NULL,
  checksum BLOB,
  PRIMARY KEY (root_id, path)
) STRICT, WITHOUT ROWID;

CREATE TABLE producers (
  producer_id TEXT PRIMARY KEY,
  sequence INTEGER NOT NULL,           -- highest one taken
  updated_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE recent_ids (
  n INTEGER PRIMARY KEY,               -- number of the first id
  id BLOB NOT NULL                     -- ids of one commit, 16 bytes each, back to back
) STRICT;

CREATE VIEW logs_v1 AS SELECT
  id, ${timestampSql('seconds', 'nanos')} AS timestamp,
  CASE level WHEN 0 THEN 'Trace' WHEN 1 THEN 'Debug' WHEN 2 THEN 'Info' WHEN 3 THEN 'Warn' ELSE 'Error' END AS level,
  component, session_id, message, metadata,
  0 AS synced, NULL AS sync_timestamp,
  ${timestampSql('created_ms / 1000', '(created_ms % 1000) * 1000000')} AS created_at,
  tenant_id, user_id
FROM logs;
CREATE VIEW file_events_v1 AS SELECT
  seq, ${timestampSql('e.seconds', 'e.nanos')} AS timestamp,
  CAST(r.path AS TEXT) AS root, CAST(e.path AS TEXT) AS path,
  CASE event WHEN 0 THEN 'create' WHEN 1 THEN 'update' WHEN 2 THEN 'delete' WHEN 3 THEN 'move'
    WHEN 4 THEN 'attrib' WHEN 5 THEN 'access' ELSE 'transient' END AS event_type,
  CAST(from_path AS TEXT) AS from_path,
  CASE kind WHEN 0 THEN 'file' WHEN 1 THEN 'dir' WHEN 2 THEN 'symlink' ELSE 'other' END AS kind,
  size, lower(hex(checksum)) AS checksum,
  CASE seen WHEN 0 THEN 'native' WHEN 1 THEN 'poll' WHEN 2 THEN 'reconcile' ELSE 'hint' END AS seen,
  session_id, tenant_id, user_id
FROM file_events e JOIN roots r USING (root_id);
`;

const ACTS = `
CREATE TABLE acts (                    -- stream 5
  seq INTEGER PRIMARY KEY,             -- dense from 1
  act_id BLOB NOT NULL UNIQUE,         -- 16 bytes: an act that is given again is stored once
  seconds INTEGER NOT NULL,
  nanos INTEGER NOT NULL,
  kind TEXT NOT NULL,                  -- 'debug.kill', 'ledger.anchored' …
  subject TEXT NOT NULL,               -- what it was done to
  actor TEXT,                          -- who did it; NULL: the daemon itself
  data TEXT,                           -- JSON
  tenant_id TEXT,
  user_id TEXT
) STRICT;
`;

/* Rare and most asked for: without it a question for errors looks at every entry of the range. */
const SEVERE_INDEX = `
CREATE INDEX logs_severe ON logs (seconds, nanos) WHERE level >= 3;
`;

/** Check sums of rows that are in no block (see row-sum.ts); NULL in rows from before. */
const ROW_SUMS = `
ALTER TABLE producers ADD COLUMN sum INTEGER;
ALTER TABLE recent_ids ADD COLUMN sum INTEGER;
ALTER TABLE root_sequences ADD COLUMN sum INTEGER;
`;

const SEGMENTS = `
CREATE TABLE segments (                -- blocks whose log entries and file events leave the tables
  n INTEGER PRIMARY KEY,               -- dense from 1, in the order of blocks
  first_block INTEGER NOT NULL,
  last_block INTEGER NOT NULL,
  first_log INTEGER, last_log INTEGER, -- NULL: none
  first_event INTEGER, last_event INTEGER,
  first_committed_ms INTEGER NOT NULL,
  last_committed_ms INTEGER NOT NULL,
  oldest_seconds INTEGER, newest_seconds INTEGER, -- by the log entries' own times
  entries INTEGER NOT NULL,
  bytes INTEGER NOT NULL,              -- length of the canonical bytes
  file TEXT,                           -- name in archive/; NULL: deleted, not archived
  file_bytes INTEGER NOT NULL,
  sha256 BLOB,                         -- of the file
  created_ms INTEGER NOT NULL,
  dropped INTEGER NOT NULL,            -- 1: no row of it is left
  removed_ms INTEGER,                  -- when its file was given up
  sum INTEGER                          -- of what never changes in it (see row-sum.ts)
) STRICT;
`;

/** In both databases; see lost-blocks.ts. */
export const LOST_BLOCKS = `
CREATE TABLE lost_blocks (             -- what a damaged database no longer held when it was healed
  block INTEGER PRIMARY KEY,
  kind INTEGER NOT NULL,               -- 1 entries are gone, 2 its leaf, too, 3 its leaf was made anew
  found_ms INTEGER NOT NULL,
  sum INTEGER NOT NULL
) STRICT;
`;

/*
 * The index is of files whose content is known: it is written only while checksums are on, and holds all that a search
 * for equal files asks for.
 */
const CONTENT = `
ALTER TABLE file_events ADD COLUMN old_checksum BLOB; -- of an update or delete: what the path had before
CREATE INDEX files_content ON files (checksum, size, kind) WHERE checksum IS NOT NULL;
`;

/** How each record's session is known (see SESSION_BY); NULL in a log entry that named it itself, or without one. */
const SESSION_BY = `
ALTER TABLE logs ADD COLUMN session_by INTEGER;
ALTER TABLE file_events ADD COLUMN session_by INTEGER;
`;

const EXPORTS = `
CREATE TABLE export_archive (          -- stream 6
  id INTEGER PRIMARY KEY,              -- dense from 1
  capture_id BLOB NOT NULL UNIQUE,     -- 16 bytes: of the path and what was found there; a version is stored once
  seconds INTEGER NOT NULL,            -- when it was done
  nanos INTEGER NOT NULL,
  state INTEGER NOT NULL,              -- 0 captured 1 duplicate 2 empty 3 refused 4 unreadable 5 vanished
  kind INTEGER NOT NULL,               -- 0 export 1 transcript
  original_path ANY NOT NULL,          -- absolute
  archive_path TEXT,                   -- in exports/; NULL: nothing is kept
  file_size INTEGER,
  checksum BLOB,                       -- SHA-256 of the content
  base BLOB,                           -- checksum of the version that archive_path goes on from
  stored_bytes INTEGER,                -- size of archive_path; 0 for a duplicate
  dev INTEGER, ino INTEGER, mtime_seconds INTEGER, mtime_nanos INTEGER,
  session_id TEXT,
  session_by INTEGER,                  -- code of SESSION_BY
  reason TEXT,                         -- why nothing is kept: an error code
  facts TEXT,                          -- JSON: secrets, latencies
  tenant_id TEXT,
  user_id TEXT
) STRICT;
CREATE INDEX export_archive_path ON export_archive (original_path, id);
CREATE INDEX export_archive_checksum ON export_archive (checksum, id) WHERE checksum IS NOT NULL;
CREATE TABLE export_pruned (           -- contents that policy has removed from exports/
  checksum BLOB PRIMARY KEY,
  pruned_ms INTEGER NOT NULL,
  sum INTEGER NOT NULL                 -- see row-sum.ts
) STRICT, WITHOUT ROWID;

CREATE VIEW export_archive_v1 AS SELECT
  id, CAST(original_path AS TEXT) AS original_path, archive_path, session_id, file_size,
  ${timestampSql('seconds', 'nanos')} AS processed_at,
  lower(hex(checksum)) AS checksum, tenant_id, user_id
FROM export_archive;
`;

export const LEDGER_MIGRATIONS: readonly Migration[] = [
  { version: 1, name: 'logs, file events, path index, blocks', sql: FIRST },
  { version: 2, name: 'administrative acts', sql: ACTS },
  { version: 3, name: 'index of warnings and errors', sql: SEVERE_INDEX },
  { version: 4, name: 'sums of rows outside of blocks', sql: ROW_SUMS },
  { version: 5, name: 'archive segments', sql: SEGMENTS },
  { version: 6, name: 'lost blocks', sql: LOST_BLOCKS },
  { version: 7, name: 'content of files', sql: CONTENT },
  { version: 8, name: 'how sessions are known', sql: SESSION_BY },
  { version: 9, name: 'exports', sql: EXPORTS },
];
