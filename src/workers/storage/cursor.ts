import { CodiError } from '../../protocol/errors.ts';

/** The store a cursor belongs to. */
interface CursorStore {
  identity(): string;
}
/** What a cursor goes on with: the place behind the last row. */
export type CursorParts = (string | number)[];

/**
 * Opaque text for clients. It names the store by its first block, so that it stays good over restarts, backups
 * and restores, and is refused by every other store; `tag` names the kind of query.
 */
export function encodeCursor(store: CursorStore, tag: string, parts: CursorParts): string {
  return Buffer.from(JSON.stringify([store.identity(), tag, ...parts])).toString('base64url');
}

/** The parts of a cursor of this kind of query; throws CODI_CURSOR_INVALID, which says why, for anything else. */
export function decodeCursor<Shape extends readonly ('string' | 'number')[]>(
  store: CursorStore,
  tag: string,
  shape: Shape,
  text: string,
): { [Index in keyof Shape]: Shape[Index] extends 'number' ? number : string } {
  const [identity, foundTag, ...parts] = partsOf(text);
  if (typeof identity !== 'string' || typeof foundTag !== 'string')
    throw invalid('it is not as it was given out');
  if (identity !== store.identity()) throw invalid('it is from another ledger');
  if (foundTag !== tag) throw invalid('it is from a query of another kind or order');
  const isWhole =
    parts.length === shape.length && shape.every((type, index) => isOfType(parts[index], type));
  if (!isWhole) throw invalid('it is not as it was given out');
  return parts as never;
}

function partsOf(text: string): unknown[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}

function invalid(reason: string): CodiError {
  return new CodiError('CODI_CURSOR_INVALID', { reason });
}

function isOfType(value: unknown, type: 'string' | 'number'): boolean {
  return type === 'number' ? Number.isSafeInteger(value) : typeof value === 'string';
}
