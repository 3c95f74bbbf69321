import { createHash } from 'node:crypto';
import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import type { MonitorClient } from '#codi/client/monitor-client.js';
import { allRows, onDisk } from './oracle.ts';

export function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

/** path → checksum of every regular file up to a size. */
export function checksumsOnDisk(root: string, maxBytes = Infinity): Record<string, string> {
  const sums: Record<string, string> = {};
  for (const [path, kind] of onDisk(root))
    if (kind.startsWith('file') && lstatSync(join(root, path)).size <= maxBytes)
      sums[path] = sha256(readFileSync(join(root, path)));
  return sums;
}

/** path → checksum, as the index has them. */
export async function checksumsInIndex(
  client: MonitorClient,
  root: string,
): Promise<Record<string, string>> {
  const rows = await allRows(client, 'ListFiles', 'files', { root });
  return Object.fromEntries(
    rows.filter(({ checksum }) => checksum != null).map((row) => [row['path'], row['checksum']]),
  ) as Record<string, string>;
}

/** path → checksum, as the events of the root leave them. */
export async function foldedChecksums(
  client: MonitorClient,
  root: string,
): Promise<Record<string, string>> {
  const body = { filter: { root }, order: 'oldest', include_archived: true };
  const sums = new Map<string, string | undefined>();
  for (const { event, path, from, kind, checksum } of (await allRows(
    client,
    'QueryEvents',
    'events',
    body,
  )) as Record<string, string>[]) {
    if (event === 'move' && kind === 'dir') {
      for (const [name, sum] of [...sums])
        if (name.startsWith(`${from}/`)) {
          sums.delete(name);
          sums.set(path! + name.slice(from!.length), sum);
        }
    } else if (event === 'move') sums.delete(from!);
    if (event === 'delete') sums.delete(path!);
    else if (kind === 'file') sums.set(path!, checksum);
  }
  return Object.fromEntries(
    [...sums].filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** Waits until every file has the checksum of what is on disk, in the index and in the folded events. */
export async function expectChecksums(
  client: MonitorClient,
  root: string,
  options: { maxBytes?: number; timeoutMs?: number } = {},
): Promise<void> {
  await client.request('Sync', {});
  const expected = checksumsOnDisk(root, options.maxBytes);
  await vi.waitFor(async () => expect(await checksumsInIndex(client, root)).toEqual(expected), {
    timeout: options.timeoutMs ?? 15_000,
    interval: 50,
  });
  expect(await foldedChecksums(client, root)).toEqual(expected);
}
