import { existsSync } from 'node:fs';
import { PageImages } from './page-images.ts';

/**
 * What a write-ahead log is in:
 * - `damaged`: whole transactions stand behind a frame that does not hold, or its header is gone; SQLite would pass
 *   over them in silence;
 * - `readable`: SQLite finds all that it could. Its end may be missing all the same: nothing in a log says how long it was;
 * - `empty`: there is none, or nothing is in it.
 */
export type LogState = { kind: 'readable' | 'empty' } | { kind: 'damaged'; reason: string };

/** Looks at the log as it lies there. Its file has no locks that reading it could take away. */
export function logState(databasePath: string): LogState {
  const log = `${databasePath}-wal`;
  if (!existsSync(log)) return { kind: 'empty' };
  const images = new PageImages(undefined, { log });
  try {
    return images.logState();
  } finally {
    images.close();
  }
}
