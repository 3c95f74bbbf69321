// A file is only read when it is what the index says, and where it says. The tree is changed under its reader's hands.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { bytePathFromUtf8 } from '#codi/protocol/byte-path.js';
import type { IndexStat } from '#codi/protocol/file-event.js';
import { hashFiles, type HashPorts } from '#codi/workers/hashing/hash-files.js';
import type { HashInput } from '#codi/workers/hashing/hashing.messages.js';

const CHUNK = 256 * 1024;
let home: string;
let root: string;
let dataDir: string;
let slept: number;

beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'codi-hash-')));
  root = join(home, 'root');
  dataDir = join(home, 'data');
  mkdirSync(root);
  mkdirSync(dataDir);
  writeFileSync(join(dataDir, 'ledger.db'), 'the ledger');
  slept = 0;
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const at = (path: string) => join(root, path);
const sha256 = (data: Buffer | string) => createHash('sha256').update(data).digest('hex');

function statOf(path: string): IndexStat {
  const found = lstatSync(at(path), { bigint: true });
  const { dev, ino, mtimeNs, ctimeNs } = found;
  const [size, mode, nlink] = [found.size, found.mode, found.nlink].map(Number) as [
    number,
    number,
    number,
  ];
  return { dev, ino, size, mtimeNs, ctimeNs, mode, nlink };
}

function ports(more: Partial<HashPorts> = {}): HashPorts {
  return {
    dataDir,
    isLinux: true,
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    sleep: (durationMs) => {
      slept += durationMs;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, durationMs);
    },
    isStopping: () => false,
    ...more,
  };
}

/** What comes of one file, by the stat it has now unless another is given. */
function read(path: string, stat = statOf(path), more: Partial<HashPorts> = {}): string {
  return readAll([path], [stat], {}, more)[0]!;
}

function readAll(
  paths: string[],
  stats = paths.map(statOf),
  input: Partial<HashInput> = {},
  more: Partial<HashPorts> = {},
): string[] {
  const files = paths.map((path, index) => ({ path: bytePathFromUtf8(path), stat: stats[index]! }));
  const whole = { root: bytePathFromUtf8(root), files, budgetMs: 60_000, ...input };
  return hashFiles(whole, ports(more)).outcomes.map(({ checksum, unread }) =>
    checksum ? Buffer.from(checksum).toString('hex') : unread!,
  );
}

/** Something that happens after the first chunk was read. */
function afterChunk(happens: () => void): Partial<HashPorts> {
  let isDone = false;
  return {
    onChunk: () => {
      if (!isDone) happens();
      isDone = true;
    },
  };
}

test('A file has the checksum of its content, whatever its size.', () => {
  const contents = ['', 'one', Buffer.alloc(CHUNK, 7), Buffer.alloc(CHUNK * 2 + 1, 9)];
  for (const [index, content] of contents.entries()) writeFileSync(at(`${index}`), content);
  writeFileSync(at('sparse'), '');
  truncateSync(at('sparse'), 5 * CHUNK);
  const paths = [...contents.keys()].map(String);
  expect(readAll(paths)).toEqual(contents.map(sha256));
  expect(read('sparse')).toBe(sha256(Buffer.alloc(5 * CHUNK)));
});

test('A root that is a file, and a name that is no UTF-8, are read as well.', () => {
  writeFileSync(at('one'), 'x');
  const stat = statOf('one');
  const only = { root: bytePathFromUtf8(at('one')) };
  expect(readAll([''], [stat], only)).toEqual([sha256('x')]);
  const name = Buffer.from(`${root}/b\xff`, 'latin1');
  writeFileSync(name, 'y');
  const [found] = readdirSync(Buffer.from(root), { encoding: 'buffer' }).filter((each) =>
    each.includes(0xff),
  );
  const path = found!.toString('latin1') as never;
  const { dev, ino, mtimeNs, ctimeNs } = lstatSync(name, { bigint: true });
  const files = [{ path, stat: { ...stat, dev, ino, mtimeNs, ctimeNs } }];
  const input = { root: bytePathFromUtf8(root), files, budgetMs: 60_000 };
  expect(Buffer.from(hashFiles(input, ports()).outcomes[0]!.checksum!).toString('hex')).toBe(
    sha256('y'),
  );
});

const CHANGES: Record<string, () => void> = {
  grows: () => appendFileSync(at('file'), 'more'),
  'is cut off': () => truncateSync(at('file'), 1),
  'is written in place': () => {
    writeFileSync(at('file'), Buffer.alloc(CHUNK * 3, 2), { flag: 'r+' });
  },
  'is written in place and given its old time': () => {
    const { atime, mtime } = lstatSync(at('file'));
    writeFileSync(at('file'), Buffer.alloc(CHUNK * 3, 2), { flag: 'r+' });
    utimesSync(at('file'), atime, mtime);
  },
  'is replaced': () => {
    writeFileSync(at('other'), Buffer.alloc(CHUNK * 3, 1));
    renameSync(at('other'), at('file'));
  },
  'is deleted': () => rmSync(at('file')),
};
for (const [what, happens] of Object.entries(CHANGES))
  test(`A file that ${what} while it is read has no checksum.`, () => {
    writeFileSync(at('file'), Buffer.alloc(CHUNK * 3, 1));
    expect(read('file', statOf('file'), afterChunk(happens))).toBe('changed');
  });

