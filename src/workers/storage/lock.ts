import { join } from 'node:path';
import Database from 'better-sqlite3';

export type LockResult = { ok: true; release(): void } | { ok: false };

/** Two that start at once get in each other's way for a moment; who holds it for longer has it. */
const CONTEST_MS = 500;

/**
 * Claims the data directory for this process: an exclusive transaction on lock.db, held until release or
 * the end of the process, however it ends (the system drops the lock, so a stale one cannot exist).
 * Like the other databases, no code of this process may open the file outside SQLite.
 */
export function acquireLock(dataDir: string): LockResult {
  const database = new Database(join(dataDir, 'lock.db'), { timeout: CONTEST_MS });
  try {
    // A rollback journal: its exclusive lock also keeps readers out, and leaves no other files behind.
    database.pragma('journal_mode = DELETE');
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (isBusy(error)) return { ok: false };
    throw error;
  }
  return {
    ok: true,
    release: () => {
      if (!database.open) return;
      database.exec('ROLLBACK');
      database.close();
    },
  };
}

function isBusy(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' && (code === 'SQLITE_BUSY' || code.startsWith('SQLITE_BUSY_'));
}
