import { statfs } from 'node:fs/promises';
import type { DiskSpace } from '../actors/storage/retention-policy.ts';

/** The disk that holds `path`, as its user may use it. */
export async function diskSpace(path: string): Promise<DiskSpace> {
  const { bavail, blocks, bsize } = await statfs(path);
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
}
