import { join } from 'node:path';
import { verifyPage } from '#codi/workers/storage/audit/verify-page.js';
import { verifyTables } from '#codi/workers/storage/audit/verify-tables.js';
import {
  openForReading,
  type SqliteDatabase,
  type StoreKind,
} from '#codi/workers/storage/open-database.js';

/**
 * What `codi audit verify` finds without a daemon: every block of both databases against the signed checkpoints, and
 * what follows from them.
 */
export function auditStores(dataDir: string): string[] {
  return (['ledger', 'state'] as const).flatMap((kind: StoreKind) => {
    let database: SqliteDatabase | undefined;
    try {
      const open = () => (database ??= openForReading(join(dataDir, `${kind}.db`), kind));
      const ports = {
        dataDir,
        connection: () => ({
          identity: () => '',
          snapshot: <Result>(read: (opened: SqliteDatabase) => Result) => read(open()),
        }),
        // Time that stands still: everything is one piece.
        monotonicMs: () => 0,
        budgetMs: 1,
      };
      const { findings } = verifyPage(ports, { database: kind });
      const reasons = [
        ...findings.map(({ reason }) => reason),
        ...verifyTables(open(), kind, dataDir),
      ];
      return reasons.map((reason) => `${kind}: ${reason}`);
    } catch (error) {
      return [`${kind}: ${(error as Error).message}`];
    } finally {
      database?.close();
    }
  });
}
