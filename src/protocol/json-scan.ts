import { CodiError } from './errors.ts';
import type { ScanLimits } from './limits.ts';

export type JsonScan =
  | {
      readonly ok: true;
      /** JSON.parse would change this text: it has long numbers or surrogate escapes. */
      readonly needsExactParser: boolean;
    }
  | { readonly ok: false; readonly error: CodiError };

/** Digits from which on an integer may not fit a double. */
const LONG_DIGITS = 16;

/**
 * Looks over JSON text before it is parsed: JSON.parse recurses per level, so depth is bounded here,
 * and so is the number of values. Whether it is JSON at all is left to the parser.
 */
export function scanJson(body: Uint8Array, limits: ScanLimits): JsonScan {
  let depth = 0;
  let nodes = 1;
  let digits = 0;
  let needsExactParser = false;
  for (let index = 0; index < body.length; index++) {
    const byte = body[index] as number;
    if (byte >= 0x30 && byte <= 0x39) {
      if (++digits === LONG_DIGITS) needsExactParser = true;
      continue;
    }
    digits = 0;
    if (byte === 0x22) {
      for (index++; index < body.length && body[index] !== 0x22; index++) {
        if (body[index] !== 0x5c) continue;
        index++;
        // \ud…: the escape of a surrogate, which may be a lone one.
        const isSurrogate = body[index] === 0x75 && ((body[index + 1] as number) | 0x20) === 0x64;
        needsExactParser ||= isSurrogate;
      }
    } else if (byte === 0x7b || byte === 0x5b) {
      nodes++;
      if (++depth > limits.depth) {
        return { ok: false, error: new CodiError('CODI_TOO_DEEP', { limit: limits.depth }) };
      }
    } else if (byte === 0x7d || byte === 0x5d) depth--;
    else if (byte === 0x2c || byte === 0x3a) nodes++;
  }
  if (nodes > limits.nodes) {
    return { ok: false, error: new CodiError('CODI_TOO_MANY_VALUES', { limit: limits.nodes }) };
  }
  return { ok: true, needsExactParser };
}
