import { appendAct, CanonicalBuffer, type ActRow } from './canonical.ts';
import type { GroupHeads } from './group-heads.ts';
import type { ActsMessage, LedgerOptions } from './ledger.messages.ts';
import type { SqliteDatabase, SqliteStatement } from './open-database.ts';
import { ACT_COLUMNS } from './stored-rows.ts';

/** Administrative acts: rare, so one row at a time. A replayed one is found by its id. */
export class ActStream {
  readonly canonical = new CanonicalBuffer(1024);
  readonly #known: SqliteStatement;
  readonly #insert: SqliteStatement;
  readonly #owner: { tenantId: string | null; userId: string | null };

  constructor(database: SqliteDatabase, { tenantId, userId }: LedgerOptions) {
    this.#known = database
      .prepare('SELECT 1 FROM acts WHERE act_id = ?')
      .pluck() as SqliteStatement;
    const places = ACT_COLUMNS.split(',').fill('?').join(', ');
    this.#insert = database.prepare(`INSERT INTO acts (${ACT_COLUMNS}) VALUES (${places})`);
    this.#owner = { tenantId: tenantId ?? null, userId: userId ?? null };
  }

  take({ acts }: ActsMessage, heads: GroupHeads): void {
    for (const act of acts) {
      if (this.#known.get(act.id) !== undefined) continue;
      heads.acts += 1;
      this.#add({
        seq: heads.acts,
        act_id: act.id,
        seconds: act.seconds,
        nanos: act.nanos,
        kind: act.kind,
        subject: act.subject,
        actor: act.actor,
        data: act.data,
        tenant_id: act.tenantId ?? this.#owner.tenantId,
        user_id: act.userId ?? this.#owner.userId,
      });
    }
  }

  reset(): void {
    this.canonical.clear();
  }

  #add(row: ActRow): void {
    this.#insert.run(
      row.seq,
      row.act_id,
      row.seconds,
      row.nanos,
      row.kind,
      row.subject,
      row.actor,
      row.data,
      row.tenant_id,
      row.user_id,
    );
    appendAct(this.canonical, row);
  }
}
