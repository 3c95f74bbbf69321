/** `encryption.json`: says that a store is encrypted, and with which key, so that no mistake looks like damage. */
import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { CodiError } from '../../../protocol/errors.ts';
import { writeDurably } from '../durable-file.ts';
import type { StoreKind } from '../open-database.ts';
import { chooseCipher, cipherDriver, rawKey } from './cipher-driver.ts';
import type { StoreKey } from './store-key.ts';

export const ENCRYPTION_CARD = 'encryption.json';
const KINDS = ['ledger', 'state'] as const satisfies StoreKind[];
const PLAIN_HEADER = Buffer.from('SQLite format 3\0');

interface EncryptionCard {
  format: 'codi-encryption';
  version: number;
  cipher: 'chacha20-poly1305';
  key_id: string;
}

/**
 * Holds a key, or its absence, against the store in a folder. It changes nothing. Call it before anything of the
 * store is opened in this process: it reads the first bytes of the databases outside of SQLite.
 * Throws CODI_STORE_ENCRYPTED, CODI_STORE_PLAIN, CODI_ENCRYPTION_KEY_WRONG, CODI_ENCRYPTION_UNAVAILABLE.
 */
export function assertKeyFits(folder: string, key: StoreKey | undefined): void {
  const headers = KINDS.map((kind) => headerOf(join(folder, `${kind}.db`)));
  const isPlain = headers.some((header) => header?.equals(PLAIN_HEADER));
  const card = readCard(folder);
  if (!key) {
    if (card && !isPlain) throw new CodiError('CODI_STORE_ENCRYPTED', { path: folder });
    return;
  }
  cipherDriver();
  if (isPlain) throw new CodiError('CODI_STORE_PLAIN', { path: folder });
  const hasStore = headers.some((header) => header !== undefined);
  const fits = card ? card.key_id === key.id : !hasStore || opensAny(folder, key);
  if (!fits) throw new CodiError('CODI_ENCRYPTION_KEY_WRONG', { path: folder });
}

/** Says so in the folder of a store that is, or is about to be, encrypted with this key. */
export function leaveEncryptionCard(folder: string, key: StoreKey): void {
  if (readCard(folder)?.key_id === key.id) return;
  const card: EncryptionCard = {
    format: 'codi-encryption',
    version: 1,
    cipher: 'chacha20-poly1305',
    key_id: key.id,
  };
  writeDurably(folder, ENCRYPTION_CARD, `${JSON.stringify(card, null, 2)}\n`);
}

/** Whether the store in a folder says that it is encrypted. */
export function hasEncryptionCard(folder: string): boolean {
  return existsSync(join(folder, ENCRYPTION_CARD));
}

/** A card that was lost can be written anew by whoever has the key: it only saves the guessing. */
function opensAny(folder: string, key: StoreKey): boolean {
  return KINDS.some((kind) => {
    const database = new (cipherDriver())(join(folder, `${kind}.db`), { readonly: true });
    try {
      chooseCipher(database);
      database.key(rawKey(key.forDatabase(kind)));
      database.pragma('user_version');
      return true;
    } catch {
      return false;
    } finally {
      database.close();
    }
  });
}

/** Undefined when there is no card; one that cannot be read fits no key. */
function readCard(folder: string): Pick<EncryptionCard, 'key_id'> | undefined {
  let text: string;
  try {
    text = readFileSync(join(folder, ENCRYPTION_CARD), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return JSON.parse(text) as EncryptionCard;
  } catch {
    throw new CodiError('CODI_STORE_CORRUPT', {
      path: join(folder, ENCRYPTION_CARD),
      reason: 'it is not JSON; moved away, it is written anew at the next start',
    });
  }
}

/** The first bytes of a database; undefined when there is none, or nothing in it. */
function headerOf(path: string): Buffer | undefined {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    // Something else in its place is told by who opens it.
    if (!fstatSync(fd).isFile()) return undefined;
    const bytes = Buffer.alloc(PLAIN_HEADER.length);
    return readSync(fd, bytes) === bytes.length ? bytes : undefined;
  } finally {
    closeSync(fd);
  }
}
