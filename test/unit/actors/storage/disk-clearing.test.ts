import type { Pressure, RetentionPolicy } from '#codi/actors/storage/retention-policy.js';
import type { RetentionRunPorts } from '#codi/actors/storage/retention-ports.js';
import { RetentionRun } from '#codi/actors/storage/retention-run.js';
import { WriterRoom } from '#codi/actors/storage/writer-room.js';
import { CodiError } from '#codi/protocol/errors.js';
import type {
  Plan,
  PlanInput,
  StoredSegment,
  UpkeepCommand,
} from '#codi/workers/storage/archive.messages.js';
import { beforeEach, expect, test } from 'vitest';

const KIB = 1024;
const DAY_MS = 86_400_000;
const NOW_MS = 1_000 * DAY_MS;
const PAGE_BYTES = 4_096;

const policy: RetentionPolicy = {
  retentionDays: 0,
  sizeLimitBytes: 0,
  diskFloorBytes: 100 * KIB,
  diskReserveBytes: 800 * KIB,
  keepDays: 7,
  isArchiving: true,
  archiveDays: 0,
  segmentLimitBytes: 256 * KIB,
  dropStepMs: 2,
};

/** A full disk with so many old blocks of 64 KiB in the ledger. */
let blocks: number;
let freePages: number;
let freeBytes: number;
let reserved: number;
let segments: StoredSegment[];
let done: string[];
let segmentLimits: number[];
let room: WriterRoom;
/** What makes a call fail, by its name. */
let failing: (name: string) => boolean;

beforeEach(() => {
  [blocks, freePages, freeBytes, reserved] = [40, 0, 0, 800 * KIB];
  [segments, done, segmentLimits] = [[], [], []];
  failing = () => false;
  room = new WriterRoom();
  room.attach((granted) => done.push(`room ${granted}`));
});

function called(name: string): void {
  done.push(name);
  if (failing(name)) throw new CodiError('CODI_DISK_FULL');
}

function planned(input: PlanInput): Plan {
  segmentLimits.push(input.segmentLimitBytes);
  if (!input.isRoomNeeded || blocks === 0) return null;
  const count = Math.min(blocks, Math.max(1, Math.floor(input.segmentLimitBytes / (64 * KIB))));
  return { firstBlock: 0, lastBlock: count - 1, reason: 'room', entries: count, bytes: count };
}

const tasks: Record<string, (input: never) => unknown> = {
  plan: planned,
  space: () => ({ pageBytes: PAGE_BYTES, pages: 1_000, freePages }),
  segments: () => segments,
  sweep: () => {
    const gone = segments.filter(({ removedMs, file }) => removedMs !== null && file !== null);
    for (const segment of gone) segment.file = null;
    freeBytes += gone.length * 10 * KIB;
    return { files: gone.length, bytes: gone.length * 10 * KIB };
  },
  writeSegment: (input: { firstBlock: number; lastBlock: number }) => {
    called('write');
    freeBytes -= 10 * KIB;
    return { ...input, entries: 1, bytes: 1, fileBytes: 10 * KIB };
  },
};

function changed(command: UpkeepCommand) {
  called(command.type);
  if (command.type === 'giveUpFile') segments.find(({ n }) => n === command.n)!.removedMs = NOW_MS;
  if (command.type !== 'beginSegment') return { rows: 0, isDropping: false, durationMs: 1 };
  const count = command.segment.lastBlock + 1;
  blocks -= count;
  freePages += (count * 64 * KIB) / PAGE_BYTES;
  segments.push(segment(segments.length + 1));
  return { rows: count, isDropping: false, durationMs: 1 };
}

function segment(n: number, ageDays = 30): StoredSegment {
  const lastCommittedMs = NOW_MS - ageDays * DAY_MS;
  return { n, file: `s${n}`, removedMs: null, isDropped: true, lastCommittedMs } as StoredSegment;
}

