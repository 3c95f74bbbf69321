// Seeded trees of files, and what stands on the disk.
import { lstatSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export function randomOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Directories of at most a hundred to a parent, with the files spread evenly. */
export function growTree(root, { directories, files }) {
  for (let directory = 0; directory < directories; directory++) {
    const path = join(root, `g${directory % 100}`, `d${directory}`);
    mkdirSync(path, { recursive: true });
    for (let file = directory; file < files; file += directories)
      writeFileSync(join(path, `f${file}`), 'x');
  }
}

/** The size of every file below, by path; directories on their own. */
export function walkTree(root) {
  const [files, directories] = [new Map(), []];
  const enter = (directory) => {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name);
      if (entry.isFile()) files.set(path, lstatSync(path).size);
      else if (entry.isDirectory()) {
        directories.push(path);
        enter(path);
      }
    }
  };
  enter(root);
  return { files, directories };
}

/** Milliseconds of the clock that all processes of this machine share. */
export const nowMs = () => Number(process.hrtime.bigint()) / 1e6;
export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
