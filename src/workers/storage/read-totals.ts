import { STREAMS } from './codes.ts';
import { streamEndSql } from './group-heads.ts';
import type { ReadConnection } from './read-connection.ts';
import type { Totals } from './reader.messages.ts';

/** Counts from the ends of the streams, which are dense: nothing is scanned. */
export function readTotals(ledger: ReadConnection, state: ReadConnection): Totals {
  const number = (connection: ReadConnection, sql: string) => connection.value<number>(sql) ?? 0;
  const bytes = (connection: ReadConnection) =>
    number(connection, 'PRAGMA page_count') * number(connection, 'PRAGMA page_size');
  return {
    logs: number(ledger, streamEndSql(STREAMS.logs)),
    fileEvents: number(ledger, streamEndSql(STREAMS.fileEvents)),
    blocks: number(ledger, 'SELECT max(n) + 1 FROM blocks'),
    ledgerBytes: bytes(ledger),
    lastCommitMs:
      ledger.value<number>('SELECT committed_ms FROM blocks ORDER BY n DESC LIMIT 1') ?? null,
    revision: number(state, 'SELECT value FROM revision'),
    stateBytes: bytes(state),
  };
}
