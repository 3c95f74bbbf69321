import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import { openPage } from '#codi/workers/storage/cipher/open-page.js';
import { StoreKey, useStoreKey } from '#codi/workers/storage/cipher/store-key.js';
import { openForWriting } from '#codi/workers/storage/open-database.js';
import { KEY, withCiphers } from '../../../support/encryption.ts';
import { temporaryDir } from '../../../support/ledger-thread.ts';

const PAGE_BYTES = 4_096;
const WAL_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const key = new StoreKey(Buffer.from(KEY)).forDatabase('ledger');

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

/** As the files are before and after a checkpoint. */
function makeStore(): { database: Buffer; log: Buffer } {
  const writer = openForWriting(path, 'ledger');
  writer.exec("INSERT INTO meta VALUES ('key', 'a secret value')");
  cpSync(`${path}-wal`, `${path}-copy`);
  writer.pragma('wal_checkpoint(TRUNCATE)');
  writer.close();
  return { database: readFileSync(path), log: readFileSync(`${path}-copy`) };
}

withCiphers(
  'every page of a database opens without the library that wrote it, and no other does',
  () => {
    const { database } = makeStore();
    const opened = Array.from({ length: database.length / PAGE_BYTES }, (_, at) => {
      const page = database.subarray(at * PAGE_BYTES, (at + 1) * PAGE_BYTES);
      expect(openPage(key, at + 2, page)).toBeUndefined();
      return openPage(key, at + 1, page);
    });
    expect(opened).not.toContain(undefined);
    const plain = Buffer.concat(opened as Buffer[]);
    expect(plain.subarray(0, 16).toString('latin1')).toBe('SQLite format 3\0');
    expect(plain.includes('a secret value')).toBe(true);
  },
);

withCiphers('every page in a write-ahead log is sealed like one in the database', () => {
  const { log } = makeStore();
  const found: boolean[] = [];
  for (let at = WAL_HEADER_BYTES; at < log.length; at += FRAME_HEADER_BYTES + PAGE_BYTES) {
    const page = log.subarray(at + FRAME_HEADER_BYTES, at + FRAME_HEADER_BYTES + PAGE_BYTES);
    found.push(openPage(key, log.readUInt32BE(at), page)!.includes('a secret value'));
  }
  expect(found).toContain(true);
});
