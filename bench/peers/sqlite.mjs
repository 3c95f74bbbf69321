import Database from 'better-sqlite3';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { newHome } from '../daemon.mjs';

const ROWS_PER_INSERT = 50;
const GROUP_BYTES = 256 * 1024;

/** Rows a second that better-sqlite3 alone takes, with the ledger's columns, indexes and group size, at FULL. */
export function rawSqlite(seconds, entry, entryBytes) {
  const home = newHome();
  const database = new Database(join(home, 'raw.db'));
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.exec(`
    CREATE TABLE logs(id INTEGER PRIMARY KEY, seconds INTEGER NOT NULL, nanos INTEGER NOT NULL,
      level INTEGER NOT NULL, component TEXT NOT NULL, session_id TEXT, message TEXT NOT NULL, metadata TEXT,
      tenant_id TEXT, user_id TEXT, created_ms INTEGER NOT NULL, session_by INTEGER) STRICT;
    CREATE INDEX logs_time ON logs(seconds, nanos);
    CREATE INDEX logs_session ON logs(session_id, seconds, nanos) WHERE session_id IS NOT NULL;`);
  const row = `(${Array(12).fill('?').join(',')})`;
  const rows = Math.max(1, Math.min(ROWS_PER_INSERT, Math.floor(GROUP_BYTES / entryBytes)));
  const insert = database.prepare(`INSERT INTO logs VALUES ${Array(rows).fill(row).join(',')}`);
  const rowsPerGroup = Math.max(rows, Math.floor(GROUP_BYTES / entryBytes / rows) * rows);
  const { component, message } = entry;
  let id = 0;
  const group = database.transaction(() => {
    for (let done = 0; done < rowsPerGroup; done += rows) {
      const values = [];
      for (let number = 0; number < rows; number++) {
        const now = Date.now();
        values.push(
          ++id,
          Math.floor(now / 1_000),
          (now % 1_000) * 1e6,
          2,
          component,
          null,
          message,
        );
        values.push(JSON.stringify(entry.metadata), null, null, now, null);
      }
      insert.run(values);
    }
  });
  const started = performance.now();
  while (performance.now() - started < seconds * 1_000) group();
  const rate = id / ((performance.now() - started) / 1_000);
  database.close();
  rmSync(home, { recursive: true, force: true });
  return rate;
}
