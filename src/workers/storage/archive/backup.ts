import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { isCodiError } from '../../../protocol/errors.ts';
import type { BackupManifest } from '../archive.messages.ts';
import { assertKeyFits, leaveEncryptionCard } from '../cipher/encryption-card.ts';
import { storeKey } from '../cipher/store-key.ts';
import { syncPath } from '../durable-file.ts';
import { openForReading, type SqliteDatabase, type StoreKind } from '../open-database.ts';
import { copyBlobs } from '../exports/copy-blobs.ts';
import { copyDurably, linkOrCopy } from './link-or-copy.ts';
import { readSpace } from './plan-segment.ts';
import { ARCHIVE_FOLDER } from './segment-format.ts';
import { readSegments } from './segment-table.ts';
import { fileHash } from './verify-segment.ts';

export const MANIFEST_NAME = 'backup.json';
const KINDS = ['ledger', 'state'] as const satisfies StoreKind[];
const UNFINISHED = '.unfinished';
/** Pages copied before others have a turn; the source is not locked meanwhile. */
const PAGES_PER_STEP = 4_096;

/** A target that is not empty and no backup, or lies where it may not. */
export class UnfitTarget extends Error {
  override readonly name = 'UnfitTarget';
}

/**
 * Copies both databases as they are now, by SQLite's online backup, with the segments they need and the
 * public part of the audit files. A second backup to the same folder copies only what is new; one that was
 * interrupted goes on there. The manifest is written last: without it a folder is no backup.
 */
export async function backUp(
  dataDir: string,
  target: string,
  nowMs: number,
): Promise<BackupManifest> {
  prepare(dataDir, target);
  // The audit files first, so that what they sign is in the databases; the mark says whose folder it is.
  writeFileSync(join(target, `ledger.db${UNFINISHED}`), '');
  copyAuditFiles(dataDir, target);
  // Before the ledger, so that what policy removes meanwhile is there; and after it, so that what its rows name is.
  copyBlobs(dataDir, target);
  const ledger = await copyDatabase(dataDir, target, 'ledger');
  const state = await copyDatabase(dataDir, target, 'state');
  const segments = neededSegments(join(target, `ledger.db${UNFINISHED}`));
  copySegments(dataDir, target, segments);
  const exports = copyBlobs(dataDir, target);
  const manifest: BackupManifest = {
    format: 'codi-backup',
    version: 1,
    created: new Date(nowMs).toISOString(),
    ledger,
    state,
    segments,
    exports,
  };
  finish(target, manifest);
  return manifest;
}

/** @throws UnfitTarget when the folder has no complete backup. */
export function readManifest(folder: string): BackupManifest {
  let manifest: unknown;
  try {
    manifest = JSON.parse(readFileSync(join(folder, MANIFEST_NAME), 'utf8'));
  } catch {
    throw new UnfitTarget(
      `${folder} holds no complete backup: there is no ${MANIFEST_NAME} that can be read`,
    );
  }
  const { format, version } = manifest as BackupManifest;
  if (format !== 'codi-backup') throw new UnfitTarget(`${folder} holds no backup of codi`);
  if (version !== 1)
    throw new UnfitTarget(`${folder} was made by a newer codi (version ${version})`);
  return manifest as BackupManifest;
}

function prepare(dataDir: string, target: string): void {
  if (`${target}/`.startsWith(`${dataDir}/`))
    throw new UnfitTarget('a backup cannot lie in the data directory itself');
  mkdirSync(target, { recursive: true, mode: 0o700 });
  const names = readdirSync(target);
  const has = (name: string) => names.includes(name);
  const isOurs =
    has(MANIFEST_NAME) || has(`ledger.db${UNFINISHED}`) || (has('ledger.db') && !has('lock.db'));
  if (names.length > 0 && !isOurs)
    throw new UnfitTarget(`${target} is not empty and holds no backup`);
  const key = storeKey();
  try {
    // Segments of the same name and size would be taken for those that are needed.
    if (isOurs) assertKeyFits(target, key);
  } catch (error) {
    if (!isCodiError(error)) throw error;
    throw new UnfitTarget(`${target} holds a backup with another encryption than the store`);
  }
  if (key) leaveEncryptionCard(target, key);
}

