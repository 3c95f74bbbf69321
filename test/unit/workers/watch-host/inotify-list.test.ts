import { expect, test } from 'vitest';
import { InotifyLines, kernelDevice } from '#codi/workers/watch-host/inotify-list.js';
import { inodeKey, WatchSet } from '#codi/workers/watch-host/watch-set.js';

const LIST = [
  'pos:\t0\nflags:\t02004000\nmnt_id:\t17\nino:\t1038\n' +
    'inotify wd:2710 ino:2561b5 sdev:fe00000 mask:fc6 ignored_mask:0 fhandle-bytes:8 fhandle-type:1 f_handle:b5\n' +
    'inotify wd:1 ino:9e7e sdev:800013 mask:800afce ignored_mask:0 fhandle-bytes:0\n',
  'pos:\t0\n',
  'inotify wd:1 ino:ffffffffffffffff sdev:1f mask:2',
];

test('Each watch of each descriptor is read, and nothing else.', () => {
  const lines = new InotifyLines(LIST);
  const watches = [];
  while (lines.next()) watches.push([lines.ino, lines.device]);
  expect(watches).toEqual([
    [0x2561b5, 0xfe00000],
    [0x9e7e, 0x800013],
    [0xffffffffffffffffn, 0x1f],
  ]);
  expect(lines.next()).toBe(false);
});

test('An inode number is the same key from the list as from stat(2), and never that of its neighbour.', () => {
  const bits = [1n, 31n, 32n, 51n, 52n, 53n, 63n];
  const inodes = bits.flatMap((bit) => [(1n << bit) - 1n, 1n << bit, (1n << bit) + 1n]);
  const text = inodes.map((ino) => `inotify wd:1 ino:${ino.toString(16)} sdev:7 mask:2\n`).join('');
  const lines = new InotifyLines([text]);
  for (const ino of inodes) {
    expect(lines.next()).toBe(true);
    expect(lines.ino).toBe(inodeKey(ino));
  }
  const distinct = new Set(inodes);
  expect(new Set([...distinct].map(inodeKey)).size).toBe(distinct.size);
});

test('Device numbers of stat(2) are told as the kernel has them: 12 bits of major and 20 of minor number.', () => {
  const devices = [
    [0xfe00n, 0xfe00000],
    [0x813n, 0x800013],
    [0x1fn, 0x1f],
    // Minor 0x12345 and major 0xabc: makedev(3) puts the high bits of the minor number above the major one.
    [0x123abc45n, 0xabc12345],
  ] as const;
  for (const [dev, device] of devices) expect(kernelDevice(dev)).toBe(device);
});

test('A set of watches tells devices apart, and what another set has not.', () => {
  const watches = new WatchSet();
  const others = new WatchSet();
  watches.add(7, 1);
  watches.add(7, 2);
  watches.add(8, 1n << 60n);
  others.add(7, 1);
  others.add(9, 2);
  const left = watches.without(others);
  expect([left.size, left.has(7, 2), left.has(8, 1n << 60n), left.has(7, 1)]).toEqual([
    ...[2, true, true, false],
  ]);
  expect([watches.hasInode(2), watches.has(8, 2)]).toEqual([true, false]);
});
