import { BlockWriter } from './block.ts';
import { appendCoordination, CanonicalBuffer, type CoordinationRow } from './canonical.ts';
import { STREAMS } from './codes.ts';
import { streamEndSql } from './group-heads.ts';
import type { SqliteDatabase, SqliteStatement } from './open-database.ts';

/** What a change says of itself; its number and revision are given when it is recorded. */
export type ChangeEntry = Omit<CoordinationRow, 'seq' | 'revision'>;

/** state.db's stream: every change is a new revision, an entry and a block in the transaction of the change. */
export class CoordinationStream {
  readonly #canonical = new CanonicalBuffer(4096);
  readonly #blocks: BlockWriter;
  readonly #nextRevision: SqliteStatement;
  readonly #revision: SqliteStatement;
  readonly #ends: SqliteStatement;
  readonly #insert: SqliteStatement;

  constructor(database: SqliteDatabase) {
    this.#blocks = new BlockWriter(database);
    this.#nextRevision = database
      .prepare('UPDATE revision SET value = value + 1 RETURNING value')
      .pluck() as SqliteStatement;
    this.#revision = database.prepare('SELECT value FROM revision').pluck() as SqliteStatement;
    this.#ends = database.prepare(`SELECT
      (${streamEndSql(STREAMS.coordination)}) AS seq,
      (SELECT coalesce(max(n) + 1, 0) FROM blocks) AS blocks,
      (SELECT coalesce(max(committed_ms), 0) FROM (SELECT committed_ms FROM blocks ORDER BY n DESC LIMIT 1)) AS committedMs`);
    this.#insert = database.prepare(
      'INSERT INTO coordination VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    );
  }

  get revision(): number {
    return this.#revision.get() as number;
  }

  /** Call inside the transaction; returns the new revision. */
  record(entry: ChangeEntry, nowMs: number): number {
    const { seq: last, blocks, committedMs } = this.#ends.get() as Record<string, number>;
    const revision = this.#nextRevision.get() as number;
    const row: CoordinationRow = { seq: last! + 1, revision, ...entry };
    const { seq, seconds, nanos, kind, subject, data } = row;
    const { session_id: sessionId, tenant_id: tenantId, user_id: userId } = row;
    this.#insert.run(
      seq,
      revision,
      seconds,
      nanos,
      kind,
      subject,
      data,
      sessionId,
      tenantId,
      userId,
    );
    this.#canonical.clear();
    appendCoordination(this.#canonical, row);
    const range = { stream: STREAMS.coordination, first: seq, last: seq };
    this.#blocks.append(blocks!, Math.max(nowMs, committedMs!), [range], [this.#canonical]);
    return revision;
  }
}
