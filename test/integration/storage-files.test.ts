import { statSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { ledgerFixture } from '../support/ledger-fixture.ts';
import {
  bodyOf,
  context,
  entriesMessage,
  logEntry,
  STORAGE_DIR,
} from '../support/ledger-thread.ts';

const { dataDir, path, start, spawn, rows } = ledgerFixture();

describe('the files of a ledger', () => {
  it('does not start on a ledger whose newest entries were changed, where it may not heal it', async () => {
    const thread = await start();
    await thread.settle(entriesMessage(1, [[context(), bodyOf(logEntry('true'))]]));
    await thread.stop();
    const database = new Database(path('ledger.db'));
    database.exec("UPDATE logs SET message = 'false'");
    database.close();
    const second = spawn({ healsPerHour: 0 });
    const failed = await second.next('sys.startFailed');
    expect(failed).toMatchObject({
      code: 'CODI_HEALED_TOO_OFTEN',
      message: expect.stringContaining('block 0'),
    });
    expect(await second.exited).toBe(1);
    const third = spawn();
    expect((await third.next('sys.ready')).head).toBeNull();
    const { report, head } = await third.next('healed');
    expect(report).toMatchObject({ blocks: 1, whole: 0, lostBlocks: 1, entries: 0 });
    // The number that was given is not given again.
    expect(head).toMatchObject({ logs: 1, blocks: 1 });
    const [answer] = await third.settle(
      entriesMessage(1, [[context(), bodyOf(logEntry('another'))]]),
    );
    expect(answer).toMatchObject({ type: 'committed', logs: { first: 2, last: 2 } });
    expect(await third.stop()).toBe(0);
  });

  it('restarts its write-ahead log past the limit and leaves none when it stops', async () => {
    const thread = await start({ walRestartBytes: 256 * 1024 });
    const owner = context();
    for (let batch = 0; batch < 40; batch++) {
      const frames = Array.from(
        { length: 50 },
        () => [owner, bodyOf(logEntry('y'.repeat(1_000)))] as const,
      );
      await thread.settle(entriesMessage(batch, frames));
    }
    // Eight commits may pass between two looks at the size.
    expect(statSync(path('ledger.db-wal')).size).toBeLessThan(2 * 1024 * 1024);
    expect(await thread.stop()).toBe(0);
    expect(rows('SELECT count(*) AS count FROM logs')).toEqual([{ count: 2_000 }]);
  });

  it('ends with code 1 and says why when the file breaks under it', async () => {
    const thread = await start();
    await thread.settle(entriesMessage(1, [[context(), bodyOf(logEntry('before'))]]));
    const breaker = new Database(path('ledger.db'));
    breaker.exec('DROP TABLE producers; CREATE TABLE producers (x)');
    breaker.close();
    const owner = context({ producerId: 'p' });
    thread.post(entriesMessage(2, [[owner, bodyOf(logEntry('after', { sequence: 1 }))]]));
    expect(await thread.next('fatal')).toMatchObject({ code: expect.stringMatching(/^CODI_/) });
    expect(await thread.exited).toBe(1);
  });
});

describe('the checkpoint thread', () => {
  it('moves commits into the database while they happen and reports the size of the logs', async () => {
    const commits = new SharedArrayBuffer(8);
    const thread = await start({ commits });
    const checkpointer = new Worker(new URL('checkpoint.worker.js', STORAGE_DIR), {
      workerData: { dataDir: dataDir(), commits, intervalMs: 5 },
    });
    const hasGrown = new Promise<void>((resolve) => {
      checkpointer.on('message', (message: { type: string; ledgerWalBytes: number }) => {
        if (message.type !== 'sizes' || message.ledgerWalBytes <= 100_000) return;
        // It is told more than once: the first may come between two commits.
        if (statSync(path('ledger.db')).size > 200_000) resolve();
      });
    });
    const exited = new Promise((resolve) => checkpointer.on('exit', resolve));
    const frames = Array.from(
      { length: 200 },
      () => [context(), bodyOf(logEntry('z'.repeat(1_000)))] as const,
    );
    await thread.settle(entriesMessage(1, frames));
    await hasGrown;
    checkpointer.postMessage({ type: 'stop' });
    expect(await exited).toBe(0);
  });
});

describe('the write-ahead log', () => {
  it('is cut back to its limit after a long reader made it larger', async () => {
    const limitBytes = 100_000;
    const thread = await start({ walRestartBytes: limitBytes });
    let batch = 0;
    const write = () => {
      batch += 1;
      return thread.settle(
        entriesMessage(batch, [[context(), bodyOf(logEntry('z'.repeat(9_000)))]]),
      );
    };
    await write();
    const reader = new Database(path('ledger.db'), { readonly: true });
    reader.exec('BEGIN');
    reader.prepare('SELECT count(*) FROM logs').get();
    for (let count = 0; count < 60; count++) await write();
    expect(statSync(path('ledger.db-wal')).size).toBeGreaterThan(4 * limitBytes);
    reader.exec('COMMIT');
    reader.close();
    const sizes: number[] = [];
    for (let count = 0; count < 100; count++) {
      await write();
      sizes.push(statSync(path('ledger.db-wal')).size);
    }
    expect(Math.min(...sizes)).toBeLessThan(2 * limitBytes);
  });
});
