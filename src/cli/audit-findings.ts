import type { BodyOf } from '../protocol/messages.ts';
import type { AuditSource } from './audit-source.ts';

export type DatabaseName = BodyOf<'AuditVerify'>['database'];
export type Finding = BodyOf<'AuditFindings'>['findings'][number] & { database: DatabaseName };

export interface Checked {
  blocks: number;
  entries: number;
  findings: Finding[];
}

/** Checks whole databases, piece by piece. `onPiece` hears how far it is. */
export async function checkDatabases(
  source: AuditSource,
  databases: readonly DatabaseName[],
  signal: AbortSignal,
  onPiece: (database: DatabaseName, checked: number, blocks: number) => void,
): Promise<Checked> {
  const total: Checked = { blocks: 0, entries: 0, findings: [] };
  for (const database of databases) {
    let cursor: string | undefined;
    let blocks = 0;
    do {
      if (signal.aborted) return total;
      const body = cursor === undefined ? { database } : { database, cursor };
      const piece = await source.ask('AuditVerify', body);
      blocks = piece.checked;
      total.entries += piece.entries;
      for (const finding of piece.findings) total.findings.push({ ...finding, database });
      onPiece(database, piece.checked, piece.blocks);
      cursor = piece.next ?? undefined;
    } while (cursor !== undefined);
    total.blocks += blocks;
  }
  return total;
}

/** `ledger.db, block 17, log entries 100 to 164: its entries do not match its leaf`. */
export function describeFinding({ database, block, ranges, reason }: Finding): string {
  const entries = ranges.map(({ stream, first, last }) =>
    first === last ? `${stream}:${first}` : `${stream}:${first} to ${stream}:${last}`,
  );
  const place = [`${database}.db`, ...(block == null ? [] : [`block ${block}`]), ...entries];
  return `${place.join(', ')}: ${reason}`;
}
