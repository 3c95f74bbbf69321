/**
 * A damaged database moves aside under a name that says when, and a new one takes its place. A file says what is
 * under way, so that a kill at any moment is followed by the same work.
 */
import { existsSync, lstatSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { syncPath, writeDurably } from '../durable-file.ts';
import type { StoreKind } from '../open-database.ts';
import { quarantineName } from './unproved-file.ts';

/** What is under way. */
export interface Healing {
  /** Name the damaged database gets. */
  quarantine: string;
  /** False when there was none. */
  hadDatabase: boolean;
  reason: string;
  startedMs: number;
}

const REPORT = /^(ledger|state)\.db\.corrupt\.(\d{4}-\d\d-\d\dT\d{6}\.\d{3}Z)\.json$/;

/** Reports of what was healed, the oldest first, by name and the time in it. */
export function healReports(dataDir: string): { name: string; store: StoreKind; atMs: number }[] {
  return readdirSync(dataDir)
    .sort()
    .flatMap((name) => {
      const [, store, stamp] = REPORT.exec(name) ?? [];
      if (store === undefined || stamp === undefined) return [];
      const text = stamp.replace(/T(\d\d)(\d\d)(\d\d)/, 'T$1:$2:$3');
      return [{ name, store: store as StoreKind, atMs: Date.parse(text) }];
    });
}

/** What was begun and not finished. A mark that cannot be read stands for a healing that moved nothing yet. */
export function healingUnderWay(dataDir: string, kind: StoreKind): Healing | undefined {
  try {
    return JSON.parse(readFileSync(join(dataDir, markName(kind)), 'utf8')) as Healing;
  } catch (error) {
    if (!(error instanceof SyntaxError) && (error as NodeJS.ErrnoException).code !== 'ENOENT')
      throw error;
    return undefined;
  }
}

/** From now on the next start heals. */
export function beginHealing(
  dataDir: string,
  kind: StoreKind,
  reason: string,
  nowMs: number,
): Healing {
  const healing = {
    quarantine: quarantineName(kind, nowMs),
    hadDatabase: isThere(join(dataDir, `${kind}.db`)),
    reason,
    startedMs: nowMs,
  };
  writeDurably(dataDir, markName(kind), `${JSON.stringify(healing)}\n`);
  return healing;
}

/** Moves the damaged files aside, as far as they are not. The log goes first: a database without it is not opened. */
export function moveAside(dataDir: string, kind: StoreKind, healing: Healing): void {
  const from = join(dataDir, `${kind}.db`);
  const to = join(dataDir, healing.quarantine);
  if (isSettled(dataDir, kind, healing)) return;
  const log = `${to}-wal`;
  if (!isThere(log) && isThere(`${from}-wal`)) renameSync(`${from}-wal`, log);
  if (healing.hadDatabase && !isThere(to)) renameSync(from, to);
  rmSync(`${from}-shm`, { force: true, recursive: true });
  syncPath(dataDir);
}

/** Whether the new database is in its place. */
export function isSettled(dataDir: string, kind: StoreKind, healing: Healing): boolean {
  const hasMoved = !healing.hadDatabase || isThere(join(dataDir, healing.quarantine));
  return hasMoved && isThere(join(dataDir, `${kind}.db`));
}

/** Where the new database is made. */
export function draftPath(dataDir: string, kind: StoreKind): string {
  return join(dataDir, `${kind}.db.salvaged`);
}

/** The new database, which is on the disk, takes its place. What was verified of the old one is forgotten. */
export function settle(dataDir: string, kind: StoreKind): void {
  rmSync(join(dataDir, 'scrub.json'), { force: true });
  renameSync(draftPath(dataDir, kind), join(dataDir, `${kind}.db`));
  syncPath(dataDir);
}

/** Nothing is under way any more. */
export function endHealing(dataDir: string, kind: StoreKind): void {
  rmSync(draftPath(dataDir, kind), { force: true });
  rmSync(join(dataDir, markName(kind)), { force: true });
  if (existsSync(dataDir)) syncPath(dataDir);
}

function markName(kind: StoreKind): string {
  return `${kind}.db.healing`;
}

/** Also of what is no file. */
function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
