// Seeded changes of the files of one tree: creations, appends, renames and deletions in equal parts of both.
import { appendFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { nowMs, randomOf, walkTree } from './watch-tree.mjs';

const SHARES = { create: 0.25, append: 0.35, rename: 0.15 };
const LIMIT_BYTES = 1_000;
/** Every tenth new name is one that was deleted before. */
const REUSED_SHARE = 0.1;

const inOrder = (one, two) => (one < two ? -1 : 1);

export class Changes {
  #random;
  #files;
  #directories;
  #deleted = [];
  #made = 0;
  #touchedAt = new Map();
  #restMs;

  /** A path that was changed is left alone for `restMs`, so that each change can be told from the next. */
  constructor(root, seed, restMs = 0) {
    this.#random = randomOf(seed);
    this.#restMs = restMs;
    const { files, directories } = walkTree(root);
    this.#files = [...files.keys()].sort(inOrder);
    this.#directories = directories
      .filter((path) => this.#files.some((file) => dirname(file) === path))
      .sort(inOrder);
  }

  /** Makes one change and says which path tells of it, when it began and when it had returned. */
  next() {
    const draw = this.#random();
    const file = this.#pick();
    let path = this.#files[file];
    let kind = 'delete';
    if (draw < SHARES.create) [kind, path] = ['create', this.#newPath()];
    else if (draw < SHARES.create + SHARES.append) kind = 'append';
    else if (draw < SHARES.create + SHARES.append + SHARES.rename) kind = 'rename';
    const target = kind === 'rename' ? this.#newPath() : path;
    const text = 'x'.repeat(1 + Math.floor(this.#random() * LIMIT_BYTES));
    const startedAt = nowMs();
    if (kind === 'create') writeFileSync(path, text);
    else if (kind === 'append') appendFileSync(path, text);
    else if (kind === 'rename') renameSync(path, target);
    else unlinkSync(path);
    const returnedAt = nowMs();
    this.#remember(kind, file, path, target);
    if (this.#restMs > 0) for (const one of [path, target]) this.#touchedAt.set(one, returnedAt);
    return { kind, path: target, startedAt, returnedAt };
  }

  #remember(kind, file, path, target) {
    if (kind === 'create') this.#files.push(path);
    if (kind === 'rename') this.#files[file] = target;
    if (kind === 'delete') {
      this.#files[file] = this.#files.at(-1);
      this.#files.pop();
    }
    if (kind === 'rename' || kind === 'delete') this.#deleted.push(path);
  }

  #pick() {
    for (;;) {
      const file = Math.floor(this.#random() * this.#files.length);
      if (this.#isRested(this.#files[file])) return file;
    }
  }

  #newPath() {
    if (this.#deleted.length > 0 && this.#random() < REUSED_SHARE) {
      const at = Math.floor(this.#random() * this.#deleted.length);
      const path = this.#deleted[at];
      if (this.#isRested(path)) {
        this.#deleted[at] = this.#deleted.at(-1);
        this.#deleted.pop();
        return path;
      }
    }
    const directory = this.#directories[Math.floor(this.#random() * this.#directories.length)];
    return join(directory, `n${this.#made++}`);
  }

  #isRested(path) {
    return this.#restMs === 0 || nowMs() - (this.#touchedAt.get(path) ?? -Infinity) > this.#restMs;
  }
}
