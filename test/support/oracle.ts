import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { MonitorClient } from '#codi/client/monitor-client.js';

const IGNORED = new Set(['.git', 'node_modules']);

/** What is on disk, as `find` would say it, less the ignores: path -> "kind size". */
export function onDisk(root: string): Map<string, string> {
  const found = new Map<string, string>();
  const walk = (directory: string, prefix: string) => {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      if (IGNORED.has(entry.name)) continue;
      const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
      const kind = entry.isDirectory()
        ? 'dir'
        : entry.isSymbolicLink()
          ? 'symlink'
          : entry.isFile()
            ? 'file'
            : 'other';
      const { size } = lstatSync(join(directory, entry.name));
      found.set(path, kind === 'file' ? `file ${size}` : kind);
      if (kind === 'dir') walk(join(directory, entry.name), path);
    }
  };
  walk(root, '');
  return found;
}

interface Row {
  [name: string]: unknown;
}

/** Every row of a paged request. */
export async function allRows(
  client: MonitorClient,
  kind: 'ListFiles' | 'QueryEvents' | 'QueryLogs',
  rowsName: string,
  body: Row,
): Promise<Row[]> {
  const rows: Row[] = [];
  let cursor: unknown;
  do {
    const request = { ...body, limit: 5_000, ...(cursor !== undefined && { cursor }) };
    const page = (await client.request(kind, request as never)) as unknown as Row;
    rows.push(...(page[rowsName] as Row[]));
    cursor = page['next'] ?? undefined;
  } while (cursor !== undefined);
  return rows;
}

/** The recorded index: path -> "kind size". */
export async function inIndex(client: MonitorClient, root: string): Promise<Map<string, string>> {
  const rows = await allRows(client, 'ListFiles', 'files', { root });
  return new Map(rows.map((row) => [String(row['path']), described(row)]));
}

/** The event history of a root from empty, folded. */
export async function foldedEvents(
  client: MonitorClient,
  root: string,
): Promise<Map<string, string>> {
  const rows = await allRows(client, 'QueryEvents', 'events', {
    filter: { root },
    order: 'oldest',
    include_archived: true,
  });
  const state = new Map<string, string>();
  for (const row of rows) {
    const path = String(row['path']);
    switch (row['event']) {
      case 'create':
      case 'update':
      case 'attrib':
        state.set(path, described(row));
        break;
      case 'delete':
        if (!state.delete(path)) throw new Error(`delete of unknown ${path}, seq ${row['seq']}`);
        break;
      case 'move': {
        const from = String(row['from']);
        if (!state.delete(from)) throw new Error(`move of unknown ${from}, seq ${row['seq']}`);
        state.set(path, described(row));
        if (row['kind'] === 'dir') {
          for (const [inner, value] of [...state])
            if (inner.startsWith(`${from}/`)) {
              state.delete(inner);
              state.set(path + inner.slice(from.length), value);
            }
        }
      }
    }
  }
  return state;
}

function described(row: Row): string {
  return row['kind'] === 'file' ? `file ${row['size']}` : String(row['kind']);
}

/** The first few differences between two views of a tree, for a readable failure. */
export function differences(
  left: Map<string, string>,
  right: Map<string, string>,
  names: [string, string],
): string[] {
  const lines: string[] = [];
  for (const [path, value] of left)
    if (right.get(path) !== value)
      lines.push(`${path}: ${names[0]} ${value}, ${names[1]} ${right.get(path) ?? 'nothing'}`);
  for (const [path, value] of right)
    if (!left.has(path)) lines.push(`${path}: ${names[0]} nothing, ${names[1]} ${value}`);
  return lines.slice(0, 20);
}
