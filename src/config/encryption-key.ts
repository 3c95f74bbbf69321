/** Where the key of an encrypted store comes from: a private file or the environment, never an argument. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { CodiError } from '../protocol/errors.ts';

export const KEY_VARIABLE = 'CODI_STORAGE_ENCRYPTION_KEY';
/** Of `codi store rekey` alone. */
export const NEW_KEY_VARIABLE = 'CODI_STORAGE_NEW_ENCRYPTION_KEY';

const SHORTEST_BYTES = 32;
const LONGEST_BYTES = 1024;
const BLANKS = new Set([0x20, 0x09, 0x0a, 0x0d]);

export interface KeySources {
  /** Absolute path. */
  file?: string | undefined;
  /** The key itself, from the environment; empty counts as absent. */
  text?: string | undefined;
  /** Whoever may own the file. */
  uid: number;
}

/** The bytes of the key without blanks at its end; undefined when none is set. Throws CODI_ENCRYPTION_KEY_UNUSABLE. */
export function readEncryptionKey({ file, text, uid }: KeySources): Uint8Array | undefined {
  if (text === '') return readEncryptionKey({ file, uid });
  if (file !== undefined && text !== undefined)
    throw unusable('a file and the environment both name one; leave one of them out');
  if (file !== undefined) return checked(readPrivateFile(file, uid), file);
  return text === undefined ? undefined : checked(Buffer.from(text), 'the one in the environment');
}

function checked(bytes: Buffer, where: string): Uint8Array {
  let end = bytes.length;
  while (end > 0 && BLANKS.has(bytes[end - 1]!)) end -= 1;
  if (end < SHORTEST_BYTES)
    throw unusable(`${where} has ${end} bytes; at least ${SHORTEST_BYTES} are needed`);
  if (end > LONGEST_BYTES)
    throw unusable(`${where} has more than ${LONGEST_BYTES} bytes; it is no key`);
  return new Uint8Array(bytes.subarray(0, end));
}

function readPrivateFile(path: string, uid: number): Buffer {
  let fd: number;
  try {
    // Non-blocking: a pipe in its place must not be waited for.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw unusable(`${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? '?'})`);
  }
  try {
    const facts = fstatSync(fd);
    if (!facts.isFile()) throw unusable(`${path} is not a file`);
    if (facts.uid !== uid) throw unusable(`${path} belongs to user ${facts.uid}, not to you`);
    if ((facts.mode & 0o077) !== 0) {
      const mode = (facts.mode & 0o777).toString(8).padStart(4, '0');
      throw unusable(`${path} is open to others (mode ${mode}); make it private: chmod 600`);
    }
    const bytes = Buffer.alloc(LONGEST_BYTES + 1);
    return bytes.subarray(0, readSync(fd, bytes));
  } finally {
    closeSync(fd);
  }
}

function unusable(reason: string): CodiError {
  return new CodiError('CODI_ENCRYPTION_KEY_UNUSABLE', { reason });
}
