import { join } from 'node:path';
import { CodiError, isCodiError } from '../../../protocol/errors.ts';
import type { BackupManifest, StoreStats } from '../archive.messages.ts';
import { openForReading } from '../open-database.ts';
import { judgeFailure } from '../storage-failure.ts';
import { backUp, UnfitTarget } from './backup.ts';
import { readStats } from './store-stats.ts';
import { verifyCopy } from './verify-copy.ts';

/** What can be asked of a store, whether a daemon serves it or not. */
export class StoreTasks {
  readonly #dataDir: string;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  stats(): StoreStats {
    const ledger = openForReading(join(this.#dataDir, 'ledger.db'), 'ledger');
    try {
      const state = openForReading(join(this.#dataDir, 'state.db'), 'state');
      try {
        return readStats(ledger, state, this.#dataDir);
      } finally {
        state.close();
      }
    } finally {
      ledger.close();
    }
  }

  async backup(target: string, nowMs: number): Promise<BackupManifest> {
    const manifest = await backUp(this.#dataDir, target, nowMs);
    const problem = verifyCopy(target);
    if (!problem) return manifest;
    const path = join(target, problem.where);
    throw new CodiError('CODI_STORE_CORRUPT', { path, reason: problem.reason });
  }
}

/** What a failed task means for the one who asked. */
export function taskFailure(error: unknown, dataDir: string): CodiError {
  if (isCodiError(error)) return error;
  if (error instanceof UnfitTarget)
    return new CodiError('CODI_BACKUP_UNFIT', { reason: error.message });
  const { code: system, message: reason } = error as NodeJS.ErrnoException;
  if (system === 'ENOSPC' || system === 'EDQUOT')
    return new CodiError('CODI_DISK_FULL', { reason });
  if (system === 'EACCES' || system === 'EPERM' || system === 'EROFS')
    return new CodiError('CODI_NOT_PERMITTED', { reason });
  const { code, message } = judgeFailure(error);
  return new CodiError(code, { reason: message, path: dataDir });
}
