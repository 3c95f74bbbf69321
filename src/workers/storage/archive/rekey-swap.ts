/**
 * How a store that was written anew takes the place of the old one, such that a kill at any moment leaves one of the
 * two: once the mark is on the disk it is the new one, and whoever takes the lock next finishes the renames.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ENCRYPTION_CARD } from '../cipher/encryption-card.ts';
import { syncPath, writeDurably } from '../durable-file.ts';
import { EXPORTS_FOLDER } from '../exports/blob-files.ts';
import { ARCHIVE_FOLDER } from './segment-format.ts';

export const REKEY_STAGE = 'rekey.unfinished';
const MARK = 'rekey.swapping';
const OLD = 'rekey.old';
/** Everything that belongs to one key. */
const NAMES = [
  ...['ledger.db', 'state.db'].flatMap((name) => [name, `${name}-wal`, `${name}-shm`]),
  ARCHIVE_FOLDER,
  EXPORTS_FOLDER,
  ENCRYPTION_CARD,
];

/** Whether a finished copy is about to take the place of the store. */
export function isSwapping(dataDir: string): boolean {
  return existsSync(join(dataDir, MARK));
}

/** The stage must be complete, verified, and on the disk. */
export function swapIn(dataDir: string): void {
  const staged = readdirSync(join(dataDir, REKEY_STAGE));
  writeDurably(dataDir, MARK, JSON.stringify(staged));
  finishRekey(dataDir);
}

/**
 * Finishes what a process that ended had begun, or clears up what it had not: the old store is the store until the
 * mark is there. To be called by whoever has the lock, before anything is opened.
 */
export function finishRekey(dataDir: string): void {
  const mark = join(dataDir, MARK);
  if (existsSync(mark)) {
    rename(dataDir, JSON.parse(readFileSync(mark, 'utf8')) as string[]);
    rmSync(mark);
    syncPath(dataDir);
  }
  for (const name of [OLD, REKEY_STAGE, `${MARK}.new`])
    rmSync(join(dataDir, name), { recursive: true, force: true });
}

/** Each step is either done or not, and a name that is no longer in the stage is the new one. */
function rename(dataDir: string, staged: readonly string[]): void {
  const stage = join(dataDir, REKEY_STAGE);
  const old = join(dataDir, OLD);
  mkdirSync(old, { recursive: true, mode: 0o700 });
  for (const name of NAMES) {
    const isStaged = staged.includes(name);
    const isWaiting = existsSync(join(stage, name));
    const mayGo = !isStaged || isWaiting;
    if (mayGo && existsSync(join(dataDir, name))) renameSync(join(dataDir, name), join(old, name));
    if (isWaiting) renameSync(join(stage, name), join(dataDir, name));
  }
  syncPath(old);
  syncPath(dataDir);
}
