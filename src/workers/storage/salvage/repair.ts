import { join } from 'node:path';
import { verifyPage } from '../audit/verify-page.ts';
import { verifyTables } from '../audit/verify-tables.ts';
import type { HealReport } from '../healing.messages.ts';
import { openForReading, type SqliteDatabase, type StoreKind } from '../open-database.ts';
import { assertMayHeal, heal } from './heal.ts';
import { damageBefore } from './open-or-heal.ts';
import { healingUnderWay } from './quarantine.ts';

/** What was found of one database, and what was made of it. */
export interface Repaired {
  store: StoreKind;
  /** What is damaged, in words; nothing: it is sound. */
  damage: string[];
  report?: HealReport;
}

/**
 * Looks at the databases of a directory that nobody else uses, and heals those that are damaged, however often that was
 * done. `isCheck`: changes nothing.
 */
export async function repair(
  dataDir: string,
  { isCheck, nowMs }: { isCheck: boolean; nowMs: number },
): Promise<Repaired[]> {
  const results: Repaired[] = [];
  for (const store of ['ledger', 'state'] as const) {
    const damage = damageOf(dataDir, store);
    const [reason] = damage;
    if (reason === undefined || isCheck) results.push({ store, damage });
    else {
      assertMayHeal(dataDir, store, { perHour: Infinity, nowMs, reason });
      const ports = { dataDir, nowMs: () => nowMs, onProgress: () => undefined };
      results.push({ store, damage, report: await heal(store, reason, ports) });
    }
  }
  return results;
}

function damageOf(dataDir: string, kind: StoreKind): string[] {
  const begun = healingUnderWay(dataDir, kind);
  if (begun) return [`a healing was begun: ${begun.reason}`];
  const before = damageBefore({ kind, dataDir });
  if (before !== undefined) return [before];
  let database: SqliteDatabase | undefined;
  try {
    const open = () => (database ??= openForReading(join(dataDir, `${kind}.db`), kind));
    const page = verifyPage(
      {
        dataDir,
        connection: () => ({ identity: () => '', snapshot: (read) => read(open()) }),
        // Time that stands still: everything is one piece.
        monotonicMs: () => 0,
        budgetMs: 1,
      },
      { database: kind },
    );
    // What does not fit a signature is no damage that could be made good.
    if (page.damage) return [describe(page.damage)];
    return page.blocks === 0 ? [] : verifyTables(open(), kind, dataDir);
  } catch (error) {
    return [(error as Error).message];
  } finally {
    database?.close();
  }
}

function describe({ block, reason }: { block?: number; reason: string }): string {
  return block === undefined ? reason : `block ${block}: ${reason}`;
}
