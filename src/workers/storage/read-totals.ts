import type { ReadConnection } from './read-connection.ts';
import type { Totals } from './reader.messages.ts';

/** Counts from the ends of the streams, which are dense: nothing is scanned. */
export function readTotals(ledger: ReadConnection, state: ReadConnection): Totals {
  const number = (connection: ReadConnection, sql: string) => connection.value<number>(sql) ?? 0;
  const bytes = (connection: ReadConnection) =>
    number(connection, 'PRAGMA page_count') * number(connection, 'PRAGMA page_size');
  return {
    logs: number(ledger, 'SELECT max(id) FROM logs'),
    fileEvents: number(ledger, 'SELECT max(seq) FROM file_events'),
    blocks: number(ledger, 'SELECT max(n) + 1 FROM blocks'),
    ledgerBytes: bytes(ledger),
    lastCommitMs:
      ledger.value<number>('SELECT committed_ms FROM blocks ORDER BY n DESC LIMIT 1') ?? null,
    revision: number(state, 'SELECT value FROM revision'),
    stateBytes: bytes(state),
  };
}
