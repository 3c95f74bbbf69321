import {
  cpSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EMPTY_ROOT, hashLeaves } from '#codi/protocol/audit/merkle-tree.js';
import { KeyUnusable } from '#codi/workers/storage/audit/audit-key.js';
import { GATE_WORDS } from '#codi/workers/storage/healing.messages.js';
import { StoreGate } from '#codi/workers/storage/store-gate.js';
import { openLedger } from '../../../../support/ledger-store.ts';
import {
  commitBlocks,
  NotaryWorld,
  ORIGIN,
  stateWithSessions,
} from '../../../../support/notary.ts';

let ledger: ReturnType<typeof openLedger>;
let world: NotaryWorld;

beforeEach(() => {
  ledger = openLedger();
  // Nothing here is about durability.
  ledger.database.pragma('synchronous = OFF');
  world = new NotaryWorld(ledger.dataDir);
});
afterEach(() => {
  world.close();
  ledger.close();
});

const audit = (name: string) => join(ledger.dataDir, 'audit', name);
const leaves = () => ledger.database.prepare('SELECT leaf FROM blocks ORDER BY n').pluck().all();
const commit = (blocks: number) => {
  commitBlocks(ledger.store, blocks);
  world.commits[0]! += blocks;
};

describe('signing', () => {
  test('begins with a key for its owner alone, its public half and a checkpoint of nothing', () => {
    world.start();
    expect(statSync(audit('key')).mode & 0o777).toBe(0o600);
    expect(world.keys().map(({ name }) => name)).toEqual([`${ORIGIN}/ledger`, `${ORIGIN}/state`]);
    for (const kind of ['ledger', 'state'] as const) {
      const origin = `${ORIGIN}/${kind}`;
      expect(world.checkpoint(kind)).toEqual({ origin, size: 0, root: EMPTY_ROOT });
    }
    expect(world.alarms()).toEqual([]);
  });

  test('covers both databases, with the root over their leaves', () => {
    const state = stateWithSessions(ledger.dataDir, 3);
    commit(5);
    world.start();
    expect(world.checkpoint().size).toBe(5);
    expect(world.checkpoint().root).toEqual(hashLeaves(leaves() as Buffer[]));
    expect(world.checkpoint('state').size).toBe(3);
    state.close();
  });

  test('waits for the interval, or for enough blocks', () => {
    world.start({ intervalMs: 1_000, blocks: 10 });
    commit(1);
    expect(world.lookAfter(2_000).checkpoint().size).toBe(1);
    commit(1);
    expect(world.lookAfter(500).checkpoint().size).toBe(1);
    commit(9);
    expect(world.look().checkpoint().size).toBe(11);
    commit(1);
    expect(world.lookAfter(999).checkpoint().size).toBe(11);
    expect(world.lookAfter(1).checkpoint().size).toBe(12);
  });

  test('goes on after a restart where it was, without an alarm', () => {
    commit(7);
    world.start();
    commit(5);
    world.start();
    expect(world.alarms()).toEqual([]);
    expect(world.checkpoint()).toMatchObject({ origin: `${ORIGIN}/ledger`, size: 12 });
  });

  test('signs what the last commits left when it stops', () => {
    world.start();
    commit(3);
    world.notary.stop(world.nowMs + 1_000);
    expect(world.checkpoint().size).toBe(3);
  });

  test('keeps some notes for good, and no more than it was told to', () => {
    world.start({ historyIntervalMs: 60_000, historyCount: 2 });
    for (let n = 0; n < 4; n++) {
      commit(1);
      world.lookAfter(61_000);
      commit(1);
      world.lookAfter(2_000);
    }
    const kept = readdirSync(audit('history'));
    expect(kept).toHaveLength(2);
    expect(readFileSync(audit(join('history', kept[1]!)), 'utf8')).toContain('/ledger\n7\n');
  });

  test('goes over more leaves than fit into one step', () => {
    commitBlocks(ledger.store, 2_500);
    world.start();
    expect(world.checkpoint().size).toBe(2_500);
    expect(world.checkpoint().root).toEqual(hashLeaves(leaves() as Buffer[]));
    world.start();
    expect(world.alarms()).toEqual([]);
  });

  test('tries again when the note could not be written', () => {
    world.start();
    commit(1);
    renameSync(audit(''), audit('../away'));
    expect(() => world.lookAfter(2_000)).toThrow(/ENOENT/);
    renameSync(audit('../away'), audit(''));
    expect(world.lookAfter(2_000).checkpoint().size).toBe(1);
  });
});

