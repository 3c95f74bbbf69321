/**
 * Tasks of the reader pool, one export each (see ReaderTasks). Every task reads one bounded page with
 * short statements and leaves nothing open, so that readers never keep the write-ahead logs from shrinking.
 */
import { verifyPage } from './audit/verify-page.ts';
import {
  exportPlace as readExportPlace,
  lastExport as readLastExport,
  prunedExports as readPruned,
  queryExports as readExports,
} from './exports/export-rows.ts';
import { findExports as find, indexedExports as findIndexed } from './exports/find-exports.ts';
import { countDirectories as countIndexed, indexPage as readIndexPage } from './index-page-rows.ts';
import { listContent } from './list-content.ts';
import { listDuplicates as readDuplicates } from './list-duplicates.ts';
import { listFiles as readFiles, loadIndex as readIndex } from './list-files.ts';
import { listSessions as readSessions } from './list-sessions.ts';
import { queryActs as readActs } from './query-acts.ts';
import { queryEvents as readEvents } from './query-events.ts';
import { queryGaps as readGaps, readOpenGaps } from './query-gaps.ts';
import { queryHistory as readHistory } from './query-history.ts';
import { queryLogs as readLogs } from './query-logs.ts';
import { ReadConnections } from './read-connection.ts';
import { readTotals } from './read-totals.ts';
import type { ReaderCall, ReaderOptions, ReaderTasks } from './reader.messages.ts';
import { workerOptions } from './worker-data.ts';

/** Well below the limit of a read, also on a busy machine. */
const VERIFY_BUDGET_MS = 200;

const options = workerOptions<ReaderOptions>();
const connections = new ReadConnections(options);

export const queryLogs = task<'queryLogs'>((input) => readLogs(connections.get('ledger'), input));

export const queryEvents = task<'queryEvents'>((input) =>
  readEvents(connections.get('ledger'), input),
);

export const listFiles = task<'listFiles'>((input) => {
  const read = input.checksum == null ? readFiles : listContent;
  return read(connections.get('ledger'), input);
});

export const listDuplicates = task<'listDuplicates'>((input) =>
  readDuplicates(connections.get('ledger'), input),
);

export const queryHistory = task<'queryHistory'>((input) =>
  readHistory(connections.get('ledger'), input),
);

export const listSessions = task<'listSessions'>((input) =>
  readSessions(connections.get('state'), input),
);

export const queryActs = task<'queryActs'>((input) => readActs(connections.get('ledger'), input));

export const queryExports = task<'queryExports'>((input) =>
  readExports(connections.get('ledger'), input),
);

export const lastExport = task<'lastExport'>(({ path }) =>
  readLastExport(connections.get('ledger'), path),
);

export const exportPlace = task<'exportPlace'>(() => readExportPlace(connections.get('ledger')));

export const prunedExports = task<'prunedExports'>(() => readPruned(connections.get('ledger')));

export const findExports = task<'findExports'>((input) => find(connections.get('ledger'), input));

export const indexedExports = task<'indexedExports'>((input) =>
  findIndexed(connections.get('ledger'), input),
);

export const queryGaps = task<'queryGaps'>((input) => readGaps(connections.get('ledger'), input));

export const openGaps = task<'openGaps'>(() => readOpenGaps(connections.get('ledger')));

export const verifyChain = task<'verifyChain'>((input) => {
  const ports = {
    dataDir: options.dataDir,
    connection: () => connections.get(input.database),
    monotonicMs: () => performance.now(),
    budgetMs: VERIFY_BUDGET_MS,
  };
  return verifyPage(ports, input);
});

export const loadIndex = task<'loadIndex'>((input) => readIndex(connections.get('ledger'), input));

export const indexPage = task<'indexPage'>((input) =>
  readIndexPage(connections.get('ledger'), input),
);

export const countDirectories = task<'countDirectories'>((input) =>
  countIndexed(connections.get('ledger'), input),
);

export const producerSequence = task<'producerSequence'>(({ producerId }) => {
  const sql = 'SELECT sequence FROM producers WHERE producer_id = ?';
  return connections.get('ledger').value<number>(sql, producerId) ?? 0;
});

export const totals = task<'totals'>(() =>
  readTotals(connections.get('ledger'), connections.get('state')),
);

function task<Name extends keyof ReaderTasks>(
  read: (input: Parameters<ReaderTasks[Name]>[0]) => ReturnType<ReaderTasks[Name]>,
): (call: ReaderCall<Name>) => ReturnType<ReaderTasks[Name]> {
  return ({ input, begun }) => {
    if (begun) Atomics.store(begun, 0, 1);
    connections.begin();
    try {
      return read(input);
    } catch (error) {
      // A plain object: an Error would lose its code between threads.
      // oxlint-disable-next-line typescript/only-throw-error
      throw connections.failure(error).toWire();
    }
  };
}
