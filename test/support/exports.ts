import { createHash } from 'node:crypto';
import type { MonitorClient } from '#codi/client/monitor-client.js';
import type { ExportRow } from '#codi/protocol/messages.js';
import { runInProcess } from './cli-harness.ts';
import type { DaemonPlace } from './daemon.ts';
import { eventually } from './deadline.ts';

const TIMEOUT_MS = 30_000;

/** A name as coding agents give to their exports. */
export const exportName = (word: string) => `2026-04-15-181648-${word}.txt`;

export const sha256 = (content: string | Buffer) =>
  createHash('sha256').update(content).digest('hex');

/** The rows about a file or a folder, the oldest first. */
export async function exportRows(client: MonitorClient, path: string): Promise<ExportRow[]> {
  const query = { filter: {}, limit: 1_000, order: 'oldest' } as const;
  const { exports } = await client.request('QueryExports', query);
  return exports.filter(
    ({ original_path: at }) => at === path || at.startsWith(path === '/' ? path : `${path}/`),
  );
}

/** Waits until so many are there, and gives them. */
export function someExports(
  client: MonitorClient,
  count: number,
  path: string,
): Promise<ExportRow[]> {
  return eventually(
    `${count} exports`,
    async () => {
      const found = await exportRows(client, path);
      return found.length >= count ? found : undefined;
    },
    TIMEOUT_MS,
  );
}

/** Runs `codi export` with these words. */
export function codiExport({ socketPath, home, dataDir }: DaemonPlace, ...argv: string[]) {
  const env = { CODI_DATA_DIR: dataDir };
  return runInProcess(['export', ...argv], { socketPath, cwd: home, env });
}
