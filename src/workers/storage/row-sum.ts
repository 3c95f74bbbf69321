import { crc32 } from 'node:zlib';

/**
 * A check sum over the columns of a row that is in no block: it tells a row that was damaged on the disk
 * from one that was written. It is no proof against anybody who means harm.
 */
export function rowSum(...columns: readonly (string | number | Uint8Array)[]): number {
  if (columns.every(isShort)) return crc32(`${columns.join('\0')}\0`);
  let sum = 0;
  for (const column of columns) {
    const bytes = typeof column === 'number' ? String(column) : column;
    // The separator keeps neighbours apart: 1, 23 is not 12, 3.
    sum = crc32('\0', crc32(bytes, sum));
  }
  return sum;
}

/** Text and numbers can be summed in one piece. */
function isShort(column: string | number | Uint8Array): boolean {
  return typeof column !== 'object';
}
