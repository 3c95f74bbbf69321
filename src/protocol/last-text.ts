import type { MessagePackCursor } from './msgpack-cursor.ts';

/** Longer texts are not remembered. */
const KEPT_BYTES = 64;

/** The text that was read last: the same bytes again cost a comparison and no new string. */
export class LastText {
  readonly #bytes = Buffer.alloc(KEPT_BYTES);
  #length = -1;
  #text = '';

  /** Whether the bytes that the cursor passed are those read last. */
  isSame({ bytes, blobStart, blobLength }: MessagePackCursor): boolean {
    if (blobLength !== this.#length) return false;
    const last = this.#bytes;
    for (let index = 0; index < blobLength; index++) {
      if (bytes[blobStart + index] !== last[index]) return false;
    }
    return true;
  }

  /** The bytes that the cursor passed, as text. */
  read(cursor: MessagePackCursor): string {
    if (this.isSame(cursor)) return this.#text;
    const text = cursor.blobText();
    const { bytes, blobStart, blobLength } = cursor;
    this.#length = blobLength <= KEPT_BYTES ? blobLength : -1;
    if (this.#length >= 0) bytes.copy(this.#bytes, 0, blobStart, blobStart + blobLength);
    this.#text = text;
    return text;
  }
}
