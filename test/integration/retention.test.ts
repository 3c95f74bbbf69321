import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RetentionRunPorts } from '#codi/actors/storage/retention-ports.js';
import { RetentionRun } from '#codi/actors/storage/retention-run.js';
import { verifySegment } from '#codi/workers/storage/archive/verify-segment.js';
import { readHeads } from '#codi/workers/storage/group-heads.js';
import { verifyLastBlocks } from '#codi/workers/storage/verify-blocks.js';
import { ArchiveWorld, DAY_MS } from '../support/archive-world.ts';

const range = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, at) => first + at);
const OLD_BLOCKS = 6;
const YOUNG_BLOCKS = 18;
const LOGS = (OLD_BLOCKS + YOUNG_BLOCKS) * 10;
const EVENTS = (OLD_BLOCKS + YOUNG_BLOCKS) * 3;

let world: ArchiveWorld;
beforeEach(() => {
  world = filledWorld();
});
afterEach(() => world.close());

function filledWorld(): ArchiveWorld {
  const filled = new ArchiveWorld();
  for (let at = 0; at < OLD_BLOCKS; at++) filled.commit(100 - at / 100);
  for (let at = 0; at < YOUNG_BLOCKS; at++) filled.commit(10 - at / 100);
  return filled;
}

/** Everything is there, in exactly one place, and can be proved. */
function expectNothingLost(): void {
  expect([...world.archived(1), ...world.numbers('logs')]).toEqual(range(1, LOGS));
  expect([...world.archived(2), ...world.numbers('file_events')]).toEqual(range(1, EVENTS));
  const leaf = world.ledger.database.prepare('SELECT leaf FROM blocks WHERE n = ?').pluck();
  for (const { file } of world.segments()) {
    const known = (n: number) => leaf.get(n) as Buffer;
    expect(verifySegment(world.path(file!), known)).toMatchObject({ ok: true });
  }
  expect(verifyLastBlocks(world.ledger.database, 'ledger', 1_000)).toMatchObject({ ok: true });
}

describe('retention', () => {
  it('moves what is past its age into segments, whole blocks and nothing else', async () => {
    const report = await world.retain();
    expect(report).toMatchObject({ reasons: ['age'], stopped: null, rows: OLD_BLOCKS * 13 });
    expect(report.segments).toBeGreaterThan(1);
    expect(world.numbers('logs')).toEqual(range(OLD_BLOCKS * 10 + 1, LOGS));
    expectNothingLost();
    expect(await world.retain()).toMatchObject({ segments: 0, rows: 0 });
  });

  it('leaves the heads of streams, the leaves and the next numbers as they were', async () => {
    const before = readHeads(world.ledger.database);
    world.nowMs += 1_000 * DAY_MS;
    await world.retain();
    expect(readHeads(world.ledger.database)).toEqual(before);
    world.commit(0);
    expect(world.numbers('logs').at(-1)).toBe(LOGS + 10);
  });

  it('keeps the newest blocks, by which a ledger is checked when it is opened', async () => {
    world.nowMs += 1_000 * DAY_MS;
    await world.retain();
    expect(new Set(world.numbers('logs')).size).toBe(16 * 10);
    expect(verifyLastBlocks(world.ledger.database, 'ledger', 16)).toEqual({ ok: true, blocks: 16 });
  });

  it('makes files that common tools read', async () => {
    await world.retain();
    const [file] = world.files();
    const lines = execFileSync('gzip', ['-dc', world.path(file!)], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines[0]).toMatchObject({ format: 'codi-segment', version: 1, first_block: 0 });
    const log = lines.find((line) => line['stream'] === 'log');
    expect(log).toMatchObject({ id: 1, level: 'Info', message: 'entry 0 0 häi \u2028' });
    expect(lines.at(-1)).toHaveProperty('sha256');
  });

  it('archives before its time what makes the ledger too large', async () => {
    const report = await world.retain({ retentionDays: 0, sizeLimitBytes: 4_096 });
    expect(report.reasons).toEqual(['size']);
    expectNothingLost();
  });

  it('archives a small block before one that fills a segment by itself', async () => {
    const uneven = new ArchiveWorld();
    uneven.commit(0, { logs: 1, events: 0 });
    for (let at = 0; at < 18; at++) uneven.commit(0, { logs: 60 });
    const report = await uneven.retain({ retentionDays: 0, sizeLimitBytes: 4_096 });
    expect(report).toMatchObject({ reasons: ['size'] });
    expect(uneven.archived(1)).toContain(61);
    uneven.close();
  });

  it('without an archive deletes the entries and keeps their leaves', async () => {
    await world.retain({ isArchiving: false });
    expect(world.files()).toEqual([]);
    expect(world.numbers('logs')).toEqual(range(OLD_BLOCKS * 10 + 1, LOGS));
    expect(world.segments()[0]).toMatchObject({ file: null, sha256: null, isDropped: true });
    expect(verifyLastBlocks(world.ledger.database, 'ledger', 1_000)).toMatchObject({ ok: true });
  });

  it('deletes segments whose time in the archive is over', async () => {
    await world.retain();
    const segments = world.files().length;
    world.nowMs += 20 * DAY_MS;
    const report = await world.retain({ archiveDays: 110 });
    expect(report.removedFiles).toBe(segments);
    expect(world.files()).toEqual([]);
    expect(world.segments().every(({ removedMs }) => removedMs !== null)).toBe(true);
  });

  it('takes entries out of the full-text index, too', async () => {
    const indexed = new ArchiveWorld({ fullText: true });
    for (let at = 0; at < 30; at++) indexed.commit(100);
    await indexed.retain();
    const rowids = 'SELECT rowid FROM logs_fts WHERE logs_fts MATCH ? ORDER BY rowid';
    const hits = indexed.ledger.database.prepare(rowids).pluck().all('entry');
    expect(hits).toEqual(indexed.numbers('logs'));
    expect(hits.length).toBe(160);
    indexed.close();
  });

  it('makes room on a full disk from what is old enough, and from nothing else', async () => {
    world.disk = { freeBytes: 0, totalBytes: 10 ** 9 };
    const floor = { retentionDays: 0, diskFloorBytes: 10 ** 6, segmentLimitBytes: 16_384 };
    const report = await world.retain({ ...floor, keepDays: 50 });
    expect(report.reasons).toEqual(['room']);
    expect(world.numbers('logs')[0]).toBeGreaterThan(1);
    expect(world.numbers('logs')[0]).toBeLessThanOrEqual(OLD_BLOCKS * 10 + 1);
    expect(world.files()).toEqual([]);
  });

  it('stops at a block that does not match its leaf, and removes nothing of it', async () => {
    world.ledger.database.exec("UPDATE logs SET message = 'forged' WHERE id = 35");
    const report = await world.retain({ segmentLimitBytes: 1 });
    expect(report.stopped).toBe('block 4: its entries do not match its leaf');
    expect(world.numbers('logs')[0]).toBe(31);
  });
});

