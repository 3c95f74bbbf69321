/**
 * Looks after a data directory for commands: segments are read beside a daemon, everything else takes the lock
 * of the directory first, so that no daemon runs or starts meanwhile. Messages: `{ id, name, input }`, answered
 * by `{ id, result }` or `{ id, error }`; 'close'.
 */
import type { StoreCalls } from '../../protocol/store-calls.ts';
import { listSegments, readPart, segmentPath } from './archive/list-segments.ts';
import { restore } from './archive/restore.ts';
import { StoreTasks, taskFailure } from './archive/store-tasks.ts';
import { statsRow, backupRow } from './archive/store-rows.ts';
import { verifySegment } from './archive/verify-segment.ts';
import { assertKeyFits } from './cipher/encryption-card.ts';
import { storeKey } from './cipher/store-key.ts';
import { holdDirectory, holdStore } from './hold-store.ts';
import { recordAct } from './record-act.ts';
import { mainThread, workerOptions } from './worker-data.ts';

const port = mainThread();
const { dataDir } = workerOptions<{ dataDir: string }>();
const store = new StoreTasks(dataDir);
const IN_USE = 'stop it with `codi daemon stop`';
let lock: ReturnType<typeof holdStore> | undefined;
let isKeyChecked = false;

const CALLS: StoreCalls = {
  segments: () => {
    checkKey();
    return listSegments(dataDir);
  },
  part: ({ file, part }) => {
    checkKey();
    return readPart(dataDir, file, part);
  },
  checkSegment: ({ file }) => {
    checkKey();
    return verifySegment(segmentPath(dataDir, file));
  },
  stats: () => {
    lock ??= holdStore(dataDir, IN_USE);
    return statsRow(store.stats());
  },
  backup: async ({ directory, nowMs }) => {
    lock ??= holdStore(dataDir, IN_USE);
    return backupRow(directory, await store.backup(directory, nowMs));
  },
  restore: ({ directory, mayReplace, nowMs }) => {
    lock ??= holdDirectory(dataDir, IN_USE);
    const { manifest, asideDir } = restore(directory, dataDir, { mayReplace, nowMs });
    const data = { backup_created: manifest.created, blocks: manifest.ledger.blocks };
    recordAct(dataDir, { kind: 'store.restore', subject: directory, data, nowMs });
    const backup = backupRow(directory, manifest);
    return { backup, ...(asideDir !== null && { aside: asideDir }) };
  },
};

/** Once, before this process opens a database: it looks into them outside of SQLite. */
function checkKey(): void {
  if (!isKeyChecked && !lock) assertKeyFits(dataDir, storeKey());
  isKeyChecked = true;
}

type Call = { id: number; name: keyof StoreCalls; input: never };

port.on('message', (message: Call | 'close') => {
  if (message !== 'close') return void answer(message);
  lock?.release();
  process.exit(0);
});

async function answer({ id, name, input }: Call): Promise<void> {
  try {
    port.postMessage({ id, result: await CALLS[name](input) });
  } catch (error) {
    port.postMessage({ id, error: taskFailure(error, dataDir).toWire() });
  }
}
