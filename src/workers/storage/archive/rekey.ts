import {
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { CodiError, isCodiError } from '../../../protocol/errors.ts';
import { chooseCipher, cipherDriver, rawKey } from '../cipher/cipher-driver.ts';
import { assertKeyFits, leaveEncryptionCard } from '../cipher/encryption-card.ts';
import type { StoreKey } from '../cipher/store-key.ts';
import { syncPath } from '../durable-file.ts';
import {
  leaveAsStore,
  openForCheckpoints,
  openForReading,
  openForWriting,
  type SqliteDatabase,
  type StoreKind,
} from '../open-database.ts';
import { recordAct } from '../record-act.ts';
import { checkpointAndClose } from '../wal-limit.ts';
import { ArchiveSegment } from './archive-segment.ts';
import type { KeptSegment } from './archived-blocks.ts';
import { rekeyBlobs } from '../exports/copy-blobs.ts';
import { linkOrCopy } from './link-or-copy.ts';
import { isSwapping, REKEY_STAGE, swapIn } from './rekey-swap.ts';
import { ARCHIVE_FOLDER, segmentName } from './segment-format.ts';
import { readSegments, replaceFile } from './segment-table.ts';
import { SegmentWriter } from './segment-writer.ts';
import { verifyCopy } from './verify-copy.ts';
import { fileHash, reasonOf } from './verify-segment.ts';

const KINDS = ['ledger', 'state'] as const satisfies StoreKind[];

/** From one key to another; null: none, the store is plain. */
export interface KeyChange {
  from: StoreKey | null;
  to: StoreKey | null;
}

export interface Rekeyed {
  blocks: number;
  segments: number;
}

/** What a store is encrypted with: one of two keys, or none. Throws what assertKeyFits throws for the first. */
export function presentKey(
  dataDir: string,
  current: StoreKey | undefined,
  other: StoreKey | undefined,
): StoreKey | null {
  if (fits(dataDir, undefined)) return null;
  if (other && fits(dataDir, other)) return other;
  assertKeyFits(dataDir, current);
  return current!;
}

/**
 * Writes a store that nobody else has open anew under another key, beside itself: both databases, every segment and every captured content.
 * The copy is verified, block by block, before it takes the place of what was there, and before that is deleted.
 * The key of this thread must be the new one already. Throws CODI_STORE_CORRUPT.
 */
export async function rekey(dataDir: string, change: KeyChange, nowMs: number): Promise<Rekeyed> {
  cipherDriver();
  const stage = join(dataDir, REKEY_STAGE);
  rmSync(stage, { recursive: true, force: true });
  try {
    mkdirSync(stage, { mode: 0o700 });
    for (const kind of KINDS) copyDatabase(dataDir, stage, kind, change);
    const segments = copySegments(dataDir, stage, change);
    await rekeyBlobs(dataDir, stage, change);
    const blocks = compare(dataDir, stage, change);
    if (change.to) leaveEncryptionCard(stage, change.to);
    const data = { from: nameOf(change.from), to: nameOf(change.to), blocks, segments };
    recordAct(stage, { kind: 'store.rekey', subject: dataDir, data, nowMs });
    for (const kind of KINDS) syncPath(join(stage, `${kind}.db`));
    syncPath(stage);
    swapIn(dataDir);
    return { blocks, segments };
  } catch (error) {
    // Once the swap has begun this is the store: then it is only finished, never undone.
    discardUnlessSwapping(dataDir, stage);
    throw error;
  }
}

function fits(folder: string, key: StoreKey | undefined): boolean {
  try {
    assertKeyFits(folder, key);
    return true;
  } catch (error) {
    const isAnswer = isCodiError(error) && error.code !== 'CODI_ENCRYPTION_UNAVAILABLE';
    if (isAnswer && error.code !== 'CODI_STORE_CORRUPT') return false;
    throw error;
  }
}

/** What the log holds is moved into the file first, so that the file is the whole database. */
function copyDatabase(dataDir: string, stage: string, kind: StoreKind, change: KeyChange): void {
  const path = join(dataDir, `${kind}.db`);
  checkpointAndClose(openForCheckpoints(path, kind, { key: change.from, busyTimeoutMs: 5_000 }));
  if ((statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0)
    throw new CodiError('CODI_STORE_IN_USE', { dataDir });
  const copy = join(stage, `${kind}.db`);
  copyFileSync(path, copy, constants.COPYFILE_FICLONE);
  const database = new (cipherDriver())(copy);
  try {
    chooseCipher(database);
    if (change.from) database.key(rawKey(change.from.forDatabase(kind)));
    // Nobody misses this copy if it is not finished.
    database.pragma('journal_mode = DELETE');
    database.pragma('synchronous = OFF');
    database.rekey(change.to ? rawKey(change.to.forDatabase(kind)) : Buffer.alloc(0));
    leaveAsStore(database);
  } finally {
    database.close();
  }
}

/** Every kept segment, sealed anew, and its row in the copy of the ledger; what else lies there comes along as it is. */
function copySegments(dataDir: string, stage: string, { from, to }: KeyChange): number {
  const source = join(dataDir, ARCHIVE_FOLDER);
  if (!existsSync(source)) return 0;
  const target = join(stage, ARCHIVE_FOLDER);
  mkdirSync(target, { mode: 0o700 });
  const ledger = openForWriting(join(stage, 'ledger.db'), 'ledger', { key: to });
  try {
    const all = readSegments(ledger);
    const kept = all.filter((one): one is KeptSegment & { n: number } => {
      return one.file !== null && one.removedMs === null;
    });
    for (const segment of kept) {
      const file = segmentName(segment.firstBlock, segment.lastBlock, to !== null);
      const path = join(target, file);
      const original = join(source, segment.file);
      try {
        copySegment(original, path, { from, to });
      } catch (error) {
        throw damaged(original, reasonOf(error));
      }
      const sha256 = fileHash(path).toString('hex');
      replaceFile(ledger, { ...segment, file, fileBytes: statSync(path).size, sha256 });
    }
    for (const name of evidenceIn(source))
      linkOrCopy(join(source, name), join(target, name), statSync(join(source, name)).size);
    syncPath(target);
    return kept.length;
  } finally {
    checkpointAndClose(ledger);
  }
}

function copySegment(source: string, target: string, { from, to }: KeyChange): void {
  const segment = ArchiveSegment.open(source, from);
  try {
    const writer = new SegmentWriter(target, segment.header, to);
    try {
      for (const block of segment.blocks()) writer.add(block);
      writer.finish();
    } finally {
      writer.close();
    }
  } finally {
    segment.close();
  }
}

/** Files that were set aside because they are no segment of ours. */
function evidenceIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.includes('.unfit-'));
}

