import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSegments } from '#codi/workers/storage/archive/segment-table.js';
import { verifySegment } from '#codi/workers/storage/archive/verify-segment.js';
import { useStoreKey } from '#codi/workers/storage/cipher/store-key.js';
import { openForReading, openForWriting } from '#codi/workers/storage/open-database.js';
import { StateStore } from '#codi/workers/storage/state-store.js';
import { checkpointAndClose } from '#codi/workers/storage/wal-limit.js';
import { ArchiveWorld } from './archive-world.ts';
import { auditStores } from './audit-stores.ts';

/** A plain data directory with entries in the tables and in segments, a session, and keys in files beside it. */
export class RekeyPlace {
  readonly home = mkdtempSync(join(tmpdir(), 'codi-rekey-'));
  readonly dataDir = join(this.home, 'data');

  async fill(): Promise<this> {
    useStoreKey(undefined);
    const world = new ArchiveWorld();
    for (let block = 0; block < 24; block++) world.commit(200 - block);
    await world.retain({ segmentLimitBytes: 2_000 });
    const state = openForWriting(join(world.dataDir, 'state.db'), 'state');
    const session = { sessionId: 's-1', identity: 'ana', agentType: null, metadata: null };
    new StateStore(state, 100).run({ type: 'sessionStart', requestId: 'r-1', ...session }, 1_000);
    checkpointAndClose(state);
    // As it would be found after kill -9: nothing is closed before the copy is made.
    cpSync(world.dataDir, this.dataDir, { recursive: true });
    world.close();
    return this;
  }

  key(name: string, text: string): string {
    const path = join(this.home, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  }

  remove(): void {
    useStoreKey(undefined);
    rmSync(this.home, { recursive: true, force: true });
  }
}

/** What a store holds under a key, whatever it is encrypted with; throws when anything of it is not as it must be. */
export function contentOf(dataDir: string, key: string | undefined): string[] {
  useStoreKey(key === undefined ? undefined : Buffer.from(key));
  const problems = auditStores(dataDir).filter((reason) => !/checkpoint|key\.pub/.test(reason));
  if (problems.length > 0) throw new Error(problems.join('; '));
  const ledger = openForReading(join(dataDir, 'ledger.db'), 'ledger');
  const state = openForReading(join(dataDir, 'state.db'), 'state');
  try {
    // Else its first writer would change that, and no reader could take back half of the change.
    for (const database of [ledger, state]) {
      const mode = database.pragma('journal_mode', { simple: true });
      if (mode !== 'wal') throw new Error(`its journal is ${String(mode)}`);
    }
    const rows = (database: typeof ledger, sql: string) =>
      database
        .prepare(sql)
        .all()
        .map((row) => JSON.stringify(row));
    const segments = readSegments(ledger).map(({ file, firstBlock, lastBlock }) => {
      const check = verifySegment(join(dataDir, 'archive', file!));
      return `${firstBlock} to ${lastBlock}: ${JSON.stringify(check)}`;
    });
    return [
      ...rows(ledger, 'SELECT * FROM logs'),
      ...rows(ledger, 'SELECT * FROM file_events_v1'),
      ...rows(ledger, 'SELECT path, size FROM files'),
      ...rows(state, 'SELECT id, identity FROM sessions'),
      ...segments,
    ];
  } finally {
    ledger.close();
    state.close();
  }
}
