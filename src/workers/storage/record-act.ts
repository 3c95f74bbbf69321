import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { timestampFromMs } from '../../protocol/timestamp.ts';
import { FrameIds } from './frame-ids.ts';
import { LedgerStore } from './ledger-store.ts';
import { openForWriting } from './open-database.ts';
import { checkpointAndClose } from './wal-limit.ts';

/** Says in a ledger that nobody else has open what was done to it. */
export function recordAct(
  dataDir: string,
  { kind, subject, data, nowMs }: { kind: string; subject: string; data: object; nowMs: number },
): void {
  const database = openForWriting(join(dataDir, 'ledger.db'), 'ledger');
  const store = new LedgerStore(
    database,
    { dataDir },
    { frameIds: new FrameIds('offline'), now: () => timestampFromMs(nowMs) },
  );
  const act = {
    id: randomBytes(16),
    ...timestampFromMs(nowMs),
    kind,
    subject,
    actor: null,
    data: JSON.stringify(data),
  };
  store.commit([{ type: 'acts', batch: 1, acts: [act] }], nowMs);
  checkpointAndClose(database);
}
