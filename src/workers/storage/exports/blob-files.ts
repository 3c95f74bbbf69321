/**
 * Files of captured contents. Each is named by the SHA-256 of the whole content, and one that holds only what was
 * added to another version names that one, too:
 *
 *     exports/ab/abcd….gz            gzip members, one behind the other
 *     exports/ab/abcd…-1234….gz      to be appended to the content of 1234…
 *
 * Encrypted ones begin like an encrypted segment, with parts of their own length; their names are the same.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

export const EXPORTS_FOLDER = 'exports';
export const UNFINISHED = 'unfinished-';
const NAME = /^([0-9a-f]{64})(?:-([0-9a-f]{64}))?\.gz$/;

export interface BlobFile {
  /** From the data directory. */
  archivePath: string;
  /** Hex. */
  checksum: string;
  base: string | null;
}

export function blobPath(checksum: string, base: string | null): string {
  const name = base === null ? checksum : `${checksum}-${base}`;
  return `${EXPORTS_FOLDER}/${checksum.slice(0, 2)}/${name}.gz`;
}

/** What a path in `exports/` says of itself; undefined: it is no file of ours. */
export function blobOf(archivePath: string): BlobFile | undefined {
  const [folder, shard, name, ...rest] = archivePath.split('/');
  const match = NAME.exec(name ?? '');
  if (folder !== EXPORTS_FOLDER || rest.length > 0 || !match) return undefined;
  const [, checksum, base] = match;
  if (shard !== checksum!.slice(0, 2)) return undefined;
  return { archivePath, checksum: checksum!, base: base ?? null };
}

/** The file of a content; a whole one before one that needs another. */
export function findBlob(dataDir: string, checksum: string): BlobFile | undefined {
  const shard = `${EXPORTS_FOLDER}/${checksum.slice(0, 2)}`;
  return namesIn(join(dataDir, shard))
    .filter((name) => name.startsWith(checksum))
    .map((name) => blobOf(`${shard}/${name}`))
    .filter((blob) => blob !== undefined)
    .sort((one, other) => Number(one.base !== null) - Number(other.base !== null))[0];
}

/** A content's files, the whole one first; undefined when one of them is missing. */
export function chainOf(dataDir: string, checksum: string): BlobFile[] | undefined {
  const chain: BlobFile[] = [];
  const seen = new Set<string>();
  for (let at: string | null = checksum; at !== null;) {
    const blob = findBlob(dataDir, at);
    if (!blob || seen.has(at)) return undefined;
    seen.add(at);
    chain.unshift(blob);
    at = blob.base;
  }
  return chain;
}

/** Every content's file in a folder that holds `exports`. */
export function* blobFiles(folder: string): Generator<BlobFile> {
  for (const shard of namesIn(join(folder, EXPORTS_FOLDER)))
    for (const name of namesIn(join(folder, EXPORTS_FOLDER, shard))) {
      const blob = blobOf(`${EXPORTS_FOLDER}/${shard}/${name}`);
      if (blob) yield blob;
    }
}

export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  }
}
