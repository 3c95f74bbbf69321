import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect } from 'vitest';
import {
  assertKeyFits,
  leaveEncryptionCard,
} from '#codi/workers/storage/cipher/encryption-card.js';
import { StoreKey, useStoreKey } from '#codi/workers/storage/cipher/store-key.js';
import {
  openForCheckpoints,
  openForReading,
  openForWriting,
} from '#codi/workers/storage/open-database.js';
import { KEY, OTHER_KEY, withCiphers } from '../../../support/encryption.ts';
import { temporaryDir } from '../../../support/ledger-thread.ts';

const keyOf = (text: string) => new StoreKey(Buffer.from(text));

let dir: ReturnType<typeof temporaryDir>;
let path: string;
beforeEach(() => {
  dir = temporaryDir();
  path = join(dir.path, 'ledger.db');
  useStoreKey(Buffer.from(KEY));
});
afterEach(() => {
  useStoreKey(undefined);
  dir.remove();
});

const codeOf = (run: () => unknown): unknown => {
  try {
    run();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return undefined;
};

function makeStore(): void {
  const writer = openForWriting(path, 'ledger');
  writer.exec("INSERT INTO meta VALUES ('key', 'a secret value')");
  writer.close();
}

withCiphers(
  'every way of opening has the key of its thread, and spills nothing to the disk',
  () => {
    makeStore();
    expect(readFileSync(path).includes('a secret value')).toBe(false);
    for (const open of [openForWriting, openForReading, openForCheckpoints]) {
      const database = open(path, 'ledger');
      expect(database.prepare('SELECT value FROM meta').pluck().get()).toBe('a secret value');
      expect(database.pragma('temp_store', { simple: true })).toBe(2);
      database.close();
    }
  },
);

withCiphers(
  'a thread without the key, or with another one, does not take the store for damaged',
  () => {
    makeStore();
    leaveEncryptionCard(dir.path, keyOf(KEY));
    useStoreKey(undefined);
    for (const open of [openForWriting, openForReading, openForCheckpoints])
      expect(codeOf(() => open(path, 'ledger'))).toBe('CODI_STORE_ENCRYPTED');
    expect(codeOf(() => assertKeyFits(dir.path, undefined))).toBe('CODI_STORE_ENCRYPTED');
    expect(codeOf(() => assertKeyFits(dir.path, keyOf(OTHER_KEY)))).toBe(
      'CODI_ENCRYPTION_KEY_WRONG',
    );
    expect(codeOf(() => assertKeyFits(dir.path, keyOf(KEY)))).toBeUndefined();
  },
);

withCiphers(
  'the two databases of a store have nothing in common but the key they come from',
  () => {
    makeStore();
    expect(codeOf(() => openForReading(path, 'state'))).toBe('SQLITE_NOTADB');
  },
);

withCiphers(
  'a card that cannot be read is named, and a damaged database with a card is damage',
  () => {
    makeStore();
    leaveEncryptionCard(dir.path, keyOf(KEY));
    const bytes = readFileSync(path);
    bytes[100]! ^= 1;
    writeFileSync(path, bytes);
    expect(codeOf(() => assertKeyFits(dir.path, keyOf(KEY)))).toBeUndefined();
    expect(codeOf(() => openForReading(path, 'ledger'))).toBe('SQLITE_NOTADB');
    writeFileSync(join(dir.path, 'encryption.json'), '{');
    expect(codeOf(() => assertKeyFits(dir.path, keyOf(KEY)))).toBe('CODI_STORE_CORRUPT');
  },
);

// What unloads an addon leaves V8 with callbacks into it: a crash when a collection is under way at that moment.
withCiphers('neither SQLite leaves the process with the last thread that had it', () => {
  const script = fileURLToPath(new URL('../../../fixtures/both-sqlites.mjs', import.meta.url));
  const { stdout, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8' });
  // Where there is no /proc the threads have ended at least.
  if (!existsSync('/proc/self/maps')) return expect(stderr).toContain('ENOENT');
  expect(JSON.parse(stdout), stderr).toEqual(['better-sqlite3', 'better-sqlite3-multiple-ciphers']);
});
