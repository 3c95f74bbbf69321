import { isUtf8 } from 'node:buffer';
import type { BytePath } from '../../protocol/byte-path.ts';

/** A path as SQLite holds it: TEXT where its bytes are valid UTF-8, else BLOB. SQLite sorts every TEXT before every BLOB. */
export type PathValue = string | Buffer;

/** Bounds of all paths strictly below a directory, one pair for each storage class; `undefined` where none can be. */
export interface SubtreeBounds {
  text: { from: string; below: string } | undefined;
  blob: { from: Buffer; below: Buffer };
}

/** Control characters are meant: they are ASCII too. */
const NON_ASCII = /[^\x00-\x7f]/; // eslint-disable-line no-control-regex

export function pathToValue(path: BytePath): PathValue {
  if (!NON_ASCII.test(path)) return path;
  const bytes = Buffer.from(path, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : bytes;
}

export function pathFromValue(value: PathValue): BytePath {
  if (typeof value !== 'string') return Buffer.from(value).toString('latin1') as BytePath;
  if (!NON_ASCII.test(value)) return value as BytePath;
  return Buffer.from(value, 'utf8').toString('latin1') as BytePath;
}

/**
 * Everything below `directory`, as half-open key ranges: from 'a/' up to, not including, 'a0' ('0' follows '/').
 * Ranges, not LIKE: '%' and '_' are ordinary letters in a name, and a range uses the key.
 */
export function subtreeBounds(directory: BytePath): SubtreeBounds {
  const from = Buffer.from(`${directory}/`, 'latin1');
  const below = Buffer.from(`${directory}0`, 'latin1');
  const text = isUtf8(from)
    ? { from: from.toString('utf8'), below: below.toString('utf8') }
    : undefined;
  return { text, blob: { from, below } };
}

/** True when `path` lies strictly below `directory`; the empty directory is the root itself. */
export function isBelow(path: BytePath, directory: BytePath): boolean {
  return directory === '' ? path !== '' : path.startsWith(`${directory}/`);
}
