import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { BlockSpan, SegmentRecord, StoredSegment } from '../archive.messages.ts';
import { storeKey } from '../cipher/store-key.ts';
import { syncPath } from '../durable-file.ts';
import type { SqliteDatabase } from '../open-database.ts';
import { ArchiveSegment } from './archive-segment.ts';
import { describeSpan, LiveBlocks } from './live-blocks.ts';
import {
  ARCHIVE_FOLDER,
  SEGMENT_FORMAT,
  SEGMENT_VERSION,
  segmentName,
  span,
  type NumberRange,
  type SegmentHeader,
} from './segment-format.ts';
import { SegmentWriter } from './segment-writer.ts';
import { fileHash, verifySegment } from './verify-segment.ts';

const UNFINISHED = '.unfinished';

/**
 * Makes the segment of these blocks: written beside its name, fsynced, read back and compared with the
 * leaves in the ledger, renamed, its folder fsynced. Only then may its rows go. Throws DamagedLiveBlock.
 */
export function writeSegment(
  database: SqliteDatabase,
  dataDir: string,
  blocks: BlockSpan,
  nowMs: number,
): SegmentRecord {
  const folder = archiveFolder(dataDir);
  const live = new LiveBlocks(database);
  const file = segmentName(blocks.firstBlock, blocks.lastBlock, storeKey() !== undefined);
  const path = join(folder, file);
  const record = describeSpan(live, blocks, nowMs);
  // Left by a process that ended before the ledger knew of it.
  const isThere = existsSync(path) && verifySegment(path, (n) => live.leaf(n)).ok;
  if (!isThere) create(path, live, record);
  const { size } = statSync(path);
  const seconds = logSeconds(path);
  return {
    ...record,
    oldestSeconds: seconds?.[0] ?? null,
    newestSeconds: seconds?.[1] ?? null,
    file,
    fileBytes: size,
    sha256: fileHash(path).toString('hex'),
  };
}

function create(path: string, live: LiveBlocks, record: SegmentRecord): void {
  const unfinished = `${path}${UNFINISHED}`;
  rmSync(unfinished, { force: true });
  try {
    const writer = new SegmentWriter(unfinished, headerOf(record), storeKey());
    try {
      for (let n = record.firstBlock; n <= record.lastBlock; n++) writer.add(live.read(n));
      writer.finish();
    } finally {
      writer.close();
    }
    const check = verifySegment(unfinished, (n) => live.leaf(n));
    if (!check.ok) throw new Error(`the segment just written to ${path} fails: ${check.reason}`);
    // A file of that name that is no such segment is evidence of something: it is kept.
    if (existsSync(path)) renameSync(path, `${path}.unfit-${record.createdMs}`);
    renameSync(unfinished, path);
    syncPath(archiveFolderOf(path));
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
}

function headerOf(record: SegmentRecord): SegmentHeader {
  const { firstLog, lastLog, firstEvent, lastEvent } = record;
  return {
    format: SEGMENT_FORMAT,
    version: SEGMENT_VERSION,
    database: 'ledger',
    first_block: record.firstBlock,
    last_block: record.lastBlock,
    logs: firstLog === null ? null : [firstLog, lastLog!],
    file_events: firstEvent === null ? null : [firstEvent, lastEvent!],
    entries: record.entries,
    canonical_bytes: record.bytes,
    first_committed_ms: record.firstCommittedMs,
    last_committed_ms: record.lastCommittedMs,
  };
}

function logSeconds(path: string): NumberRange {
  const segment = ArchiveSegment.open(path);
  try {
    return segment.members.reduce<NumberRange>(
      (all, { log_seconds }) => span(all, log_seconds),
      null,
    );
  } finally {
    segment.close();
  }
}

/** Deletes files that were not finished, and those of segments that were given up. */
export function sweepFiles(
  dataDir: string,
  segments: readonly StoredSegment[],
): { files: number; bytes: number } {
  const folder = join(dataDir, ARCHIVE_FOLDER);
  if (!existsSync(folder)) return { files: 0, bytes: 0 };
  const givenUp = new Set(
    segments.filter(({ removedMs }) => removedMs !== null).map(({ file }) => file),
  );
  const swept = { files: 0, bytes: 0 };
  for (const name of readdirSync(folder)) {
    if (!name.endsWith(UNFINISHED) && !givenUp.has(name)) continue;
    const path = join(folder, name);
    swept.files += 1;
    swept.bytes += statSync(path).size;
    rmSync(path);
  }
  if (swept.files > 0) syncPath(folder);
  return swept;
}

function archiveFolder(dataDir: string): string {
  const folder = join(dataDir, ARCHIVE_FOLDER);
  if (existsSync(folder)) return folder;
  mkdirSync(folder, { mode: 0o700, recursive: true });
  syncPath(dataDir);
  return folder;
}

function archiveFolderOf(path: string): string {
  return join(path, '..');
}