/** Holds the copy against itself and against the leaves of what it was made from; the number of blocks of the ledger. */
function compare(dataDir: string, stage: string, { from, to }: KeyChange): number {
  const problem = verifyCopy(stage);
  if (problem) throw damaged(join(stage, problem.where), problem.reason);
  const counts = KINDS.map((kind) => {
    const old = openForReading(join(dataDir, `${kind}.db`), kind, { key: from });
    const copy = openForReading(join(stage, `${kind}.db`), kind, { key: to });
    try {
      const check = copy.pragma('integrity_check(1)', { simple: true });
      if (check !== 'ok') throw damaged(join(stage, `${kind}.db`), String(check));
      return sameLeaves(old, copy, join(stage, `${kind}.db`));
    } finally {
      old.close();
      copy.close();
    }
  });
  return counts[0]!;
}

function sameLeaves(old: SqliteDatabase, copy: SqliteDatabase, path: string): number {
  const sql = 'SELECT n, leaf FROM blocks ORDER BY n';
  const copied = copy.prepare(sql).iterate() as IterableIterator<{ n: number; leaf: Buffer }>;
  let count = 0;
  for (const { n, leaf } of old.prepare(sql).iterate() as Iterable<{ n: number; leaf: Buffer }>) {
    const { value } = copied.next() as { value?: { n: number; leaf: Buffer } };
    if (value?.n !== n || !value.leaf.equals(leaf))
      throw damaged(path, `block ${n} is another one`);
    count += 1;
  }
  if (copied.next().done !== true) throw damaged(path, 'it has more blocks than the store');
  return count;
}

function discardUnlessSwapping(dataDir: string, stage: string): void {
  if (!isSwapping(dataDir)) rmSync(stage, { recursive: true, force: true });
}

function nameOf(key: StoreKey | null): string {
  return key?.id ?? 'plain';
}

function damaged(path: string, reason: string): CodiError {
  return new CodiError('CODI_STORE_CORRUPT', { path, reason });
}
