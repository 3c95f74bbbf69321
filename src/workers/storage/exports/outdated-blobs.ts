/** Which contents policy may take, and taking them. The time of a content's file says when it was captured last. */
import { rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { syncPath } from '../durable-file.ts';
import { blobFiles, type BlobFile } from './blob-files.ts';

/** Contents from before that time, the oldest first, without those that a younger one goes on from; hex. */
export function outdatedBlobs(dataDir: string, beforeMs: number, limit: number): string[] {
  const blobs = [...blobFiles(dataDir)];
  const takenAtMs = new Map<string, number>();
  for (const { checksum, archivePath } of blobs) {
    const stat = statSync(join(dataDir, archivePath), { throwIfNoEntry: false });
    takenAtMs.set(checksum, Math.max(stat?.mtimeMs ?? 0, takenAtMs.get(checksum) ?? 0));
  }
  const old = [...takenAtMs]
    .filter(([, timeMs]) => timeMs < beforeMs)
    .sort(([, one], [, other]) => one - other)
    .slice(0, limit)
    .map(([checksum]) => checksum);
  const needed = neededBy(blobs, new Set(old));
  return old.filter((checksum) => !needed.has(checksum));
}

/** Removes the files of these contents, except where another content goes on from one of them. */
export function removeBlobs(
  dataDir: string,
  checksums: readonly string[],
): { contents: number; bytes: number } {
  const gone = new Set(checksums);
  const blobs = [...blobFiles(dataDir)];
  const needed = neededBy(blobs, gone);
  const folders = new Set<string>();
  const removed = new Set<string>();
  let bytes = 0;
  for (const { checksum, archivePath } of blobs) {
    if (!gone.has(checksum) || needed.has(checksum)) continue;
    const path = join(dataDir, archivePath);
    bytes += statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    rmSync(path, { force: true });
    folders.add(dirname(path));
    removed.add(checksum);
  }
  for (const folder of folders) syncPath(folder);
  return { contents: removed.size, bytes };
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
