import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runInProcess } from '../support/cli-harness.ts';
import { filesWith, fingerprint, KEY, OTHER_KEY, withCiphers } from '../support/encryption.ts';
import { contentOf, RekeyPlace } from '../support/rekey.ts';

let place: RekeyPlace;
let first: string;
let other: string;
beforeEach(async () => {
  place = await new RekeyPlace().fill();
  first = place.key('first', KEY);
  other = place.key('other', OTHER_KEY);
});
afterEach(() => place.remove());

const rekey = (line: string, env: Record<string, string>) =>
  runInProcess(
    ['store', 'rekey', ...line.split(' ').filter(Boolean), '--data-dir', place.dataDir],
    { cwd: place.home, env },
  );
const withKey = (path: string) => ({ CODI_STORAGE_ENCRYPTION_KEY_FILE: path });
const leftovers = () => readdirSync(place.dataDir).filter((name) => name.startsWith('rekey'));
const archive = () => readdirSync(join(place.dataDir, 'archive'));

withCiphers(
  'encrypts a plain store, changes its key, decrypts it: every entry is what it was',
  async () => {
    const content = contentOf(place.dataDir, undefined);
    expect(content.length).toBeGreaterThan(20);
    expect(filesWith(place.dataDir, ['entry 23 1 häi'])).toEqual(['ledger.db-wal']);

    expect((await rekey('', withKey(first))).out).toContain('encrypted with key');
    expect(filesWith(place.dataDir, ['häi', 'ana', 'session'])).toEqual([]);
    expect(archive().every((name) => name.endsWith('.jsonl.gz.enc'))).toBe(true);
    expect(contentOf(place.dataDir, KEY)).toEqual(content);

    const changed = await rekey('--new-key-file other --json', withKey(first));
    expect(changed.json()[0]).toMatchObject({ is_changed: true });
    expect(contentOf(place.dataDir, OTHER_KEY)).toEqual(content);
    expect(() => contentOf(place.dataDir, KEY)).toThrow('not a database');
    expect((await rekey('--new-key-file other', withKey(first))).out).toContain('already');

    expect((await rekey('--decrypt', withKey(other))).out).toContain('not encrypted');
    expect(contentOf(place.dataDir, undefined)).toEqual(content);
    expect(archive().every((name) => name.endsWith('.jsonl.gz'))).toBe(true);
    expect(existsSync(join(place.dataDir, 'encryption.json'))).toBe(false);
    expect(leftovers()).toEqual([]);
  },
  60_000,
);

withCiphers(
  'takes the new key from the environment, and says in the ledger what was done',
  async () => {
    const env = { CODI_STORAGE_NEW_ENCRYPTION_KEY: KEY };
    expect((await rekey('', env)).exitCode).toBe(0);
    const { out } = await runInProcess(
      ['store', 'rekey', '--decrypt', '--data-dir', place.dataDir],
      {
        env: { CODI_STORAGE_ENCRYPTION_KEY: KEY },
      },
    );
    expect(out).toContain('not encrypted');
    const text = readFileSync(join(place.dataDir, 'ledger.db'), 'latin1');
    expect(text).toMatch(/store\.rekey/);
    expect(text).not.toContain(KEY);
  },
  60_000,
);

withCiphers(
  'refuses what it cannot do, and changes nothing',
  async () => {
    const before = fingerprint(place.dataDir);
    const refused = async (line: string, env: Record<string, string>, code: string) => {
      const { exitCode, notes } = await rekey(line, env);
      expect({ line, isDone: exitCode === 0, notes }).toEqual({
        line,
        isDone: false,
        notes: expect.stringContaining(code) as string,
      });
    };
    await refused('', {}, 'CODI_USAGE');
    await refused('--new-key-file missing', {}, 'CODI_ENCRYPTION_KEY_UNUSABLE');
    await refused('--decrypt --new-key-file other', {}, 'CODI_USAGE');
    writeFileSync(join(place.home, 'short'), 'x', { mode: 0o600 });
    await refused('--new-key-file short', {}, 'CODI_ENCRYPTION_KEY_UNUSABLE');
    expect((await rekey('--decrypt', {})).out).toContain('already');
    expect(fingerprint(place.dataDir)).toEqual(before);
    await rekey('', withKey(first));
    const encrypted = fingerprint(place.dataDir);
    await refused('', withKey(first), 'CODI_USAGE');
    await refused('--new-key-file other', {}, 'CODI_STORE_ENCRYPTED');
    await refused('--decrypt', withKey(other), 'CODI_ENCRYPTION_KEY_WRONG');
    expect(fingerprint(place.dataDir)).toEqual(encrypted);
  },
  60_000,
);

withCiphers(
  'leaves a store alone in which a segment is damaged, and keeps what was set aside',
  async () => {
    const [segment] = archive();
    const path = join(place.dataDir, 'archive', segment!);
    const bytes = readFileSync(path);
    const flipped = Buffer.from(bytes);
    flipped[200]! ^= 1;
    writeFileSync(path, flipped);
    const { notes } = await rekey('', withKey(first));
    expect(notes).toContain('CODI_STORE_CORRUPT');
    expect(notes).toContain(segment!);
    expect(archive()).toContain(segment);
    expect(leftovers()).toEqual([]);
    writeFileSync(path, bytes);
    writeFileSync(`${path}.unfit-1`, 'evidence');
    expect((await rekey('', withKey(first))).exitCode).toBe(0);
    expect(archive()).toContain(`${segment}.unfit-1`);
  },
  60_000,
);

test('a change of keys that was interrupted amid its renames is finished by whoever asks the files', async () => {
  const { dataDir, home } = place;
  const staged = readdirSync(dataDir).filter((name) => /^(ledger|state)\.db/.test(name));
  mkdirSync(join(dataDir, 'rekey.unfinished'));
  for (const name of staged)
    renameSync(join(dataDir, name), join(dataDir, 'rekey.unfinished', name));
  writeFileSync(join(dataDir, 'rekey.swapping'), JSON.stringify(staged));
  const line = ['query', '--offline', '--data-dir', dataDir];
  expect(await runInProcess(line, { cwd: home })).toMatchObject({ exitCode: 0 });
  expect(leftovers()).toEqual([]);
});
