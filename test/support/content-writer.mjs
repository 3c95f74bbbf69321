// A thread that changes one file in random ways. After each change it notes what the file is now, by its stat; it alone
// writes, so the last content noted for a stat is what a reader who saw that stat must have found.
import { createHash } from 'node:crypto';
import {
  closeSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';

const { path, seed, changes } = workerData;
let state = seed >>> 0;
const random = (below) => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
};
const bytes = (length) => Buffer.alloc(length, random(256));
const contents = {};

const change = (work) => {
  const file = openSync(path, 'r+');
  work(file);
  closeSync(file);
};
const CHANGES = [
  () => change((file) => writeSync(file, bytes(1 + random(4_000)), 0, null, random(300_000))),
  () => change((file) => writeSync(file, bytes(1), 0, 1, random(lstatSync(path).size + 1))),
  () => change((file) => ftruncateSync(file, random(600_000))),
  () => writeFileSync(path, bytes(random(100_000)), { flag: 'a' }),
  () => {
    writeFileSync(`${path}.new`, bytes(random(300_000)));
    renameSync(`${path}.new`, path);
  },
  () => utimesSync(path, 1_000, 1_000),
];

function note() {
  const { dev, ino, size, mtimeNs, ctimeNs } = lstatSync(path, { bigint: true });
  const content = createHash('sha256').update(readFileSync(path)).digest('hex');
  contents[[dev, ino, size, mtimeNs, ctimeNs].join(' ')] = content;
}

const pause = new Int32Array(new SharedArrayBuffer(4));
note();
for (let n = 0; n < changes; n++) {
  CHANGES[random(CHANGES.length)]();
  note();
  // Mostly in quick succession, within one step of the clock of files; sometimes long enough to be read.
  Atomics.wait(pause, 0, 0, random(4) === 0 ? 20 + random(40) : random(3));
}
parentPort.postMessage(contents);