test('A file that is not the one of the index any more is not read.', () => {
  writeFileSync(at('file'), 'one');
  const stat = statOf('file');
  for (const other of [{ size: 4 }, { ino: 1n }, { mtimeNs: 1n }, { ctimeNs: 1n }, { dev: 1n }])
    expect(read('file', { ...stat, ...other })).toBe('changed');
  rmSync(at('file'));
  expect(read('file', stat)).toBe('changed');
});

test('A file that changed just now is let age, so that another change would leave a trace.', () => {
  writeFileSync(at('file'), 'one');
  expect(read('file')).toBe(sha256('one'));
  expect(slept).toBeGreaterThan(0);
  expect(slept).toBeLessThanOrEqual(25);
  const before = slept;
  expect(read('file')).toBe(sha256('one'));
  expect(slept).toBe(before);
});

test('A FIFO is not opened: its writer goes on waiting.', async () => {
  writeFileSync(at('file'), 'one');
  const stat = statOf('file');
  rmSync(at('file'));
  spawnSync('mkfifo', [at('file')]);
  const script = 'echo waiting; exec 3>"$0"; echo opened';
  const writer = spawn('sh', ['-c', script, at('file')], { stdio: ['ignore', 'pipe', 'ignore'] });
  let said = '';
  writer.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  await vi.waitFor(() => {
    expect(said).toBe('waiting\n');
    expect(readFileSync(`/proc/${writer.pid}/stat`, 'utf8')).toContain('(sh) S ');
  });
  expect(read('file', stat)).toBe('changed');
  expect(read('file')).toBe('changed');
  const ended = once(writer, 'close');
  writer.kill();
  await ended;
  expect(said).toBe('waiting\n');
});

test('Nothing is read through a link, neither the file nor a directory above it.', () => {
  mkdirSync(join(home, 'outside'));
  writeFileSync(join(home, 'outside', 'file'), 'secret');
  linkSync(join(home, 'outside', 'file'), at('same'));
  const stat = statOf('same');
  symlinkSync(join(home, 'outside', 'file'), at('link'));
  symlinkSync(join(home, 'outside'), at('dir'));
  // The very inode of the index, but by another way.
  expect(read('link', stat)).toBe('changed');
  expect(read('dir/file', stat)).toBe('changed');
  expect(read('same', stat)).toBe(sha256('secret'));
});

test('A directory that becomes a link while a file in it is read does not lead out of the root.', () => {
  mkdirSync(at('dir'));
  mkdirSync(join(home, 'outside'));
  writeFileSync(at('dir/file'), Buffer.alloc(CHUNK * 2, 1));
  writeFileSync(join(home, 'outside', 'file'), Buffer.alloc(CHUNK * 2, 2));
  const swap = () => {
    renameSync(at('dir'), at('away'));
    symlinkSync(join(home, 'outside'), at('dir'));
  };
  expect(read('dir/file', statOf('dir/file'), afterChunk(swap))).toBe('changed');
});

test('The data directory is never opened, under no name.', () => {
  linkSync(join(dataDir, 'ledger.db'), at('ledger'));
  expect(read('ledger')).toBe('forbidden');
  const inside = { root: bytePathFromUtf8(home) };
  const stat = statOf('ledger');
  expect(readAll(['data/ledger.db'], [stat], inside)).toEqual(['forbidden']);
  mkdirSync(join(dataDir, 'audit'));
  writeFileSync(join(dataDir, 'audit', 'key'), 'k');
  const key = statOf('../data/audit/key');
  expect(readAll(['data/audit/key'], [key], inside)).toEqual(['forbidden']);
});

test('What there is no time for is late, and a stop ends a file in the middle.', () => {
  for (const name of ['a', 'b']) writeFileSync(at(name), Buffer.alloc(CHUNK * 3, 1));
  let nowMs = 0;
  const slow = { monotonicMs: () => (nowMs += 40) };
  expect(readAll(['a', 'b'], undefined, { budgetMs: 100 }, slow)).toEqual(['late', 'late']);
  let isStopping = false;
  const stop = { ...afterChunk(() => (isStopping = true)), isStopping: () => isStopping };
  expect(readAll(['a', 'b'], undefined, {}, stop)).toEqual(['late', 'late']);
});

test('A rate is kept, and small files count as well.', () => {
  for (let n = 0; n < 8; n++) writeFileSync(at(`small-${n}`), 'x');
  const paths = Array.from({ length: 8 }, (_, n) => `small-${n}`);
  readAll(paths, undefined, {}, {});
  slept = 0;
  const sleep = (durationMs: number) => void (slept += durationMs);
  // The clock stands still, so what it sleeps grows with each file: 16 KiB each at 160 KiB/s.
  readAll(paths, undefined, { rateBytes: 160 * 1024 }, { monotonicMs: () => 0, sleep });
  expect(slept).toBeGreaterThan(700);
});

test('A root that is not there gives nothing.', () => {
  writeFileSync(at('file'), 'one');
  const stat = statOf('file');
  rmSync(root, { recursive: true });
  expect(readAll(['file'], [stat])).toEqual(['changed']);
});

test('Reading leaves the access time alone.', () => {
  writeFileSync(at('file'), 'one');
  utimesSync(at('file'), 1, 1);
  expect(read('file')).toBe(sha256('one'));
  expect(lstatSync(at('file')).atimeMs).toBe(1_000);
  chmodSync(at('file'), 0o400);
  expect(read('file')).toBe(sha256('one'));
  expect(readFileSync(at('file'), 'utf8')).toBe('one');
});
