import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { bytePathFromUtf8 } from '#codi/protocol/byte-path.js';
import { openOriginal } from '#codi/workers/storage/exports/open-original.js';

let home: string;
let root: string;
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'codi-open-')));
  root = join(home, 'root');
  for (const [folder, content] of [
    [join(root, 'in'), 'inside'],
    [join(home, 'out'), 'outside'],
  ] as const) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'EXPORT.txt'), content);
  }
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function open(isByHand = false) {
  const opened = openOriginal({
    path: bytePathFromUtf8(join(root, 'in', 'EXPORT.txt')),
    root: isByHand ? null : bytePathFromUtf8(root),
    sizeLimitBytes: 1_000,
    uid: process.getuid!(),
  });
  if ('state' in opened) return opened.code;
  try {
    return readFileSync(opened.fd, 'utf8');
  } finally {
    closeSync(opened.fd);
  }
}

test('A folder on the way that has become a link is noticed.', () => {
  expect(open()).toBe('inside');
  renameSync(join(root, 'in'), join(root, 'aside'));
  symlinkSync(join(home, 'out'), join(root, 'in'));
  expect(open()).toBe('CODI_EXPORT_OUTSIDE');
  expect(open(true)).toBe('CODI_EXPORT_OUTSIDE');
});

test('However a folder and a link take turns, nothing from outside is read.', async () => {
  symlinkSync(join(home, 'out'), join(root, 'link'));
  const swap = `
    const { workerData: root, parentPort } = require('node:worker_threads');
    const { renameSync } = require('node:fs');
    const turn = (from, to) => renameSync(root + '/' + from, root + '/' + to);
    parentPort.postMessage('begun');
    for (;;) {
      turn('in', 'aside'); turn('link', 'in'); turn('in', 'link'); turn('aside', 'in');
    }`;
  const swapper = new Worker(swap, { eval: true, workerData: root });
  await new Promise((resolve) => swapper.once('message', resolve));
  const seen = new Map<string, number>();
  try {
    // Until each of both was met, so that the turns were taken while it looked.
    for (let look = 0; look < 100_000 && (look < 2_000 || seen.size < 3); look++) {
      const found = open();
      seen.set(found, (seen.get(found) ?? 0) + 1);
    }
  } finally {
    await swapper.terminate();
  }
  expect(seen.get('outside')).toBeUndefined();
  expect(seen.get('inside')).toBeGreaterThan(0);
  expect(seen.get('CODI_EXPORT_OUTSIDE')).toBeGreaterThan(0);
});
