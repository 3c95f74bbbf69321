import { isUtf8 } from 'node:buffer';

/**
 * A path as the bytes the system has, held one char per byte (latin1), so that nothing is lost for
 * names that are not valid UTF-8. ASCII paths look the same as always. Compare, sort and use as a
 * map key like any string; never print it directly (see `showBytePath`).
 */
export type BytePath = string & { readonly __bytePath: unique symbol };

/** The path whose bytes these are. */
export function bytePathFromBuffer(bytes: Uint8Array): BytePath {
  return asBuffer(bytes).toString('latin1') as BytePath;
}

/** The path a person or a client wrote, as UTF-8 bytes. */
export function bytePathFromUtf8(text: string): BytePath {
  return (isAscii(text) ? text : Buffer.from(text, 'utf8').toString('latin1')) as BytePath;
}

/** The bytes of the path, as the system wants them. */
export function bytePathToBuffer(path: BytePath): Buffer {
  return Buffer.from(path, 'latin1');
}

/** What `node:fs` wants: a string when the path is ASCII, else a Buffer. */
export function fsPath(path: BytePath): string | Buffer {
  return isAscii(path) ? path : bytePathToBuffer(path);
}

/**
 * The path for people and for the wire: UTF-8 with replacement characters and, when bytes had to be
 * replaced, all bytes beside it in base64.
 */
export function showBytePath(path: BytePath): { path: string; path_b64?: string } {
  if (isAscii(path)) return { path };
  const bytes = bytePathToBuffer(path);
  const text = bytes.toString('utf8');
  return isUtf8(bytes) ? { path: text } : { path: text, path_b64: bytes.toString('base64') };
}

/** `dir` and `name` with one slash between; an empty `dir` gives `name`. */
export function joinBytePath(dir: BytePath, name: string): BytePath {
  if (dir === '') return name as BytePath;
  return (dir.endsWith('/') ? dir + name : `${dir}/${name}`) as BytePath;
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    if (text.charCodeAt(index) > 0x7f) return false;
  }
  return true;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
