import { leafOf } from '../block.ts';
import { CANONICAL_VERSION } from '../canonical.ts';
import { STREAMS } from '../codes.ts';
import { streamEndSql } from '../group-heads.ts';
import { LOSSES, LostBlocks } from '../lost-blocks.ts';
import type { SqliteDatabase, StoreKind } from '../open-database.ts';
import { streamsOf } from './block-candidates.ts';
import { skippedNumbers } from './skipped-numbers.ts';

/**
 * Blocks that were signed and are not there any more, in a database that is sound: an older copy of it, or one whose
 * log was taken away. They are named as lost, and the numbers that their entries had are not given again.
 */
export function nameMissing(
  database: SqliteDatabase,
  kind: StoreKind,
  signed: number,
  nowMs: number,
): void {
  const one = (sql: string) => database.prepare(sql).pluck().get() as number;
  const stored = one('SELECT coalesce(max(n) + 1, 0) FROM blocks');
  if (stored >= signed) return;
  const committedMs = one(
    'SELECT coalesce(max(committed_ms), 0) FROM blocks WHERE n = (SELECT max(n) FROM blocks)',
  );
  const lost = new LostBlocks(database);
  const addBlock = database.prepare('INSERT INTO blocks VALUES (?, ?, 0, 0, ?, ?)');
  const addRange = database.prepare('INSERT INTO block_ranges VALUES (?, ?, ?, ?)');
  database
    .transaction(() => {
      for (let n = stored; n < signed; n++) {
        addBlock.run(n, committedMs, CANONICAL_VERSION, leafOf([]));
        lost.add({ block: n, kind: LOSSES.all, foundMs: nowMs });
      }
      for (const stream of streamsOf(kind)) {
        const first = one(streamEndSql(stream)) + 1;
        const last = first + skippedNumbers(stream, signed - stored) - 1;
        addRange.run(signed - 1, stream, first, last);
      }
      if (kind === 'state')
        database
          .prepare('UPDATE revision SET value = value + ?')
          .run(skippedNumbers(STREAMS.coordination, signed - stored));
    })
    .immediate();
}