describe('the high-water mark', () => {
  /** A signed ledger of ten blocks, and a copy of it with six. */
  function signTen(): string {
    commit(6);
    ledger.database.pragma('wal_checkpoint(TRUNCATE)');
    const copy = join(ledger.dataDir, 'older.db');
    cpSync(join(ledger.dataDir, 'ledger.db'), copy);
    commit(4);
    world.start();
    world.close();
    return copy;
  }

  test('finds a ledger that was replaced by an older copy, says so, and signs what is left as another log', () => {
    const copy = signTen();
    ledger.database.close();
    renameSync(copy, join(ledger.dataDir, 'ledger.db'));
    const before = world.note();
    world.start();
    const reason = 'it holds 6 blocks, 10 were signed';
    expect(world.alarms()).toEqual([{ about: 'ledger', reason, isNew: true }]);
    expect(world.checkpoint()).toMatchObject({ origin: `${ORIGIN}/ledger.1700000000`, size: 6 });
    // It stays an alarm, with its evidence, until a person moves that away.
    world.start();
    expect(world.alarms()).toEqual([{ about: 'ledger', reason, isNew: false }]);
    const [file] = readdirSync(audit('alarms'));
    const kept = JSON.parse(readFileSync(audit(join('alarms', file!)), 'utf8')) as object;
    expect(kept).toMatchObject({ about: 'ledger', reason, evidence: before });
    rmSync(audit(join('alarms', file!)));
    world.start();
    expect(world.alarms()).toEqual([]);
  });

  test('finds one altered leaf among those that were signed', () => {
    signTen();
    ledger.database.exec('UPDATE blocks SET leaf = randomblob(32) WHERE n = 3');
    world.start();
    const reason = 'its first 10 blocks are not the ones that were signed';
    expect(world.alarms()).toEqual([{ about: 'ledger', reason, isNew: true }]);
  });

  test('finds a block that is gone from the middle, and signs nothing over the gap', () => {
    signTen();
    ledger.database.exec('PRAGMA foreign_keys = OFF; DELETE FROM blocks WHERE n = 4');
    world.start();
    expect(world.alarms()).toMatchObject([{ reason: 'block 4 is missing', isNew: true }]);
    world.lookAfter(5_000).start();
    expect(world.alarms()).toMatchObject([{ reason: 'block 4 is missing', isNew: false }]);
    expect(world.checkpoint().size).toBe(10);
  });

  test('finds a ledger that is swapped while the daemon runs', () => {
    const copy = signTen();
    world.start();
    ledger.database.close();
    // With the log of the newer one the older copy would be the newer one again.
    for (const end of ['-wal', '-shm']) rmSync(join(ledger.dataDir, `ledger.db${end}`));
    renameSync(copy, join(ledger.dataDir, 'ledger.db'));
    world.look();
    expect(world.alarms()).toMatchObject([{ reason: 'it holds 6 blocks, 10 were signed' }]);
  });

  test('is compared with a ledger only once the writer of that has looked at it', () => {
    const copy = signTen();
    ledger.database.close();
    renameSync(copy, join(ledger.dataDir, 'ledger.db'));
    const gate = new Int32Array(new SharedArrayBuffer(GATE_WORDS * Int32Array.BYTES_PER_ELEMENT));
    const [former, writer] = [new StoreGate(gate), new StoreGate(gate)];
    former.change('ledger');
    const file = () => statSync(join(ledger.dataDir, 'ledger.db'), { bigint: true });
    former.open('ledger', file());
    writer.change('ledger');
    world.start({ gate });
    expect(world.alarms()).toEqual([]);
    expect(world.checkpoint().size).toBe(10);
    writer.open('ledger', file());
    world.look();
    expect(world.alarms()).toMatchObject([{ reason: 'it holds 6 blocks, 10 were signed' }]);
  });

  test('finds a checkpoint that was taken away, or damaged', () => {
    signTen();
    rmSync(audit('ledger.checkpoint'));
    world.start();
    expect(world.alarms()).toMatchObject([{ reason: 'its last checkpoint is missing' }]);
    writeFileSync(audit('ledger.checkpoint'), world.note().replace('\n10\n', '\n9\n'));
    world.start();
    expect(world.alarms()).toHaveLength(2);
    expect(world.alarms()[1]!.reason).toMatch(/^its last checkpoint does not hold: the signature/);
    expect(world.checkpoint().size).toBe(10);
  });
});

describe('the key', () => {
  test('that was replaced is an alarm; what the former one signed stays the mark', () => {
    commit(3);
    world.start();
    const before = world.keys()[0]!;
    rmSync(audit('key'));
    world.start();
    const reason = 'the key is not the one that key.pub was made for';
    expect(world.alarms()).toEqual([{ about: 'key', reason, isNew: true }]);
    expect(world.keys()[0]!.bytes).not.toEqual(before.bytes);
    expect(world.checkpoint()).toMatchObject({ origin: `${ORIGIN}/ledger`, size: 3 });
    world.start();
    expect(world.alarms()).toEqual([{ about: 'key', reason, isNew: false }]);
  });

  test('that cannot be read stops checkpoints and is left for its owner to mend', () => {
    world.start();
    const pem = readFileSync(audit('key'), 'utf8');
    writeFileSync(audit('key'), pem.replaceAll('PRIVATE', 'PRIVATF'));
    expect(() => world.start()).toThrow(KeyUnusable);
    writeFileSync(audit('key'), pem);
    world.start();
    expect(world.alarms()).toEqual([]);
  });

  test('is taken from where the configuration says, and made there when there is none', () => {
    const keyFile = join(ledger.dataDir, 'elsewhere.key');
    commit(2);
    world.start({ keyFile });
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);
    expect(world.checkpoint().size).toBe(2);
    world.start({ keyFile });
    expect(world.alarms()).toEqual([]);
  });

  test('that is open to others is closed, and a damaged public half written anew, and both are told', () => {
    world.start();
    const before = readFileSync(audit('key.pub'), 'utf8');
    writeFileSync(audit('key.pub'), before.replace('+', '-'));
    writeFileSync(audit('key'), readFileSync(audit('key')));
    expect(statSync(audit('key')).mode & 0o777).toBe(0o600);
    world.start();
    expect(readFileSync(audit('key.pub'), 'utf8')).toBe(before);
    const notices = world.messages.filter(({ type }) => type === 'notice');
    expect(notices).toMatchObject([{ text: 'key.pub was damaged or missing and is written anew' }]);
    expect(world.alarms()).toEqual([]);
  });
});
