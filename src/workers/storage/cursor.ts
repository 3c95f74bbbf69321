import { CodiError } from '../../protocol/errors.ts';

/** What a cursor goes on with: the place behind the last row, and a tag of the query it belongs to. */
export type CursorParts = (string | number)[];

/** Opaque text for clients. */
export function encodeCursor(tag: string, parts: CursorParts): string {
  return Buffer.from(JSON.stringify([tag, ...parts])).toString('base64url');
}

/** The parts of a cursor of this kind of query; throws CODI_CURSOR_INVALID for anything else. */
export function decodeCursor<Shape extends readonly ('string' | 'number')[]>(
  tag: string,
  shape: Shape,
  text: string,
): { [Index in keyof Shape]: Shape[Index] extends 'number' ? number : string } {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    value = undefined;
  }
  const isValid =
    Array.isArray(value) &&
    value.length === shape.length + 1 &&
    value[0] === tag &&
    shape.every((type, index) => isOfType(value[index + 1], type));
  if (!isValid) throw new CodiError('CODI_CURSOR_INVALID');
  return (value as unknown[]).slice(1) as never;
}

function isOfType(value: unknown, type: 'string' | 'number'): boolean {
  return type === 'number' ? Number.isSafeInteger(value) : typeof value === 'string';
}