describe('retention that ends anywhere', () => {
  /** Ports that work so many times and then end the run, before or after the call they are in. */
  function endingPorts(calls: number, isAfter: boolean): RetentionRunPorts {
    const ports = world.ports();
    let left = calls;
    const ending =
      <Input extends unknown[], Output>(work: (...input: Input) => Promise<Output>) =>
      async (...input: Input): Promise<Output> => {
        if (left-- > 0) return work(...input);
        if (isAfter) await work(...input);
        throw new Error('killed');
      };
    return { ...ports, run: ending(ports.run) as never, change: ending(ports.change) };
  }

  it.each(['none', 'full'] as const)(
    'loses nothing, doubles nothing, and is finished by the next run (pressure %s)',
    async (pressure) => {
      let isFinished = false;
      for (let calls = 0; !isFinished; calls++) {
        for (const isAfter of [false, true]) {
          const ports = endingPorts(calls, isAfter);
          isFinished = await new RetentionRun(ports).run(pressure).then(
            () => true,
            () => false,
          );
          expect(verifyLastBlocks(world.ledger.database, 'ledger', 1_000)).toMatchObject({
            ok: true,
          });
          const isDropping = world.segments().some((segment) => !segment.isDropped);
          if (!isDropping) expectNothingLost();
          await world.retain();
          expectNothingLost();
          world.close();
          world = filledWorld();
        }
      }
    },
    120_000,
  );

  it('takes a segment that is complete, and writes anew over one that is not', async () => {
    const { run } = world.ports();
    const plan = (await run('plan', {
      beforeMs: world.nowMs - 90 * DAY_MS,
      roomBeforeMs: 0,
      sizeLimitBytes: 0,
      isRoomNeeded: false,
      segmentLimitBytes: 4_096,
    }))!;
    const blocks = { firstBlock: plan.firstBlock, lastBlock: plan.lastBlock, nowMs: 5 };
    await run('writeSegment', blocks);
    const [file] = world.files();
    const bytes = readFileSync(world.path(file!));
    const damaged = Buffer.from(bytes);
    damaged[damaged.length >> 1]! ^= 4;
    writeFileSync(world.path(file!), damaged);
    writeFileSync(world.path(`${file}.unfinished`), 'half');
    await world.retain();
    expect(readFileSync(world.path(file!))).toEqual(bytes);
    expect(world.files()).toContain(`${file}.unfit-${world.nowMs}`);
    expect(world.files().filter((name) => name.endsWith('.unfinished'))).toEqual([]);
    expectNothingLost();
  });
});

describe('verifying a segment', () => {
  it('finds every changed bit', async () => {
    await world.retain({ segmentLimitBytes: 1_000_000 });
    const [file] = world.files();
    const path = world.path(file!);
    const bytes = readFileSync(path);
    for (let at = 0; at < bytes.length; at += 37) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1 << (at % 8);
      writeFileSync(path, changed);
      expect(verifySegment(path), `byte ${at}`).toMatchObject({ ok: false });
    }
    for (let length = 0; length < bytes.length; length += 101) {
      writeFileSync(path, bytes.subarray(0, length));
      expect(verifySegment(path), `cut at ${length}`).toMatchObject({ ok: false });
    }
  });
});
