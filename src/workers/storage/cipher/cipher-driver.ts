import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dlopen, platform } from 'node:process';
import type Database from 'better-sqlite3';
import { CodiError } from '../../../protocol/errors.ts';

/** SQLite with a page cipher, with the interface of better-sqlite3 and two methods more. */
export interface CipherDatabase extends Database.Database {
  key(key: Buffer): number;
  /** In place, in one transaction; an empty key decrypts. Not in WAL mode. */
  rekey(key: Buffer): number;
}

type Driver = new (path: string, options?: Database.Options) => CipherDatabase;

const PACKAGE = 'better-sqlite3-multiple-ciphers';
const PLAIN_PACKAGE = 'better-sqlite3';
const ADDON = 'build/Release/better_sqlite3.node';
/** ChaCha20-Poly1305: each page has a nonce and a tag of its own. */
const CIPHER = 'chacha20';
/** What follows is the key itself, not a pass phrase to stretch. */
const RAW = Buffer.from('raw:');
/** dlfcn.h; Node has no name for it. */
const RTLD_NODELETE = platform === 'darwin' ? 0x80 : 0x1000;

let driver: Driver | undefined;

/** Loads the optional package. Throws CODI_ENCRYPTION_UNAVAILABLE. */
export function cipherDriver(): Driver {
  driver ??= load();
  return driver;
}

/** What `key` and `rekey` are given for 32 bytes of key. */
export function rawKey(key: Buffer): Buffer {
  return Buffer.concat([RAW, key]);
}

/** Chooses the cipher; throws when the library that answers has none. */
export function chooseCipher(database: CipherDatabase): void {
  database.pragma(`cipher = '${CIPHER}'`);
  if (database.pragma('cipher', { simple: true }) !== CIPHER)
    throw new CodiError('CODI_ENCRYPTION_UNAVAILABLE', {
      reason: `another SQLite answers in place of that of ${PACKAGE}`,
    });
}

/**
 * Keeps an addon in the process for good. When the last thread that has it ends, Node lets go of it, and V8 then calls
 * the code that is no longer there for each object left: a crash, where a collection was under way. better-sqlite3
 * escapes by symbols that pin whichever of the two was loaded first, so the other has to be pinned, whichever it is.
 */
function pin(file: string): void {
  dlopen({ exports: {} }, file, constants.dlopen.RTLD_LAZY | RTLD_NODELETE);
}

function load(): Driver {
  try {
    const require = createRequire(import.meta.url);
    const loaded = require(PACKAGE) as Driver;
    for (const name of [PACKAGE, PLAIN_PACKAGE]) pin(require.resolve(`${name}/${ADDON}`));
    // The addon itself is loaded with the first database.
    new loaded(':memory:').close();
    return loaded;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const isMissing = code === 'MODULE_NOT_FOUND';
    const reason = isMissing ? 'it is not installed' : (message.split('\n', 1)[0] ?? '');
    throw new CodiError('CODI_ENCRYPTION_UNAVAILABLE', { reason }, { cause: error });
  }
}
