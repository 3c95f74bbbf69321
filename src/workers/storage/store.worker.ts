/**
 * Looks after a data directory for commands: segments are read beside a daemon, everything else takes the lock
 * of the directory first, so that no daemon runs or starts meanwhile. Messages: `{ id, name, input }`, answered
 * by `{ id, result }` or `{ id, error }`; 'close'.
 */
import { mkdirSync } from 'node:fs';
import { CodiError } from '../../protocol/errors.ts';
import type { RepairedStore, StoreCalls } from '../../protocol/store-calls.ts';
import { listSegments, readPart, segmentPath } from './archive/list-segments.ts';
import { presentKey, rekey } from './archive/rekey.ts';
import { isSwapping } from './archive/rekey-swap.ts';
import { restore } from './archive/restore.ts';
import { StoreTasks, taskFailure } from './archive/store-tasks.ts';
import { statsRow, backupRow } from './archive/store-rows.ts';
import { verifySegment } from './archive/verify-segment.ts';
import { assertKeyFits } from './cipher/encryption-card.ts';
import { storeKey, StoreKey, useStoreKey } from './cipher/store-key.ts';
import { exportCalls } from './exports/export-calls.ts';
import { holdDirectory, holdStore, holdStoreOfAnyKey } from './hold-store.ts';
import { recordAct } from './record-act.ts';
import { repair } from './salvage/repair.ts';
import { mainThread, workerOptions } from './worker-data.ts';

const port = mainThread();
const { dataDir } = workerOptions<{ dataDir: string }>();
const store = new StoreTasks(dataDir);
const IN_USE = 'stop it with `codi daemon stop`';
let lock: ReturnType<typeof holdStore> | undefined;
let isKeyChecked = false;

const contents = exportCalls(dataDir);

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
  openContent: (input) => {
    checkKey();
    return contents.openContent(input);
  },
  readContent: contents.readContent,
  checkContent: (input) => {
    checkKey();
    return contents.checkContent(input);
  },
  stats: () => {
    lock ??= holdStore(dataDir, IN_USE);
    return statsRow(store.stats());
  },
  backup: async ({ directory, nowMs }) => {
    lock ??= holdStore(dataDir, IN_USE);
    return backupRow(directory, await store.backup(directory, nowMs));
  },
  restore: ({ directory, nowMs, ...choices }) => {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    lock ??= holdDirectory(dataDir, IN_USE);
    const { manifest, asideDir } = restore(directory, dataDir, { nowMs, ...choices });
    const data = { backup_created: manifest.created, blocks: manifest.ledger.blocks };
    recordAct(dataDir, { kind: 'store.restore', subject: directory, data, nowMs });
    const backup = backupRow(directory, manifest);
    return { backup, ...(asideDir !== null && { aside: asideDir }) };
  },
  repair: (input) => {
    lock ??= holdDirectory(dataDir, IN_USE);
    return repaired(input);
  },
  rekey: (input) => {
    lock ??= holdStoreOfAnyKey(dataDir, IN_USE);
    return changeKey(input);
  },
};

async function repaired(input: { isCheck: boolean; nowMs: number }): Promise<RepairedStore[]> {
  const results = await repair(dataDir, input);
  return results.map(({ store: name, damage, report }) => ({
    store: name,
    damage,
    ...(report && {
      healed: {
        entries: report.entries,
        blocks: report.blocks,
        lost_blocks: report.lostBlocks,
        is_signed_chain: report.isSignedChain,
        quarantine: report.quarantine,
        unproved_entries: report.unproved,
        unproved_file: report.unprovedFile,
      },
    }),
  }));
}

/** After it this thread has the new key. */
async function changeKey({ newKey, isDecrypting, nowMs }: Parameters<StoreCalls['rekey']>[0]) {
  const current = storeKey();
  const named = newKey && new StoreKey(newKey);
  const from = presentKey(dataDir, current, named);
  // A store that is plain is encrypted with the key that is set, when no other is named.
  const to = isDecrypting ? null : (named ?? (from ? undefined : current));
  if (to === undefined) {
    const reason = 'no new key: name it with --new-key-file, or decrypt with --decrypt';
    throw new CodiError('CODI_USAGE', { reason });
  }
  const ids = { ...(from && { from: from.id }), ...(to && { to: to.id }) };
  if (from?.id === to?.id) return { ...ids, is_changed: false, blocks: 0, segments: 0 };
  if (to === named) useStoreKey(newKey);
  else if (!to) useStoreKey(undefined);
  return { ...ids, is_changed: true, ...(await rekey(dataDir, { from, to }, nowMs)) };
}

/** Once, before this process opens a database: it looks into them outside of SQLite. */
function checkKey(): void {
  // Files that change places are waited for like a daemon.
  if (isSwapping(dataDir)) lock ??= holdStore(dataDir, IN_USE);
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
