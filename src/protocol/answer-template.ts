import type { WireFormat } from './frame.ts';
import { uuidFromBytes } from './uuid.ts';

/** Two UUIDs, 16 bytes each: of the answer itself, and of the message that it answers. */
export interface AnswerIds {
  readonly id: Uint8Array;
  readonly requestId: Uint8Array;
}

/** Frames that differ in nothing but their two UUIDs: each costs a copy. */
export class AnswerTemplate {
  readonly #frame: Buffer;
  readonly #isText: boolean;
  readonly #idOffset: number;
  readonly #requestIdOffset: number;

  /** `marks` are what stands in the frame now; nothing else in it may look like them. */
  constructor(frame: Buffer, marks: AnswerIds, format: WireFormat) {
    this.#frame = frame;
    this.#isText = format === 'json';
    const find = (mark: Uint8Array) => frame.indexOf(this.#isText ? uuidFromBytes(mark) : mark);
    this.#idOffset = find(marks.id);
    this.#requestIdOffset = find(marks.requestId);
  }

  /** Size of each frame. */
  get bytes(): number {
    return this.#frame.length;
  }

  frame(id: Uint8Array, requestId: Uint8Array): Buffer {
    const frame = Buffer.allocUnsafe(this.#frame.length);
    this.write(frame, 0, id, requestId);
    return frame;
  }

  /** Writes one frame into `target`; gives the offset behind it. */
  write(target: Buffer, offset: number, id: Uint8Array, requestId: Uint8Array): number {
    this.#frame.copy(target, offset);
    if (this.#isText) {
      target.write(uuidFromBytes(id), offset + this.#idOffset, 'latin1');
      target.write(uuidFromBytes(requestId), offset + this.#requestIdOffset, 'latin1');
    } else {
      target.set(id, offset + this.#idOffset);
      target.set(requestId, offset + this.#requestIdOffset);
    }
    return offset + this.#frame.length;
  }
}
