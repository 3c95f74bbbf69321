import { DiskReserve } from '#codi/actors/storage/disk-reserve.js';
import type { RetentionPolicy } from '#codi/actors/storage/retention-policy.js';
import { CodiError } from '#codi/protocol/errors.js';
import { beforeEach, expect, test } from 'vitest';

const KIB = 1024;
const MIB = 1024 * KIB;
const policy: RetentionPolicy = {
  retentionDays: 0,
  sizeLimitBytes: 0,
  diskFloorBytes: 10 * MIB,
  diskReserveBytes: 32 * MIB,
  keepDays: 7,
  isArchiving: true,
  archiveDays: 0,
  segmentLimitBytes: 64 * MIB,
  dropStepMs: 2,
};

/** Free beside the reserve, which takes its room from it. */
let freeBytes: number;
let totalBytes: number;
let held: number;
let made: number[];
let failure: Error | undefined;
let reserve: DiskReserve;
beforeEach(() => {
  [freeBytes, totalBytes, held, made, failure] = [900 * MIB, 1_000 * MIB, 0, [], undefined];
  const change = (bytes: number) => {
    freeBytes += held - bytes;
    held = bytes;
  };
  reserve = new DiskReserve({
    policy,
    disk: async () => ({ freeBytes, totalBytes }),
    held: () => held,
    make: async (bytes) => {
      if (failure) throw failure;
      change(bytes);
    },
    release: async () => {
      const released = held;
      change(0);
      return released;
    },
    onMade: (bytes) => void made.push(bytes),
  });
});

test('It is made once, where there is room for it above the floor.', async () => {
  await reserve.keep();
  await reserve.keep();
  expect(made).toEqual([32 * MIB]);
});

test('Where it would take from the floor it is not made, and one that is there stays.', async () => {
  freeBytes = 42 * MIB - 1;
  await reserve.keep();
  expect(made).toEqual([]);
  [freeBytes, held] = [0, 20 * MIB];
  await reserve.keep();
  expect(held).toBe(20 * MIB);
  freeBytes = 42 * MIB;
  await reserve.keep();
  expect(held).toBe(32 * MIB);
});

test('It is never more than an eighth of the disk, in whole blocks; what is too large is cut.', async () => {
  [totalBytes, freeBytes, held] = [6 * MIB + 40, 5 * MIB, 32 * MIB];
  await reserve.keep();
  expect(held).toBe(768 * KIB);
});

test('After it was used it is made again before anything else: whole above the floor, else half.', async () => {
  await reserve.keep();
  freeBytes = 0;
  expect(await reserve.release()).toBe(32 * MIB);
  await reserve.renew();
  // All but the floor.
  expect([held, freeBytes]).toEqual([22 * MIB, 10 * MIB]);
  await reserve.release();
  freeBytes = 8 * MIB;
  await reserve.renew();
  expect([held, freeBytes]).toEqual([4 * MIB, 4 * MIB]);
  freeBytes = 100 * MIB;
  await reserve.renew();
  expect(held).toBe(32 * MIB);
});

test('Used again and again on a disk where nothing else comes free, it does not shrink.', async () => {
  [freeBytes, held] = [0, 32 * MIB];
  for (let round = 0; round < 10; round++) {
    await reserve.release();
    await reserve.renew();
  }
  expect(held).toBe(22 * MIB);
});

test('A file system that does not tell what a file holds does not have it written for ever.', async () => {
  await reserve.keep();
  held = 0;
  await reserve.keep();
  expect(made).toEqual([32 * MIB]);
});

test('Where it cannot be made for want of room the daemon goes on; anything else is a crash.', async () => {
  failure = new CodiError('CODI_DISK_FULL');
  await reserve.keep();
  expect(made).toEqual([]);
  failure = new Error('broken');
  await expect(reserve.keep()).rejects.toThrow('broken');
  failure = undefined;
  await reserve.keep();
  expect(made).toEqual([32 * MIB]);
});

test('One change waits for the other, so that what is given up is not there a moment later.', async () => {
  const all = [reserve.keep(), reserve.release()];
  await Promise.all(all);
  expect(held).toBe(0);
});
