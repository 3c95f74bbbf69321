import {
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveWatchedPath } from '#codi/platform/watched-path.js';
import {
  bytePathFromBuffer,
  bytePathFromUtf8,
  bytePathToBuffer,
} from '#codi/protocol/byte-path.js';
import { afterEach, beforeEach, expect, test } from 'vitest';

let home: string;
let dataDir: { dev: bigint; ino: bigint };
const resolve = (path: string) => resolveWatchedPath(bytePathFromUtf8(path), dataDir);
const code = (wanted: string) => expect.objectContaining({ code: wanted });

beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'codi-path-')));
  mkdirSync(join(home, 'data', 'inside'), { recursive: true });
  mkdirSync(join(home, 'work'));
  dataDir = statSync(join(home, 'data'), { bigint: true });
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

test('A directory, a file and a link are known by their real path.', () => {
  writeFileSync(join(home, 'work', 'file'), '');
  symlinkSync(join(home, 'work'), join(home, 'link'));
  expect(resolve(join(home, 'work'))).toBe(join(home, 'work'));
  expect(resolve(join(home, 'link', 'file'))).toBe(join(home, 'work', 'file'));
  expect(resolve('/')).toBe('/');
});

test('A name that is not text is kept byte by byte.', () => {
  const path = bytePathFromBuffer(Buffer.concat([Buffer.from(`${home}/`), Buffer.from([0xff])]));
  mkdirSync(bytePathToBuffer(path));
  expect(resolveWatchedPath(path, dataDir)).toBe(path);
});

test('What is relative, missing, or neither file nor directory is refused.', () => {
  expect(() => resolve('work')).toThrow(/not absolute/);
  expect(() => resolve(join(home, 'nothing'))).toThrow(/no such file or directory/);
  symlinkSync(join(home, 'nothing'), join(home, 'dangling'));
  expect(() => resolve(join(home, 'dangling'))).toThrow(code('CODI_PATH_INVALID'));
  expect(() => resolve('/dev/null')).toThrow(/neither directory nor file/);
  expect(() => resolve(`${home}/a\0b`)).toThrow(code('CODI_PATH_INVALID'));
});

test('The data directory and all in it are denied, by whatever name.', () => {
  symlinkSync(join(home, 'data', 'inside'), join(home, 'innocent'));
  for (const name of ['data', 'data/inside', 'innocent'])
    expect(() => resolve(join(home, name))).toThrow(code('CODI_PATH_DENIED'));
});
