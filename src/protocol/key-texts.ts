import type { MessagePackCursor } from './msgpack-cursor.ts';

/** A power of two. */
const SLOT_COUNT = 1_024;
/** Longer keys are not remembered. */
const KEPT_BYTES = 32;

interface Slot {
  bytes: Uint8Array;
  text: string;
}

/**
 * Keys of maps: few, and the same again and again. One that was read before costs a comparison in place of a new
 * string, which V8 would have to look up in its table of names besides.
 */
export class KeyTexts {
  /** Each key has two places, so that two that meet do not push each other out. */
  readonly #slots: (Slot | undefined)[] = Array.from({ length: SLOT_COUNT });

  /** The bytes that the cursor passed, as text. */
  read(cursor: MessagePackCursor): string {
    const { bytes, blobStart, blobLength } = cursor;
    if (blobLength === 0 || blobLength > KEPT_BYTES) return cursor.blobText();
    const index = slotOf(bytes, blobStart, blobLength);
    const known = this.#slots[index];
    if (known && cursor.isBlob(known.bytes)) return known.text;
    const second = this.#slots[index ^ 1];
    if (second && cursor.isBlob(second.bytes)) return second.text;
    const text = asName(cursor.blobText());
    const copy = Uint8Array.prototype.slice.call(bytes, blobStart, blobStart + blobLength);
    if (known) this.#slots[index ^ 1] = known;
    this.#slots[index] = { bytes: copy, text };
    return text;
  }
}

function slotOf(bytes: Uint8Array, start: number, length: number): number {
  let hash = length;
  for (let offset = start; offset < start + length; offset++)
    hash = (hash * 31 + (bytes[offset] as number)) | 0;
  return (hash ^ (hash >>> 15)) & (SLOT_COUNT - 1);
}

/** The same text as V8 keeps it for names of properties. */
function asName(text: string): string {
  return Object.keys({ [text]: 0 })[0] as string;
}
