import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CodiError } from '../../protocol/errors.ts';
import { finishRekey } from './archive/rekey-swap.ts';
import { SWAP_MARK } from './archive/restore.ts';
import { assertKeyFits } from './cipher/encryption-card.ts';
import { storeKey } from './cipher/store-key.ts';
import { acquireLock, type LockResult } from './lock.ts';

type HeldLock = Extract<LockResult, { ok: true }>;

/**
 * Takes the lock of a data directory that has a whole store; elsewhere it would leave a file where none belongs.
 * Throws CODI_RESTORE_UNFINISHED, CODI_NOT_FOUND, CODI_STORE_IN_USE, and what assertKeyFits throws.
 */
export function holdStore(dataDir: string, hint?: string): HeldLock {
  if (existsSync(join(dataDir, SWAP_MARK)))
    throw new CodiError('CODI_RESTORE_UNFINISHED', { dataDir });
  if (!existsSync(join(dataDir, 'ledger.db')))
    throw new CodiError('CODI_NOT_FOUND', { what: `ledger in ${dataDir}` });
  const lock = holdDirectory(dataDir, hint);
  try {
    assertKeyFits(dataDir, storeKey());
    return lock;
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Takes the lock of a data directory, whatever is in it, and finishes a change of keys. Throws CODI_STORE_IN_USE. */
export function holdDirectory(dataDir: string, hint?: string): HeldLock {
  const taken = acquireLock(dataDir);
  if (!taken.ok)
    throw new CodiError('CODI_STORE_IN_USE', { dataDir }, hint === undefined ? {} : { hint });
  finishRekey(dataDir);
  return taken;
}
