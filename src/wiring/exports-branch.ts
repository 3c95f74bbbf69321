import { exportsSpec } from '../actors/exports/exports.actor.ts';
import type { ExportReader } from '../actors/exports/export-ports.ts';
import type { ReaderPort } from '../actors/storage/readers.actor.ts';
import { createArchivePool } from '../platform/archive-pool.ts';
import type { ChildSpec } from '../supervisor/index.ts';
import type { ExportsOptions } from '../workers/storage/exports.messages.ts';
import type { KeyOptions } from '../workers/storage/worker-data.ts';
import { activeSessionOf } from './export-sessions.ts';
import { workerEntry } from '../config/package-files.ts';
import type { Shared } from './shared.ts';

const QUEUE_MAX = 64;
const IDLE_MS = 5_000;

/** Captures what agents export; it depends on nobody but the ledger. */
export function exportsActor(shared: Shared): ChildSpec {
  const { options, buffer, facts, notices, exports, reader, dataDirIdentity } = shared;
  const { config, dataDir, telemetry, encryptionKey, exportPlan } = options;
  const activeSession = activeSessionOf(async () => {
    const { rows } = await reader.run('listSessions', { limit: 1_000, active: true });
    return rows;
  });
  return exportsSpec({
    settings: { ...config.exports, rules: exportPlan.rules, originals: exportPlan.originals },
    reader: exportReader(reader),
    record: (message) => buffer.offerExports(message),
    recordAct: (act) => shared.acts.offer(act),
    feed: facts,
    notices,
    settled: shared.settled,
    desk: exports,
    sessionOf: async (file) => shared.sessions.sessionOf(file) ?? activeSession(file),
    telemetry,
    createPool: (onFailure) =>
      createArchivePool({
        entry: workerEntry('storage/exports.worker.js'),
        data: {
          dataDir,
          directory: dataDirIdentity,
          ...(encryptionKey && { encryptionKey }),
        } satisfies ExportsOptions & KeyOptions,
        threadsMax: config.exports.threadsCount,
        queueMax: QUEUE_MAX,
        idleMs: IDLE_MS,
        onFailure,
      }),
  });
}

function exportReader(reader: ReaderPort): ExportReader {
  return {
    place: () => reader.run('exportPlace', {}),
    pruned: () => reader.run('prunedExports', {}),
    find: (input) => reader.run('findExports', input),
    indexed: (input) => reader.run('indexedExports', input),
    last: (path) => reader.run('lastExport', { path }),
    row: async (path) => {
      const last = await reader.run('lastExport', { path });
      if (!last) return undefined;
      const { rows } = await reader.run('queryExports', { filter: { id: last.id }, limit: 1 });
      return rows[0];
    },
  };
}
