import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { CodiError, isCodiError } from '../protocol/errors.ts';
import { FULL_BYTES } from '../actors/storage/retention-policy.ts';
import { finishRekey } from '../workers/storage/archive/rekey-swap.ts';
import { releaseReserve } from '../workers/storage/archive/reserve-file.ts';
import { SWAP_MARK } from '../workers/storage/archive/restore.ts';
import { assertKeyFits, leaveEncryptionCard } from '../workers/storage/cipher/encryption-card.ts';
import { StoreKey } from '../workers/storage/cipher/store-key.ts';
import type { DirectoryIdentity } from '../workers/storage/held-directory.ts';
import { acquireLock } from '../workers/storage/lock.ts';

/** The card a running daemon leaves in its data directory for people and for `codi daemon`. */
export interface DaemonCard {
  pid: number;
  version: string;
  socket_path: string;
  debug_socket_path: string;
  started_at: string;
  /** Where metrics and health are served, while they are. */
  http_url?: string | undefined;
}

export interface HeldDataDirectory {
  identity: DirectoryIdentity;
  /** There was no room to open a store, but for the reserve, which is given up. */
  wasFull: boolean;
  /** When a daemon that did not end as it should was certainly alive. */
  lastAliveMs: number | undefined;
  /** Leaves word that this one is alive. */
  touchCard(): void;
  changeCard(change: Partial<DaemonCard>): void;
  release(): void;
}

/**
 * Takes the data directory for this process for as long as it lives, or says who has it. The lock is the
 * kernel's, so it goes with the process however that ends.
 */
export function holdDataDirectory(
  dataDir: string,
  card: DaemonCard,
  encryptionKey?: Uint8Array,
): HeldDataDirectory {
  try {
    return hold(dataDir, card, encryptionKey && new StoreKey(encryptionKey));
  } catch (error) {
    throw explained(error, dataDir);
  }
}

function hold(dataDir: string, card: DaemonCard, key: StoreKey | undefined): HeldDataDirectory {
  makeDirectory(dataDir);
  chmodSync(dataDir, 0o700);
  const lock = acquireLock(dataDir);
  const cardPath = join(dataDir, 'daemon.json');
  if (!lock.ok)
    throw new CodiError('CODI_ALREADY_RUNNING', { dataDir, pid: readCard(cardPath)?.pid ?? '?' });
  let wasFull: boolean;
  try {
    wasFull = makeReady(dataDir, key);
  } catch (error) {
    lock.release();
    throw error;
  }
  let current = card;
  const lastAliveMs = statSync(cardPath, { throwIfNoEntry: false })?.mtimeMs;
  leaveCard(cardPath, current);
  const { dev, ino } = statSync(dataDir, { bigint: true });
  return {
    identity: { dev, ino },
    wasFull,
    lastAliveMs,
    touchCard: () => touch(cardPath),
    changeCard: (change) => {
      current = { ...current, ...change };
      leaveCard(cardPath, current);
    },
    release: () => {
      removeCard(cardPath);
      lock.release();
    },
  };
}

/** What must be so before anything opens the store; true when the reserve was given up for it. */
function makeReady(dataDir: string, key: StoreKey | undefined): boolean {
  if (existsSync(join(dataDir, SWAP_MARK)))
    throw new CodiError('CODI_RESTORE_UNFINISHED', { dataDir });
  const wasFull = makeRoom(dataDir);
  finishRekey(dataDir);
  assertKeyFits(dataDir, key);
  if (key) leaveEncryptionCard(dataDir, key);
  return wasFull;
}

/** A store cannot be opened on a disk without any room; what comes next makes more of it. */
function makeRoom(dataDir: string): boolean {
  const { bavail, bsize } = statfsSync(dataDir);
  return bavail * bsize < FULL_BYTES && releaseReserve(dataDir) > 0;
}

/** The card is a convenience; what keeps it from being written is the ledger's to tell. */
function leaveCard(path: string, card: DaemonCard): void {
  try {
    writeFileSync(`${path}.new`, `${JSON.stringify(card, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
  }
}

function touch(path: string): void {
  try {
    const now = new Date();
    utimesSync(path, now, now);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
  }
}

function removeCard(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
  }
}

/** What the file system refuses is said in the error table's words. */
function explained(error: unknown, dataDir: string): unknown {
  if (isCodiError(error)) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'SQLITE_FULL') return new CodiError('CODI_DISK_FULL');
  const reason = `cannot write to ${dataDir}: ${message}`;
  if (code === 'EROFS' || code === 'EACCES' || code === 'EPERM')
    return new CodiError('CODI_NOT_PERMITTED', { reason }, { cause: error });
  if (code?.startsWith('SQLITE_'))
    return new CodiError('CODI_STORAGE_UNAVAILABLE', { reason }, { cause: error });
  return error;
}

function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST' && code !== 'ENOTDIR') throw error;
    throw new CodiError('CODI_PATH_INVALID', { path, reason: 'it is not a directory' });
  }
}

function readCard(path: string): DaemonCard | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as DaemonCard;
  } catch {
    return undefined;
  }
}
