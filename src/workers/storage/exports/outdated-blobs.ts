/** Which contents policy may take, and taking them. The time of a content's file says when it was captured last. */
import { rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { syncPath } from '../durable-file.ts';
import { blobFiles, type BlobFile } from './blob-files.ts';

/** Contents from before that time, the oldest first, without those that a younger one goes on from; hex. */
export function outdatedBlobs(dataDir: string, beforeMs: number, limit: number): string[] {
  const blobs = [...blobFiles(dataDir)];
  const old = byAge(dataDir, blobs)
    .filter(({ timeMs }) => timeMs < beforeMs)
    .slice(0, limit)
    .map(({ checksum }) => checksum);
  const needed = neededBy(blobs, new Set(old));
  return old.filter((checksum) => !needed.has(checksum));
}

/**
 * Contents that have to go so that no more than so many bytes are left: the oldest, without those that a younger one
 * goes on from, and never the youngest; hex.
 */
export function excessBlobs(dataDir: string, limitBytes: number, limit: number): string[] {
  const blobs = [...blobFiles(dataDir)];
  const contents = byAge(dataDir, blobs);
  const bytes = new Map(contents.map((content) => [content.checksum, content.bytes]));
  const excessBytes = contents.reduce((sum, content) => sum + content.bytes, 0) - limitBytes;
  if (excessBytes <= 0) return [];
  const free = (count: number) => {
    const old = contents.slice(0, count).map(({ checksum }) => checksum);
    const needed = neededBy(blobs, new Set(old));
    const gone = old.filter((checksum) => !needed.has(checksum));
    return { gone, bytes: gone.reduce((sum, checksum) => sum + bytes.get(checksum)!, 0) };
  };
  // The more of the oldest, the more bytes: the least of them that are enough.
  let enough = Math.min(limit, contents.length - 1);
  for (let tooFew = 0; enough - tooFew > 1;) {
    const middle = Math.floor((tooFew + enough) / 2);
    if (free(middle).bytes >= excessBytes) enough = middle;
    else tooFew = middle;
  }
  return free(enough).gone;
}

/** What there is, the oldest first. A content with several files is as young as the youngest of them. */
function byAge(dataDir: string, blobs: readonly BlobFile[]) {
  const contents = new Map<string, { checksum: string; timeMs: number; bytes: number }>();
  for (const { checksum, archivePath } of blobs) {
    const stat = statSync(join(dataDir, archivePath), { throwIfNoEntry: false });
    const known = contents.get(checksum);
    contents.set(checksum, {
      checksum,
      timeMs: Math.max(stat?.mtimeMs ?? 0, known?.timeMs ?? 0),
      bytes: (stat?.size ?? 0) + (known?.bytes ?? 0),
    });
  }
  return [...contents.values()].sort((one, other) => one.timeMs - other.timeMs);
}

/** What was removed, and how much is left. */
export interface Swept {
  contents: number;
  bytes: number;
  keptBytes: number;
}

/** Removes the files of these contents, except where another content goes on from one of them. */
export function removeBlobs(dataDir: string, checksums: readonly string[]): Swept {
  const gone = new Set(checksums);
  const blobs = [...blobFiles(dataDir)];
  const needed = neededBy(blobs, gone);
  const folders = new Set<string>();
  const removed = new Set<string>();
  let bytes = 0;
  let keptBytes = 0;
  for (const { checksum, archivePath } of blobs) {
    const path = join(dataDir, archivePath);
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    if (!gone.has(checksum) || needed.has(checksum)) {
      keptBytes += size;
      continue;
    }
    bytes += size;
    rmSync(path, { force: true });
    folders.add(dirname(path));
    removed.add(checksum);
  }
  for (const folder of folders) syncPath(folder);
  return { contents: removed.size, bytes, keptBytes };
}

/** What those that stay go on from, directly or not. */
function neededBy(blobs: readonly BlobFile[], gone: ReadonlySet<string>): ReadonlySet<string> {
  const bases = new Map<string, string[]>();
  for (const { checksum, base } of blobs)
    if (base !== null) bases.set(checksum, [...(bases.get(checksum) ?? []), base]);
  const needed = new Set<string>();
  const open = blobs.map(({ checksum }) => checksum).filter((checksum) => !gone.has(checksum));
  for (let at = open.pop(); at !== undefined; at = open.pop())
    for (const base of bases.get(at) ?? []) {
      if (needed.has(base)) continue;
      needed.add(base);
      open.push(base);
    }
  return needed;
}