/** One state of the database, however long the copying takes; the file is complete when it returns. */
async function copyDatabase(
  dataDir: string,
  target: string,
  kind: StoreKind,
): Promise<{ blocks: number; bytes: number; sha256: string; lastCommitMs: number | null }> {
  const path = join(target, `${kind}.db${UNFINISHED}`);
  for (const suffix of ['', '-journal', '-wal', '-shm']) rmSync(path + suffix, { force: true });
  const source = openForReading(join(dataDir, `${kind}.db`), kind);
  try {
    const about = storeKey() ? copyEncrypted(source, path, kind) : await copyPages(source, path);
    syncPath(path);
    return { ...about, sha256: fileHash(path).toString('hex') };
  } finally {
    source.close();
  }
}

async function copyPages(source: SqliteDatabase, path: string) {
  // A read transaction holds this state; otherwise each commit would begin the copy anew.
  source.exec('BEGIN');
  const about = describeDatabase(source);
  await source.backup(path, { progress: () => PAGES_PER_STEP });
  return about;
}

/** The online backup cannot give its target a key; a statement can, the same one. It is one moment as well. */
function copyEncrypted(source: SqliteDatabase, path: string, kind: StoreKind) {
  // The connection cannot write to the store all the same: its file is opened for reading.
  source.pragma('query_only = OFF');
  source.prepare('VACUUM INTO ?').run(path);
  const copy = openForReading(path, kind);
  try {
    return describeDatabase(copy);
  } finally {
    copy.close();
  }
}

function describeDatabase(database: SqliteDatabase) {
  const { pages, pageBytes } = readSpace(database);
  const last = database
    .prepare('SELECT n, committed_ms AS committedMs FROM blocks ORDER BY n DESC LIMIT 1')
    .get() as { n: number; committedMs: number } | undefined;
  return {
    blocks: last ? last.n + 1 : 0,
    bytes: pages * pageBytes,
    lastCommitMs: last?.committedMs ?? null,
  };
}

function neededSegments(path: string): BackupManifest['segments'] {
  const copy = openForReading(path, 'ledger');
  try {
    return readSegments(copy)
      .filter(({ file, removedMs }) => file !== null && removedMs === null)
      .map(({ file, sha256, fileBytes }) => ({ file: file!, sha256: sha256!, bytes: fileBytes }));
  } finally {
    copy.close();
    removeWal(path);
  }
}

/** A database that only readers had open keeps an empty log beside it. */
export function removeWal(path: string): void {
  for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true });
}

/** Segments never change, so on one disk a second name is enough. */
function copySegments(
  dataDir: string,
  target: string,
  segments: readonly { file: string; bytes: number }[],
): void {
  if (segments.length === 0) return;
  mkdirSync(join(target, ARCHIVE_FOLDER), { recursive: true, mode: 0o700 });
  for (const { file, bytes } of segments)
    linkOrCopy(join(dataDir, ARCHIVE_FOLDER, file), join(target, ARCHIVE_FOLDER, file), bytes);
  syncPath(join(target, ARCHIVE_FOLDER));
}

/** Everything but the private key. */
function copyAuditFiles(dataDir: string, target: string): void {
  const from = join(dataDir, 'audit');
  if (!existsSync(from)) return;
  for (const entry of readdirSync(from, { recursive: true, withFileTypes: true })) {
    const isPrivate = entry.name.startsWith('key') && !entry.name.endsWith('.pub');
    if (!entry.isFile() || isPrivate || entry.name.endsWith('.new')) continue;
    const path = join(entry.parentPath, entry.name);
    const to = join(target, 'audit', path.slice(from.length + 1));
    mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
    copyUnlessGone(path, to);
  }
}

/** While they are listed the notary renames what it has written, and removes the oldest note. */
function copyUnlessGone(from: string, to: string): void {
  try {
    copyDurably(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function finish(target: string, manifest: BackupManifest): void {
  const path = join(target, MANIFEST_NAME);
  rmSync(path, { force: true });
  for (const kind of KINDS)
    renameSync(join(target, `${kind}.db${UNFINISHED}`), join(target, `${kind}.db`));
  writeFileSync(path + UNFINISHED, `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600 });
  syncPath(path + UNFINISHED);
  renameSync(path + UNFINISHED, path);
  syncPath(target);
}
