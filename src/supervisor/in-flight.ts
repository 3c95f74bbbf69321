/**
 * Which actor is in a turn, with which message and since when, in shared memory: another thread can tell what
 * this one is stuck in. Layout: 8 int32 (generation, path bytes, type bytes, epoch, limit in ms), 2 float64 (turn and message
 * start, Unix ms), then path and message type as UTF-8.
 */
const PATH_BYTES = 1_024;
const TYPE_BYTES = 64;
const HEADER_BYTES = 48;
const PATH_AT = HEADER_BYTES;
const TYPE_AT = PATH_AT + PATH_BYTES;
const TOTAL_BYTES = TYPE_AT + TYPE_BYTES;
/** Message types whose bytes are kept at hand. */
const KNOWN_TYPES_LIMIT = 1_000;
const READS = 5;

export interface InFlight {
  path: string;
  epoch: number;
  /** What it handles; undefined for a timer, callback or effect of its own. */
  type: string | undefined;
  /** Wall time of the start of the turn, and of the message, Unix milliseconds. */
  turnSinceMs: number;
  sinceMs: number;
  /** A step longer than this makes its actor unresponsive. */
  limitMs: number;
}

/** Whether what is in flight keeps its thread for too long already: for readers in other threads. */
export function isBlocking(inFlight: InFlight, nowMs: number): boolean {
  return nowMs - inFlight.sinceMs > inFlight.limitMs;
}

/** The text as bytes that fit, for a marker. */
export function markBytes(text: string): Uint8Array {
  return new TextEncoder().encode(text).subarray(0, PATH_BYTES);
}

/** Written by the thread that runs the actors; the cost is a few stores per message. */
export class InFlightMarker {
  readonly buffer = new SharedArrayBuffer(TOTAL_BYTES);
  readonly #words = new Int32Array(this.buffer, 0, 8);
  readonly #times = new Float64Array(this.buffer, 32, 2);
  readonly #bytes = new Uint8Array(this.buffer);
  readonly #types = new Map<string, Uint8Array>();
  #lastType: string | undefined;

  constructor(limitMs: number) {
    this.#words[4] = limitMs;
  }

  /** An actor's turn begins. Odd generations are being written. */
  begin(path: Uint8Array, epoch: number, wallMs: number): void {
    Atomics.add(this.#words, 0, 1);
    this.#bytes.set(path, PATH_AT);
    this.#words[1] = path.length;
    this.#words[2] = 0;
    this.#words[3] = epoch;
    this.#times[0] = wallMs;
    this.#times[1] = wallMs;
    this.#lastType = undefined;
    Atomics.add(this.#words, 0, 1);
  }

  /** It goes on with the next message, or with something of its own. */
  message(type: string | undefined, wallMs: number): void {
    if (type === this.#lastType) {
      this.#times[1] = wallMs;
      return;
    }
    this.#lastType = type;
    const bytes = type === undefined ? undefined : this.#bytesOf(type);
    Atomics.add(this.#words, 0, 1);
    if (bytes) this.#bytes.set(bytes, TYPE_AT);
    this.#words[2] = bytes?.length ?? 0;
    this.#times[1] = wallMs;
    Atomics.add(this.#words, 0, 1);
  }

  end(): void {
    this.#words[1] = 0;
  }

  #bytesOf(type: string): Uint8Array {
    let bytes = this.#types.get(type);
    if (!bytes) {
      bytes = new TextEncoder().encode(type).subarray(0, TYPE_BYTES);
      if (this.#types.size < KNOWN_TYPES_LIMIT) this.#types.set(type, bytes);
    }
    return bytes;
  }
}

/** Reads a marker's buffer, from any thread. Undefined: no actor is in a turn. */
export function readInFlight(buffer: SharedArrayBuffer): InFlight | undefined {
  const words = new Int32Array(buffer, 0, 8);
  for (let attempt = 0; attempt < READS; attempt += 1) {
    const generation = Atomics.load(words, 0);
    if (generation % 2 !== 0) continue;
    const copy = buffer.slice(0);
    if (Atomics.load(words, 0) !== generation) continue;
    const [, pathBytes = 0, typeBytes = 0, epoch = 0, limitMs = 0] = new Int32Array(copy, 0, 8);
    if (pathBytes === 0) return undefined;
    const [turnSinceMs = 0, sinceMs = 0] = new Float64Array(copy, 32, 2);
    // A view of shared memory cannot be decoded: this is a copy of it.
    const text = (at: number, length: number) =>
      new TextDecoder().decode(Uint8Array.from(new Uint8Array(copy, at, length)));
    const type = typeBytes === 0 ? undefined : text(TYPE_AT, typeBytes);
    return { path: text(PATH_AT, pathBytes), epoch, type, turnSinceMs, sinceMs, limitMs };
  }
  return undefined;
}
