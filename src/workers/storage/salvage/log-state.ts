import { existsSync } from 'node:fs';
import { PageImages } from './page-images.ts';

/**
 * What a write-ahead log is in, that SQLite would pass over in silence:
 * - `damaged`: whole transactions stand behind a frame that does not hold, or its header is gone;
 * - `doubtful`: its end does not hold. A process that is killed leaves that behind, and so does damage.
 */
export type LogState = { kind: 'sound' | 'doubtful' } | { kind: 'damaged'; reason: string };

/** Looks at the log as it lies there. Its file has no locks that reading it could take away. */
export function logState(databasePath: string): LogState {
  const log = `${databasePath}-wal`;
  if (!existsSync(log)) return { kind: 'sound' };
  const images = new PageImages(undefined, { log });
  try {
    return images.logState();
  } finally {
    images.close();
  }
}
