import type { BodyOf } from '../protocol/messages.ts';
import type { AuditSource } from './audit-source.ts';

export type DatabaseName = BodyOf<'AuditVerify'>['database'];
export type Finding = BodyOf<'AuditFindings'>['findings'][number] & { database: DatabaseName };

export interface Checked {
  blocks: number;
  entries: number;
  /** Archive segments that were read. */
  segments: number;
  /** Blocks whose entries retention has deleted. */
  leafOnly: number;
  findings: Finding[];
  /** Losses that are known since a damaged database was healed, and how many blocks they are in. */
  losses: Finding[];
  lost: number;
}

/** A signed note that somebody has kept: what the tree of its database must begin with. */
export interface KeptCheckpoint {
  database: DatabaseName;
  size: number;
  /** Base64. */
  root: string;
}

/** Checks whole databases, piece by piece. `onPiece` hears how far it is. */
export async function checkDatabases(
  source: AuditSource,
  databases: readonly DatabaseName[],
  kept: readonly KeptCheckpoint[],
  signal: AbortSignal,
  onPiece: (database: DatabaseName, checked: number, blocks: number) => void,
): Promise<Checked> {
  const total: Checked = {
    blocks: 0,
    entries: 0,
    segments: 0,
    leafOnly: 0,
    findings: [],
    losses: [],
    lost: 0,
  };
  for (const database of databases) {
    let cursor: string | null = null;
    let blocks = 0;
    const marks = kept
      .filter((mark) => mark.database === database)
      .map(({ size, root }) => ({ size, root }));
    do {
      if (signal.aborted) return total;
      const piece: BodyOf<'AuditFindings'> = await source.ask('AuditVerify', {
        database,
        cursor,
        marks,
      });
      blocks = piece.checked;
      total.entries += piece.entries;
      total.segments += piece.segments;
      total.leafOnly += piece.leaf_only;
      total.lost += piece.lost ?? 0;
      for (const finding of piece.findings) total.findings.push({ ...finding, database });
      for (const loss of piece.losses ?? []) total.losses.push({ ...loss, database });
      onPiece(database, piece.checked, piece.blocks);
      cursor = piece.next ?? null;
    } while (cursor !== null);
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

/** A place where a chain was set back on purpose, which is no alarm. */
export function describeBreak({
  database,
  at,
  reason,
  size,
  replaced_size: before,
}: NonNullable<BodyOf<'AuditHeads'>['breaks']>[number]): string {
  return `known break: ${database}.db, ${size} blocks in place of ${before} that were signed, ${reason} (${at})`;
}
