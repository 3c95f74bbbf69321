/**
 * Answers requests of the protocol from the files, for a command that runs without the daemon. Holds the lock of
 * the data directory as long as it lives, so that it never reads beside a daemon: one that writes may be recovering
 * what this thread reads. Messages: `{ id, kind, body }`, answered by `{ id, body }` or `{ id, error }`; 'close'.
 */
import { CodiError } from '../../protocol/errors.ts';
import { REQUESTS } from '../../protocol/requests.ts';
import { OfflineAudit } from './audit/offline-audit.ts';
import { queryExports } from './exports/export-rows.ts';
import { holdStore } from './hold-store.ts';
import { queryActs } from './query-acts.ts';
import { queryEvents } from './query-events.ts';
import { queryLogs } from './query-logs.ts';
import { ReadConnections } from './read-connection.ts';
import type { ReaderOptions } from './reader.messages.ts';
import { mainThread, workerOptions } from './worker-data.ts';

type Kind =
  | 'QueryLogs'
  | 'QueryEvents'
  | 'AuditHead'
  | 'AuditProve'
  | 'AuditVerify'
  | 'QueryExports'
  | 'QueryActs';
type Request = { id: number; kind: Kind; body: unknown };

const port = mainThread();
const options = workerOptions<ReaderOptions>();
const connections = new ReadConnections(options);
const audit = new OfflineAudit(options.dataDir, connections);
let lock: ReturnType<typeof holdStore> | undefined;

port.on('message', (message: Request | 'close') => {
  if (message === 'close') {
    lock?.release();
    process.exit(0);
  }
  port.postMessage({ id: message.id, ...outcomeOf(message) });
});

function outcomeOf(request: Request) {
  try {
    lock ??= holdStore(options.dataDir);
    return { body: answer(request) };
  } catch (error) {
    return { error: connections.failure(error).toWire() };
  }
}

function answer({ kind, body }: Request): object {
  const checked = REQUESTS[kind].safeParse(body);
  if (!checked.success)
    throw new CodiError('CODI_MESSAGE_INVALID', { reason: checked.error.issues[0]?.message ?? '' });
  if (kind === 'AuditHead') return audit.head();
  if (kind === 'AuditProve') return audit.prove(checked.data as never);
  if (kind === 'AuditVerify') return audit.verify(checked.data as never);
  const ledger = connections.get('ledger');
  if (kind === 'QueryExports') {
    const { rows, next } = queryExports(ledger, checked.data as never);
    return { exports: rows, next };
  }
  if (kind === 'QueryActs') {
    const { rows, next } = queryActs(ledger, checked.data as never);
    return { acts: rows, next };
  }
  if (kind === 'QueryEvents') {
    const { rows, prunedThrough, ...rest } = queryEvents(ledger, checked.data as never);
    return { events: rows, ...rest, pruned_through: prunedThrough };
  }
  const page = queryLogs(ledger, checked.data as never);
  return {
    entries: page.rows,
    total_count: page.totalCount ?? page.rows.length,
    next: page.next,
    total_is: page.totalIs,
    head: page.head,
    archived: page.archived,
    damaged: page.damaged,
  };
}
