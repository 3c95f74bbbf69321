import { posix } from 'node:path';
import { bytePathFromUtf8, type BytePath } from '../../protocol/byte-path.ts';
import type { JsonValue } from '../../protocol/json-value.ts';

const FOLDER_KEYS = ['cwd', 'workspace'] as const;
const PATH_UNITS_MAX = 4_096;

/** Where a session works, as its metadata says: `cwd` and `workspace`, where they are absolute paths. */
export function foldersOf(metadata: JsonValue | undefined): BytePath[] {
  const folders = FOLDER_KEYS.map((key) => textOf(metadata, key)).filter(isFolder);
  return [...new Set(folders.map((folder) => bytePathFromUtf8(withoutSlash(folder))))];
}

/** A text that metadata holds under a key; undefined without one. */
export function textOf(metadata: JsonValue | undefined, key: string): string | undefined {
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata))
    return undefined;
  const value = (metadata as Record<string, JsonValue>)[key];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function isFolder(text: string | undefined): text is string {
  return text !== undefined && text.length <= PATH_UNITS_MAX && posix.isAbsolute(text);
}

function withoutSlash(path: string): string {
  return posix.normalize(path).replace(/(?<=.)\/+$/, '');
}
