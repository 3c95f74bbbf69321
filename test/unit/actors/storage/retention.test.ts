import { beforeEach, expect, test } from 'vitest';
import { RequestBook } from '#codi/actors/storage/request-book.js';
import { RetentionDesk } from '#codi/actors/storage/retention-desk.js';
import { emptyReport, type RetentionReport } from '#codi/actors/storage/retention-report.js';
import { retentionSpec, type ArchivePool } from '#codi/actors/storage/retention.actor.js';
import { CodiError } from '#codi/protocol/errors.js';
import type { Plan, UpkeepCommand, UpkeepResult } from '#codi/workers/storage/archive.messages.js';
import { ActorWorld, rememberTelemetry, type TelemetryLog } from '../../../support/actor-world.ts';

const PLAN: Plan = { firstBlock: 0, lastBlock: 1, reason: 'age', entries: 5, bytes: 500 };
const SEGMENT = { firstBlock: 0, lastBlock: 1, entries: 5, bytes: 500, fileBytes: 50 };

const RESERVE_BYTES = 8_192;

let world: ActorWorld;
let desk: RetentionDesk;
let log: TelemetryLog;
let plans: Plan[];
let commands: UpkeepCommand['type'][];
let records: RetentionReport[];
let disk: { freeBytes: number; totalBytes: number };
let failure: CodiError | undefined;
let isHanging: boolean;
let reserved: number;
let reserveCalls: number;
let isClosed: boolean;
let damaged: { block: number; reason: string } | undefined;
let damages: { block: number; reason: string }[];

/** Tasks that have nothing to do but what the test gives them. */
function createPool(): ArchivePool {
  const answers: Record<string, () => unknown> = {
    plan: () => plans.shift() ?? null,
    writeSegment: () => (damaged ? { damaged } : SEGMENT),
    segments: () => [],
    space: () => ({ pageBytes: 4_096, pages: 10, freePages: 0 }),
    sweep: () => ({ files: 0, bytes: 0 }),
    reserveDisk: () => {
      reserved = RESERVE_BYTES;
      reserveCalls += 1;
    },
    releaseReserve: () => {
      const released = reserved;
      reserved = 0;
      return released;
    },
  };
  return {
    run: (task, _input, signal) =>
      new Promise((resolve, reject) => {
        if (failure) reject(failure.toWire());
        else if (isHanging) signal.addEventListener('abort', () => reject(new Error('aborted')));
        else resolve(answers[task]!());
      }),
    close: async () => {
      isClosed = true;
    },
  };
}

beforeEach(async () => {
  desk = new RetentionDesk();
  log = rememberTelemetry();
  [plans, commands, records] = [[], [], []];
  disk = { freeBytes: 1_000, totalBytes: 1_000 };
  [failure, isHanging, isClosed] = [undefined, false, false];
  [damaged, damages] = [undefined, []];
  [reserved, reserveCalls] = [0, 0];
  const writer = new RequestBook<UpkeepCommand>(16);
  let stepsLeft = 2;
  writer.attach(({ id, command }) => {
    commands.push(command.type);
    const isDropping = command.type !== 'giveUpFile' && commands.includes('beginSegment');
    const result: UpkeepResult = {
      rows: isDropping ? 1 : 0,
      isDropping: isDropping && stepsLeft-- > 0,
      durationMs: 2,
    };
    queueMicrotask(() => writer.answer(id, { ok: true, result }));
  });
  const spec = retentionSpec({
    policy: {
      retentionDays: 90,
      sizeLimitBytes: 0,
      diskFloorBytes: 10,
      diskReserveBytes: RESERVE_BYTES,
      keepDays: 7,
      isArchiving: true,
      archiveDays: 0,
      segmentLimitBytes: 1_000,
      dropStepMs: 2,
    },
    intervalMs: 600_000,
    writer,
    desk,
    createPool,
    disk: async () => disk,
    reservedBytes: () => reserved,
    telemetry: log.telemetry,
    onDamage: (damage) => void damages.push(damage),
    record: (report) => void records.push(report),
  });
  world = await ActorWorld.start([spec]);
});

const runs = () => log.names().filter((name) => name === 'SegmentArchived').length;

test('Looks for the first time half a minute after the start, and then at its interval.', async () => {
  plans = [PLAN];
  await world.advance(29_000);
  expect(commands).toEqual([]);
  await world.advance(2_000);
  expect(runs()).toBe(1);
  expect(commands).toEqual(['dropRows', 'beginSegment', 'dropRows', 'dropRows']);
  expect(records).toMatchObject([{ segments: 1, entries: 5, reasons: ['age'] }]);
  plans = [PLAN];
  await world.advance(599_000);
  expect(runs()).toBe(1);
  await world.advance(2_000);
  expect(runs()).toBe(2);
});

test('A block that does not match its leaf ends the run and is reported, with its number.', async () => {
  plans = [PLAN];
  damaged = { block: 3, reason: 'its entries do not match its leaf' };
  const report = desk.compact();
  await world.settle();
  await expect(report).resolves.toMatchObject({
    segments: 0,
    stopped: 'block 3: its entries do not match its leaf',
  });
  expect(damages).toEqual([damaged]);
});

test('Who waits for a run is told when the actor ends, and can ask the next one.', async () => {
  isHanging = true;
  const isEnded = { code: 'CODI_TRY_AGAIN' };
  const first = expect(desk.compact()).rejects.toMatchObject(isEnded);
  await world.settle();
  const second = expect(desk.compact()).rejects.toMatchObject(isEnded);
  isHanging = false;
  await world.settle();
  await world.kill('retention');
  await Promise.all([first, second]);
  expect(desk.reason()).toBeUndefined();
  await world.advance(2_000);
  const third = desk.compact();
  await world.settle();
  await expect(third).resolves.toMatchObject({ segments: 0, stopped: null });
});

