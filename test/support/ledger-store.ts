import { join } from 'node:path';
import type { BytePath } from '#codi/protocol/byte-path.js';
import type { FileEventRecord, IndexStat } from '#codi/protocol/file-event.js';
import { timestampFromMs } from '#codi/protocol/timestamp.js';
import { FrameIds } from '#codi/workers/storage/frame-ids.js';
import { LedgerStore } from '#codi/workers/storage/ledger-store.js';
import type { LedgerOptions } from '#codi/workers/storage/ledger.messages.js';
import { openForWriting, type SqliteDatabase } from '#codi/workers/storage/open-database.js';
import { temporaryDir } from './ledger-thread.ts';

/** A ledger in this thread, for tests that need no worker. */
export function openLedger(options: Partial<LedgerOptions> = {}): {
  dataDir: string;
  database: SqliteDatabase;
  store: LedgerStore;
  close(): void;
} {
  const dir = temporaryDir();
  const database = openForWriting(join(dir.path, 'ledger.db'), 'ledger', options);
  const ports = { frameIds: new FrameIds('test'), now: () => timestampFromMs(1_700_000_000_000) };
  const store = new LedgerStore(database, { dataDir: dir.path, ...options }, ports);
  return {
    dataDir: dir.path,
    database,
    store,
    close: () => {
      database.close();
      dir.remove();
    },
  };
}

export function stat(more: Partial<IndexStat> = {}): IndexStat {
  return {
    dev: 2049n,
    ino: 17n,
    size: 10,
    mtimeNs: 1_700_000_000_123_456_789n,
    ctimeNs: 1_700_000_000_123_456_789n,
    mode: 0o100644,
    nlink: 1,
    ...more,
  };
}

/** A file event; deletes have no stat, everything else has one. */
export function fileEvent(
  event: FileEventRecord['event'],
  path: string,
  more: Partial<FileEventRecord> = {},
): FileEventRecord {
  const kind = more.kind ?? 'file';
  return {
    seconds: 1_700_000_000,
    nanos: 0,
    event,
    path: path as BytePath,
    kind,
    size: event === 'delete' || kind === 'dir' ? null : 10,
    seen: 'native',
    stat: event === 'delete' ? null : stat(),
    ...more,
  };
}
