/**
 * Tasks of the reader pool, one export each (see ReaderTasks). Every task reads one bounded page with
 * short statements and leaves nothing open, so that readers never keep the write-ahead logs from shrinking.
 */
import { listFiles as readFiles, loadIndex as readIndex } from './list-files.ts';
import { listSessions as readSessions } from './list-sessions.ts';
import { queryActs as readActs } from './query-acts.ts';
import { queryEvents as readEvents } from './query-events.ts';
import { queryLogs as readLogs } from './query-logs.ts';
import { ReadConnections } from './read-connection.ts';
import { readTotals } from './read-totals.ts';
import type { ReaderOptions, ReaderTasks } from './reader.messages.ts';
import { workerOptions } from './worker-data.ts';

const connections = new ReadConnections(workerOptions<ReaderOptions>());

export const queryLogs: ReaderTasks['queryLogs'] = (input) =>
  task(() => readLogs(connections.get('ledger'), input));

export const queryEvents: ReaderTasks['queryEvents'] = (input) =>
  task(() => readEvents(connections.get('ledger'), input));

export const listFiles: ReaderTasks['listFiles'] = (input) =>
  task(() => readFiles(connections.get('ledger'), input));

export const listSessions: ReaderTasks['listSessions'] = (input) =>
  task(() => readSessions(connections.get('state'), input));

export const queryActs: ReaderTasks['queryActs'] = (input) =>
  task(() => readActs(connections.get('ledger'), input));

export const loadIndex: ReaderTasks['loadIndex'] = (input) =>
  task(() => readIndex(connections.get('ledger'), input));

export const producerSequence: ReaderTasks['producerSequence'] = ({ producerId }) =>
  task(
    () =>
      connections
        .get('ledger')
        .value<number>('SELECT sequence FROM producers WHERE producer_id = ?', producerId) ?? 0,
  );

export const totals: ReaderTasks['totals'] = () =>
  task(() => readTotals(connections.get('ledger'), connections.get('state')));

function task<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    // A plain object: an Error would lose its code between threads.
    // oxlint-disable-next-line typescript/only-throw-error
    throw connections.failure(error).toWire();
  }
}