test('A run that fails is told, shown, and tried again.', async () => {
  failure = new CodiError('CODI_DISK_FULL');
  const asked = expect(desk.compact()).rejects.toMatchObject({ code: 'CODI_DISK_FULL' });
  await world.settle();
  await asked;
  expect(log.names()).toContain('RetentionFailed');
  expect(desk.reason()).toContain('the disk that holds the ledger is full');
  failure = undefined;
  await world.advance(31_000);
  expect(desk.reason()).toBeUndefined();
});

test('A disk that runs low starts a run, and after one in vain not at once another.', async () => {
  disk = { freeBytes: 5, totalBytes: 1_000 };
  await world.advance(10_500);
  expect(commands).toEqual(['dropRows']);
  desk.press('low', world.environment.clock.nowMs());
  await world.settle();
  expect(commands).toEqual(['dropRows']);
  await world.advance(20_000);
  expect(commands.length).toBeGreaterThan(1);
});

test('A stop in the middle of a run ends its threads and does not wait for it.', async () => {
  isHanging = true;
  desk.compact().catch(() => undefined);
  await world.settle();
  const stopped = world.system.stop();
  await world.settle();
  await world.advance(1_000);
  expect((await stopped).unstopped).toEqual([]);
  expect(isClosed).toBe(true);
});

/** Large enough for a reserve. */
const LARGE_DISK = { freeBytes: 100_000, totalBytes: 200_000 };

test('The reserve is made a moment after the start, and made again once there is room for it.', async () => {
  disk = LARGE_DISK;
  await world.advance(1_900);
  expect(reserved).toBe(0);
  await world.advance(200);
  expect([reserved, reserveCalls]).toEqual([RESERVE_BYTES, 1]);
  expect(log.events).toContainEqual({ name: 'DiskReserveMade', bytes: RESERVE_BYTES });
  await world.advance(60_000);
  expect(reserveCalls).toBe(1);
  const measured = { name: 'DiskMeasured', freeBytes: 100_000, reserveBytes: RESERVE_BYTES };
  expect(log.events).toContainEqual(measured);
});

test('A refused ledger is given the reserve, said in an event, an act and the reasons, and opened once there is room.', async () => {
  disk = LARGE_DISK;
  await world.advance(3_000);
  disk = { ...LARGE_DISK, freeBytes: 0 };
  plans = [PLAN, PLAN, null];
  const rooms: string[] = [];
  desk.room.attach((room) => rooms.push(`${room}: ${desk.reason()}`));
  desk.press('full', world.environment.clock.nowMs());
  await world.advance(900);
  expect(rooms).toEqual([
    'none: the disk is full: entries are turned away while old ones make room',
    'inside: the disk is full: new entries take the room of old ones',
  ]);
  expect(log.events).toContainEqual({ name: 'DiskReserveReleased', bytes: RESERVE_BYTES });
  expect(log.names()).toContain('DiskCleared');
  expect(records[0]).toMatchObject({ segments: 1, releasedBytes: RESERVE_BYTES });
  disk = LARGE_DISK;
  await world.advance(1_100);
  expect(desk.room.room).toBe('open');
  expect([desk.reason(), reserved]).toEqual([undefined, RESERVE_BYTES]);
});

test('Where policy lets nothing go that is said until the ledger takes something, and the reserve is kept.', async () => {
  disk = LARGE_DISK;
  await world.advance(3_000);
  desk.press('full', world.environment.clock.nowMs());
  await world.settle();
  expect(desk.reason()).toContain('policy lets nothing go');
  expect(log.names().filter((name) => name === 'DiskStaysFull')).toHaveLength(1);
  expect([desk.room.room, reserved, records]).toEqual(['open', RESERVE_BYTES, []]);
  desk.press('full', world.environment.clock.nowMs());
  await world.settle();
  expect(log.names().filter((name) => name === 'DiskStaysFull')).toHaveLength(1);
  desk.worked();
  expect(desk.reason()).toBeUndefined();
});

test('A full disk is no longer said when the ledger took something while the run looked.', () => {
  desk.press('full', 0);
  desk.begin();
  desk.worked();
  desk.finish({ ok: true, report: { ...emptyReport(), isStuck: true } }, 1);
  expect(desk.reason()).toBeUndefined();
});

test('A full disk is no longer said once there is room, although nobody writes.', async () => {
  disk = { ...LARGE_DISK, freeBytes: 0 };
  desk.press('full', world.environment.clock.nowMs());
  await world.settle();
  await world.advance(11_000);
  expect(desk.reason()).toContain('policy lets nothing go');
  disk = LARGE_DISK;
  await world.advance(11_000);
  expect(desk.reason()).toBeUndefined();
});

test('A vain run for a low disk does not keep a full one from being cleared.', async () => {
  desk.press('low', world.environment.clock.nowMs());
  await world.settle();
  plans = [PLAN, PLAN, null];
  desk.press('full', world.environment.clock.nowMs());
  await world.settle();
  expect(runs()).toBe(1);
});

test('A hold ends with the actor that began it.', async () => {
  plans = [PLAN, PLAN];
  desk.room.change('none');
  await world.kill('retention');
  expect(desk.room.room).toBe('open');
});