function run(pressure: Pressure, more: Partial<RetentionPolicy> = {}) {
  const ports: RetentionRunPorts = {
    policy: { ...policy, ...more },
    run: async (task, input) => tasks[task]!(input as never) as never,
    change: async (command) => changed(command),
    disk: async () => ({ freeBytes, totalBytes: 10 ** 9 }),
    reserve: {
      release: async () => {
        done.push('release');
        const released = reserved;
        freeBytes += released;
        reserved = 0;
        return released;
      },
      renew: async () => {
        done.push('renew');
        reserved = Math.min(800 * KIB, Math.max(0, freeBytes - 100 * KIB));
        freeBytes -= reserved;
      },
    },
    room,
    reservedBytes: () => reserved,
    nowMs: () => NOW_MS,
    monotonicMs: () => 0,
    pause: async () => void done.push('pause'),
    onSegment: () => undefined,
    onDamage: () => undefined,
    onReleased: () => undefined,
  };
  return new RetentionRun(ports).run(pressure);
}

const orderOf = (...names: string[]) => done.filter((name) => names.includes(name));

test('The writer is held before the reserve is given up, and let go after there is one again.', async () => {
  const report = await run('full');
  const frame = ['room none', 'release', 'renew', 'room inside'];
  expect(orderOf(...frame)).toEqual(frame);
  expect(done.indexOf('write')).toBeGreaterThan(done.indexOf('release'));
  expect(done.lastIndexOf('giveUpFile')).toBeLessThan(done.indexOf('renew'));
  expect(report).toMatchObject({ releasedBytes: 800 * KIB, reasons: ['room'], isStuck: false });
});

test('It archives in rounds that fit the room, with the log emptied between, and no more than must.', async () => {
  await run('full');
  expect(orderOf('restartLog', 'write')).toEqual([
    'restartLog',
    ...['write', 'restartLog', 'write', 'restartLog'],
    'restartLog',
  ]);
  // A quarter of what the reserve gave, in place of the whole 256 KiB.
  expect(segmentLimits).toContain(200 * KIB);
  expect(freePages * PAGE_BYTES).toBeGreaterThanOrEqual(256 * KIB);
  expect(blocks).toBeGreaterThan(0);
  expect(done).not.toContain('pause');
});

test('What is past its time in the archive goes first.', async () => {
  segments = [segment(1, 60), segment(2, 20)];
  await run('full', { archiveDays: 50 });
  expect(orderOf('giveUpFile', 'write')[0]).toBe('giveUpFile');
});

test('A disk with a whole reserve above the floor is open again.', async () => {
  freeBytes = 100 * KIB;
  await run('full');
  expect(room.room).toBe('open');
});

test('A segment that does not fit is tried smaller, and then an old one gives way to it.', async () => {
  segments = [segment(1)];
  let failures = 3;
  failing = (name) => name === 'write' && failures-- > 0;
  await run('full');
  expect(segmentLimits.slice(0, 3)).toEqual([200 * KIB, 100 * KIB, 64 * KIB]);
  expect(orderOf('write', 'giveUpFile').slice(0, 5)).toEqual([
    ...['write', 'write', 'write', 'giveUpFile', 'write'],
  ]);
});

test('However it fails, the reserve is made again and the writer let go.', async () => {
  failing = (name) => name !== 'restartLog';
  await expect(run('full')).rejects.toMatchObject({ code: 'CODI_DISK_FULL' });
  expect(done.slice(-2)).toEqual(['renew', 'room inside']);
});

test('Where policy lets nothing go nothing is touched, and that is said.', async () => {
  blocks = 0;
  segments = [segment(1, 3)];
  const report = await run('full');
  expect(report).toMatchObject({ isStuck: true, releasedBytes: 0 });
  expect(done).toEqual([]);
  expect(reserved).toBe(800 * KIB);
});

test('The file of a segment that was given up already is room enough to go on.', async () => {
  blocks = 0;
  segments = [{ ...segment(1, 3), removedMs: 5 }];
  expect(await run('full')).toMatchObject({ isStuck: false, removedFiles: 1 });
});

test('Room inside that only the log keeps from use is worth the reserve.', async () => {
  blocks = 0;
  freePages = 64;
  await run('full');
  expect(orderOf('release', 'restartLog', 'renew')).toEqual([
    ...['release', 'restartLog', 'restartLog', 'renew'],
  ]);
});

test('A run for another reason that finds the disk full goes on as one for a full disk.', async () => {
  freeBytes = 50 * KIB;
  let failures = 1;
  failing = (name) => name === 'write' && failures-- > 0;
  const report = await run('low');
  expect(orderOf('write', 'release').slice(0, 2)).toEqual(['write', 'release']);
  expect(report.segments).toBeGreaterThan(0);
});
