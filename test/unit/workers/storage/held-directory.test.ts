import { mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assertHeld, assertInPlace } from '#codi/workers/storage/held-directory.js';
import { openForWriting } from '#codi/workers/storage/open-database.js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { temporaryDir } from '../../../support/ledger-thread.ts';

let dir: string;
let remove: () => void;
let identity: { dev: bigint; ino: bigint };
beforeEach(() => {
  const temporary = temporaryDir();
  remove = temporary.remove;
  dir = join(temporary.path, 'data');
  mkdirSync(dir);
  identity = statSync(dir, { bigint: true });
});
afterEach(() => remove());

const reason = (text: RegExp) => expect.objectContaining({ message: expect.stringMatching(text) });

test('The directory that was taken is the one that is used, and no other.', () => {
  expect(() => assertHeld(dir, identity)).not.toThrow();
  const other = { ...identity, ino: identity.ino + 1n };
  expect(() => assertHeld(dir, other)).toThrow(reason(/another directory/));
  expect(() => openForWriting(join(dir, 'ledger.db'), 'ledger', { directory: other })).toThrow(
    reason(/another directory/),
  );
  rmSync(dir, { recursive: true });
  expect(() => assertHeld(dir, identity)).toThrow(reason(/data is gone/));
});

test('A database that was removed is missed, and so is one that another file took the place of.', () => {
  const path = join(dir, 'ledger.db');
  const isThere = (ino?: bigint) =>
    assertInPlace(dir, 'ledger.db', identity, (file) => ino === undefined || file.ino === ino);
  expect(() => isThere()).toThrow(reason(/ledger\.db is gone/));
  writeFileSync(path, '');
  const { ino } = statSync(path, { bigint: true });
  expect(() => isThere(ino)).not.toThrow();
  writeFileSync(join(dir, 'other'), '');
  renameSync(join(dir, 'other'), path);
  expect(() => isThere(ino)).toThrow(
    reason(/ledger\.db is another file than the one that is open/),
  );
});
