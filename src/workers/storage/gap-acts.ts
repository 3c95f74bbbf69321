import { createHash } from 'node:crypto';
import { GAP_ACTS } from '../../protocol/gap.ts';

const ID_BYTES = 16;

/** Under which id a gap is opened: the gap's own. */
export function openingActId(gap: string): Buffer {
  return Buffer.from(gap, 'hex');
}

/** Under which id a gap is closed: whoever closes it again writes the same act, which is stored once. */
export function closingActId(gap: string): Buffer {
  const hash = createHash('sha256').update(`${GAP_ACTS.closed} ${gap}`);
  return hash.digest().subarray(0, ID_BYTES);
}
