import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CodiError } from '../../protocol/errors.ts';
import { finishRekey, isSwapping } from './archive/rekey-swap.ts';
import { SWAP_MARK } from './archive/restore.ts';
import { assertKeyFits } from './cipher/encryption-card.ts';
import { storeKey } from './cipher/store-key.ts';
import { acquireLock, type LockResult } from './lock.ts';
import { healingUnderWay } from './salvage/quarantine.ts';

const KINDS = ['ledger', 'state'] as const;

type HeldLock = Extract<LockResult, { ok: true }>;

/**
 * Takes the lock of a data directory that has a whole store; elsewhere it would leave a file where none belongs.
 * Throws CODI_RESTORE_UNFINISHED, CODI_NOT_FOUND, CODI_STORE_IN_USE, CODI_HEALING_UNFINISHED, and what assertKeyFits
 * throws.
 */
export function holdStore(dataDir: string, hint?: string): HeldLock {
  const lock = holdStoreOfAnyKey(dataDir, hint);
  try {
    assertKeyFits(dataDir, storeKey());
    return lock;
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** The same while the key of the store is not known yet. */
export function holdStoreOfAnyKey(dataDir: string, hint?: string): HeldLock {
  if (existsSync(join(dataDir, SWAP_MARK)))
    throw new CodiError('CODI_RESTORE_UNFINISHED', { dataDir });
  // Where work on its files was interrupted, a store can be without its ledger.
  const isStore = existsSync(join(dataDir, 'ledger.db')) || isSwapping(dataDir);
  if (!isStore && !damagedStore(dataDir))
    throw new CodiError('CODI_NOT_FOUND', { what: `ledger in ${dataDir}` });
  const lock = holdDirectory(dataDir, hint);
  const damaged = damagedStore(dataDir);
  if (!damaged) return lock;
  lock.release();
  throw new CodiError('CODI_HEALING_UNFINISHED', damaged);
}

/** Takes the lock of a data directory, whatever is in it, and finishes a change of keys. Throws CODI_STORE_IN_USE. */
export function holdDirectory(dataDir: string, hint?: string): HeldLock {
  const taken = acquireLock(dataDir);
  if (!taken.ok)
    throw new CodiError('CODI_STORE_IN_USE', { dataDir }, hint === undefined ? {} : { hint });
  finishRekey(dataDir);
  return taken;
}

/** The first database whose healing was begun and not finished. */
function damagedStore(dataDir: string): { path: string; reason: string } | undefined {
  for (const kind of KINDS) {
    const healing = healingUnderWay(dataDir, kind);
    if (healing) return { path: join(dataDir, `${kind}.db`), reason: healing.reason };
  }
  return undefined;
}
