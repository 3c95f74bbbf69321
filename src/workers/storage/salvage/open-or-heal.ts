import { lstatSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CodiError, isCodiError } from '../../../protocol/errors.ts';
import { readMarks } from '../audit/signed-marks.ts';
import { BlockTree } from '../audit/block-tree.ts';
import type { HealingNews, HealReport } from '../healing.messages.ts';
import { assertHeld, type DirectoryIdentity } from '../held-directory.ts';
import { openForReading, type SqliteDatabase, type StoreKind } from '../open-database.ts';
import { judgeFailure } from '../storage-failure.ts';
import type { FileIdentity, StoreGate } from '../store-gate.ts';
import { verifyLastBlocks } from '../verify-blocks.ts';
import { nameMissing } from './name-missing.ts';
import { assertMayHeal, heal } from './heal.ts';
import { logState } from './log-state.ts';
import { beginHealing, healingUnderWay, moveAside } from './quarantine.ts';

const PROGRESS_INTERVAL_MS = 500;
/** A thread with the old file open looks whether it may at least four times a second. */
const LET_GO_MS = 5_000;

export interface OpenOrHeal<Opened> {
  kind: StoreKind;
  dataDir: string;
  /** Which directory that has to be. */
  directory: DirectoryIdentity | undefined;
  verifyBlocks: number;
  healsPerHour: number;
  gate: StoreGate;
  open(): SqliteDatabase;
  /** Makes what works on the database; reads some of it. */
  use(database: SqliteDatabase): Opened;
  post(news: HealingNews): void;
  nowMs(): number;
}

export interface OpenedStore<Opened> {
  database: SqliteDatabase;
  /** What lies under its name for as long as nobody puts another one there. */
  file: FileIdentity;
  opened: Opened;
  /** Whether it had to be healed first, after `healing` was posted. */
  report: HealReport | undefined;
}

/**
 * A store that its writer can go on with. What is damaged is healed first. Nobody else opens it before the writer has
 * opened its gate. Throws CodiError, or SQLite's error.
 */
export async function openOrHeal<Opened>(parts: OpenOrHeal<Opened>): Promise<OpenedStore<Opened>> {
  // What is not there at all is not damaged.
  if (parts.directory) assertHeld(parts.dataDir, parts.directory);
  const found = healingUnderWay(parts.dataDir, parts.kind)?.reason ?? damageBefore(parts);
  const first = found === undefined ? tryOpen(parts) : { damage: found };
  if (!('damage' in first)) return { ...first, report: undefined };
  const report = await healNow(parts, first.damage);
  const second = tryOpen(parts);
  if ('damage' in second) {
    const path = join(parts.dataDir, `${parts.kind}.db`);
    throw new CodiError('CODI_STORE_CORRUPT', { path, reason: second.damage });
  }
  return { ...second, report };
}

async function healNow<Opened>(parts: OpenOrHeal<Opened>, reason: string): Promise<HealReport> {
  const { kind, dataDir, gate, post, nowMs, healsPerHour } = parts;
  if (!healingUnderWay(dataDir, kind))
    assertMayHeal(dataDir, kind, { perHour: healsPerHour, nowMs: nowMs(), reason });
  let saidAtMs = performance.now();
  post({ type: 'healing', store: kind, reason, share: 0 });
  gate.close(kind);
  await gate.empty(kind, LET_GO_MS);
  return heal(kind, reason, {
    dataDir,
    nowMs,
    onProgress: (share) => {
      if (performance.now() - saidAtMs < PROGRESS_INTERVAL_MS) return;
      saidAtMs = performance.now();
      post({ type: 'healing', store: kind, reason, share });
    },
  });
}

/** Damage that SQLite would not say, or would make worse by opening. */
export function damageBefore({
  kind,
  dataDir,
}: Pick<OpenOrHeal<unknown>, 'kind' | 'dataDir'>): string | undefined {
  const path = join(dataDir, `${kind}.db`);
  const file = lstatSync(path, { throwIfNoEntry: false });
  if (file && !file.isFile()) return 'it is no file';
  const signed = signedBlocks(dataDir, kind);
  if (!file) return signed > 0 ? `it is missing, and ${signed} blocks were signed` : undefined;
  if (file.size === 0 && signed > 0) return `it is empty, and ${signed} blocks were signed`;
  const log = logState(path);
  if (log.kind === 'damaged') return log.reason;
  // What was signed was on the disk. Without a log all of the file is seen; a log that ends too early shows older pages
  // in front of those that were carried into the file, and the first commits would write over them.
  if (log.kind === 'readable' && signed > 0 && storedBlocks(path, kind) < signed)
    return `its write-ahead log ends too early: ${signed} blocks were signed`;
  return undefined;
}

type Tried<Opened> = Omit<OpenedStore<Opened>, 'report'> | { damage: string };

function tryOpen<Opened>(parts: OpenOrHeal<Opened>): Tried<Opened> {
  const { kind, dataDir, verifyBlocks, open, use, nowMs } = parts;
  const path = join(dataDir, `${kind}.db`);
  let database: SqliteDatabase | undefined;
  try {
    // Before, so that one that takes its place meanwhile is another one.
    const before = statSync(path, { bigint: true, throwIfNoEntry: false });
    database = open();
    const file = before ?? statSync(path, { bigint: true });
    const check = verifyLastBlocks(database, kind, verifyBlocks);
    if (!check.ok) return setAside(parts, database, `block ${check.block}: ${check.reason}`);
    nameMissing(database, kind, signedBlocks(dataDir, kind), nowMs());
    return { database, file, opened: use(database) };
  } catch (error) {
    const damage = damageIn(error, () => signedBlocks(dataDir, kind) > 0);
    if (damage === undefined) {
      database?.close();
      throw error;
    }
    return database ? setAside(parts, database, damage) : { damage };
  }
}

/** Closing the last connection would carry what can be read of its log into the database, and remove the log. */
function setAside<Opened>(
  { kind, dataDir, nowMs, healsPerHour }: OpenOrHeal<Opened>,
  database: SqliteDatabase,
  damage: string,
): { damage: string } {
  try {
    assertMayHeal(dataDir, kind, { perHour: healsPerHour, nowMs: nowMs(), reason: damage });
    moveAside(dataDir, kind, beginHealing(dataDir, kind, damage, nowMs()));
  } finally {
    database.close();
  }
  return { damage };
}

/** What an error says of the database itself; undefined when it has another cause. */
function damageIn(error: unknown, isSigned: () => boolean): string | undefined {
  const { code, message } = judgeFailure(error);
  const sqlite = String((error as { code?: unknown } | null)?.code);
  // Another program's database is left alone, unless ours was in its place.
  if (isCodiError(error)) return code === 'CODI_STORE_CORRUPT' && isSigned() ? message : undefined;
  if (code === 'CODI_STORE_CORRUPT') return message;
  // A table that is not there, a column that is not there.
  return sqlite === 'SQLITE_ERROR' && isSigned() ? message : undefined;
}

function signedBlocks(dataDir: string, kind: StoreKind): number {
  return readMarks(dataDir, kind).marks.at(-1)?.size ?? 0;
}

/** As many as SQLite finds: none in pages that it cannot read. Infinity where something else keeps it from looking. */
function storedBlocks(path: string, kind: StoreKind): number {
  try {
    const database = openForReading(path, kind);
    try {
      return new BlockTree(database).stored();
    } finally {
      database.close();
    }
  } catch (error) {
    return damageIn(error, () => true) === undefined ? Infinity : 0;
  }
}
