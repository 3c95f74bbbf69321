import { expect, test } from 'vitest';
import { InotifyLines, inodeOf, watchKey } from '#codi/workers/watch-host/inotify-list.js';

const LIST = [
  'pos:\t0\nflags:\t02004000\nmnt_id:\t17\nino:\t1038\n' +
    'inotify wd:2710 ino:2561b5 sdev:fe00000 mask:fc6 ignored_mask:0 fhandle-bytes:8 fhandle-type:1 f_handle:b5\n' +
    'inotify wd:1 ino:9e7e sdev:800013 mask:800afce ignored_mask:0 fhandle-bytes:0\n',
  'pos:\t0\n',
  'inotify wd:1 ino:ffffffffffffffff sdev:1f mask:2',
];

test('Each watch of each descriptor is read, and nothing else.', () => {
  const lines = new InotifyLines(LIST);
  const keys = [lines.next(), lines.next(), lines.next()];
  expect(keys).toEqual(['2561b5:fe00000', '9e7e:800013', 'ffffffffffffffff:1f']);
  expect(lines.next()).toBeUndefined();
  expect(inodeOf('9e7e:800013')).toBe('9e7e');
});

test('Device numbers of stat(2) are told as the kernel has them: 12 bits of major and 20 of minor number.', () => {
  const devices = [
    [0xfe00n, 'fe00000'],
    [0x813n, '800013'],
    [0x1fn, '1f'],
    // Minor 0x12345 and major 0xabc: makedev(3) puts the high bits of the minor number above the major one.
    [0x123abc45n, 'abc12345'],
  ] as const;
  for (const [dev, name] of devices) expect(watchKey(255n, dev)).toBe(`ff:${name}`);
});
