import { mkdirSync, statSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { linkOrCopy } from '../archive/link-or-copy.ts';
import type { StoreKey } from '../cipher/store-key.ts';
import { syncPath } from '../durable-file.ts';
import { blobFiles, EXPORTS_FOLDER } from './blob-files.ts';
import { readBlob } from './blob-reader.ts';
import { BlobWriter } from './blob-writer.ts';

/** Gives every kept content a second name in another folder, or a copy; they never change. */
export function copyBlobs(from: string, to: string): { files: number; bytes: number } {
  let files = 0;
  let bytes = 0;
  const folders = new Set<string>();
  for (const { archivePath } of blobFiles(from)) {
    const size = statSync(join(from, archivePath), { throwIfNoEntry: false })?.size;
    if (size === undefined) continue; // policy has removed it meanwhile
    const target = join(to, archivePath);
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
    linkOrCopy(join(from, archivePath), target, size);
    folders.add(dirname(target));
    files += 1;
    bytes += size;
  }
  for (const folder of folders) syncPath(folder);
  if (files > 0) syncPath(join(to, EXPORTS_FOLDER));
  return { files, bytes };
}

/** Writes every kept content into another folder under another key; null: none. */
export async function rekeyBlobs(
  from: string,
  to: string,
  keys: { from: StoreKey | null; to: StoreKey | null },
): Promise<void> {
  for (const blob of blobFiles(from)) {
    const writer = new BlobWriter(to, 'rekey', keys.to);
    try {
      for await (const piece of readBlob(from, blob, keys.from)) writer.add(piece);
      const { archivePath } = writer.keep(blob.checksum, blob.base);
      const { atime, mtime } = statSync(join(from, blob.archivePath));
      utimesSync(join(to, archivePath), atime, mtime);
    } finally {
      writer.discard();
    }
  }
}
