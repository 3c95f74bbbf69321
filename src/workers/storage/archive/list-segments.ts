import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CodiError } from '../../../protocol/errors.ts';
import type { SegmentFile } from '../../../protocol/store-calls.ts';
import { isUnprovedName, readUnproved } from '../salvage/unproved-file.ts';
import { ArchiveSegment } from './archive-segment.ts';
import { ARCHIVE_FOLDER, DamagedSegment, SEGMENT_NAME } from './segment-format.ts';

/** The files of an archive, oldest first, without the ledger's help. */
export function listSegments(dataDir: string): SegmentFile[] {
  const folder = join(dataDir, ARCHIVE_FOLDER);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => SEGMENT_NAME.test(name))
    .toSorted()
    .map((file) => describeFile(folder, file));
}

function describeFile(folder: string, file: string): SegmentFile {
  const path = join(folder, file);
  const [, first, last] = SEGMENT_NAME.exec(file)!;
  const bytes = statSync(path).size;
  try {
    return withSegment(path, ({ header, members }) => ({
      file,
      bytes,
      first_block: header.first_block,
      last_block: header.last_block,
      entries: header.entries,
      logs: header.logs,
      file_events: header.file_events,
      first_committed_ms: header.first_committed_ms,
      last_committed_ms: header.last_committed_ms,
      parts: members.map(({ log_seconds }) => log_seconds),
      damaged: null,
    }));
  } catch (error) {
    if (!(error instanceof DamagedSegment)) throw error;
    return {
      file,
      bytes,
      first_block: Number(first),
      last_block: Number(last),
      entries: 0,
      logs: null,
      file_events: null,
      first_committed_ms: 0,
      last_committed_ms: 0,
      parts: [],
      damaged: error.message,
    };
  }
}

/** Where a segment is; a name, never a path, so that nothing outside of the archive is read. */
export function segmentPath(dataDir: string, file: string): string {
  if (!SEGMENT_NAME.test(file)) throw new CodiError('CODI_NOT_FOUND', { what: `segment ${file}` });
  return join(dataDir, ARCHIVE_FOLDER, file);
}

/** Lines of one part of a segment, as they stand in the file; or of a file with unproved entries. */
export function readPart(dataDir: string, file: string, part: number): string[] {
  const isUnproved = isUnprovedName(file) && existsSync(join(dataDir, file));
  const path = isUnproved ? join(dataDir, file) : segmentPath(dataDir, file);
  try {
    if (isUnproved) return readUnproved(path);
    return withSegment(path, (segment) => {
      const index = segment.members[part];
      return index ? segment.linesOf(index) : [];
    });
  } catch (error) {
    if (error instanceof DamagedSegment)
      throw new CodiError('CODI_STORE_CORRUPT', { path, reason: error.message });
    throw error;
  }
}

function withSegment<Result>(path: string, use: (segment: ArchiveSegment) => Result): Result {
  const segment = ArchiveSegment.open(path);
  try {
    return use(segment);
  } finally {
    segment.close();
  }
}
