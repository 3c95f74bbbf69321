import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reservedBytes, reserveDisk } from '#codi/workers/storage/archive/reserve-file.js';
import { holdDataDirectory, type DaemonCard } from '#codi/wiring/data-directory.js';
import { afterEach, beforeEach, expect, test } from 'vitest';

let home: string;
const CARD: DaemonCard = {
  pid: 4711,
  version: '1',
  socket_path: '/s',
  debug_socket_path: '/d',
  started_at: 'now',
};

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'codi-data-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

test('It makes the directory private, leaves its card, and takes both back.', () => {
  const dataDir = join(home, 'deep', 'data');
  const held = holdDataDirectory(dataDir, CARD);
  expect(statSync(dataDir).mode & 0o777).toBe(0o700);
  expect(JSON.parse(readFileSync(join(dataDir, 'daemon.json'), 'utf8'))).toEqual(CARD);
  expect(held.identity.ino).toBe(statSync(dataDir, { bigint: true }).ino);
  held.release();
  expect(existsSync(join(dataDir, 'daemon.json'))).toBe(false);
  holdDataDirectory(dataDir, CARD).release();
});

test('A second daemon is told who has it, as well as can be known.', () => {
  const held = holdDataDirectory(home, CARD);
  expect(() => holdDataDirectory(home, { ...CARD, pid: 1 })).toThrow(/4711/);
  writeFileSync(join(home, 'daemon.json'), 'no json');
  expect(() => holdDataDirectory(home, CARD)).toThrow(
    expect.objectContaining({ code: 'CODI_ALREADY_RUNNING' }),
  );
  held.release();
});

test('A file, or a path through one, is no data directory.', () => {
  const file = join(home, 'file');
  writeFileSync(file, '');
  for (const path of [file, join(file, 'below')])
    expect(() => holdDataDirectory(path, CARD)).toThrow(
      expect.objectContaining({ code: 'CODI_PATH_INVALID' }),
    );
});

test('A reserve stays where it is while the disk has room.', () => {
  holdDataDirectory(home, CARD).release();
  reserveDisk(home, 4_096);
  const held = holdDataDirectory(home, CARD);
  expect([held.wasFull, reservedBytes(home)]).toEqual([false, 4_096]);
  held.release();
});
