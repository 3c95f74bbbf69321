import { expect, it } from 'vitest';
import { MountChanges } from '#codi/workers/watch-host/mount-changes.js';

const line = (id: number, point: string, device = '0:30', root = '/') =>
  `${id} 1 ${device} ${root} ${point} rw,relatime shared:1 - tmpfs none rw`;
const text = (...lines: string[]) => `${lines.join('\n')}\n`;

it('Of the first list nothing is new.', () => {
  expect(new MountChanges().since(text(line(1, '/'), line(2, '/proc')))).toEqual([]);
});

it('What came, what went, and what was put in the place of another is told by its place.', () => {
  const mounts = new MountChanges();
  mounts.since(text(line(1, '/'), line(2, '/a'), line(3, '/b')));
  expect(mounts.since(text(line(1, '/'), line(2, '/a'), line(3, '/b')))).toEqual([]);
  expect(mounts.since(text(line(1, '/'), line(4, '/a'), line(5, '/c')))).toEqual([
    '/a',
    '/b',
    '/c',
  ]);
  expect(mounts.since(text(line(1, '/'), line(4, '/a', '0:31'), line(5, '/c')))).toEqual(['/a']);
});

it('Where there is no list nothing changes, and a list that comes back is compared with the last.', () => {
  const mounts = new MountChanges();
  mounts.since(text(line(1, '/')));
  expect(mounts.since(undefined)).toEqual([]);
  expect(mounts.since(text(line(1, '/'), line(2, '/a')))).toEqual(['/a']);
});

it('Escaped characters of a place are the bytes they stand for.', () => {
  const mounts = new MountChanges();
  mounts.since(text(line(1, '/')));
  const strange = String.raw`/a\040b\134c\012d`;
  expect(mounts.since(text(line(1, '/'), line(2, strange)))).toEqual(['/a b\\c\nd']);
});
