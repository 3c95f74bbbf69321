import type { ConnectionContext } from '../../workers/storage/ledger.messages.ts';

/** What a connection may put into a batch before the next one has its turn. */
const QUANTUM_BYTES = 16 * 1024;
/** Who sent no more than this since nothing of his waited is no flood. */
const FEW_BYTES = 4 * 1024;
/** Places of frames that were taken are dropped from a lane in runs of so many. */
const COMPACT_COUNT = 256;
/** Lanes that are kept although nothing waits in them. */
const IDLE_LANES = 1_024;

interface Frame {
  context: ConnectionContext;
  body: Buffer;
}

/** Frames of one connection, in order. */
interface Lane {
  /** Behind the head; what was taken is let go at once. */
  frames: (Frame | undefined)[];
  head: number;
  /** Bytes it may still take; a large frame leaves a debt for later rounds. */
  credit: number;
  /** Of the frames that wait, and of all since none did. */
  bytes: number;
  cameBytes: number;
  /** Told once, when no more than so many bytes wait. */
  below: { bytes: number; listener: () => void } | undefined;
}

const EMPTY = { head: 0, credit: 0, bytes: 0, cameBytes: 0, below: undefined };

/** Frames for one message to the ledger. */
export interface FrameGroup {
  frames: Frame[];
  bytes: number;
  /** It has the few frames of somebody, who waits for all of it. */
  isShared: boolean;
}

/**
 * Frames that wait, each connection in a lane of its own. Batches take from the lanes in turns (deficit
 * round-robin, Shreedhar and Varghese 1995), so that what one client sends does not wait behind the flood
 * of another. Within a lane the order is kept.
 */
export class EntryLanes {
  /** Only those with frames, in the order of their turns. */
  readonly #turns: Lane[] = [];
  /**
   * By connection, kept when they are empty: a Map whose keys come and go with every frame leaves a chain of old
   * tables, and once V8 has moved one to the old space, frames long taken stay until the next full collection.
   */
  readonly #lanes = new Map<number, Lane>();
  #bytes = 0;

  /** Of all frames that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#turns.length === 0;
  }

  add(context: ConnectionContext, body: Buffer): void {
    const lane = this.#lanes.get(context.connection) ?? this.#open(context.connection);
    if (isIdle(lane)) this.#turns.push(lane);
    lane.frames.push({ context, body });
    lane.bytes += body.length;
    lane.cameBytes += body.length;
    this.#bytes += body.length;
  }

  /** Bytes of one connection that wait. */
  waitingBytes(connection: number): number {
    return this.#lanes.get(connection)?.bytes ?? 0;
  }

  /** Calls once, as soon as no more than `bytes` of a connection wait; at once when so already. One at a time. */
  whenBelow(connection: number, bytes: number, listener: () => void): void {
    const lane = this.#lanes.get(connection);
    if (!lane || lane.bytes <= bytes) listener();
    else lane.below = { bytes, listener };
  }

  /**
   * The next frames: as many as fit, at least one; undefined when none waits. With the few frames of somebody among
   * them it is filled up to `sharedBytes` only.
   */
  take(limitBytes: number, sharedBytes = limitBytes): FrameGroup | undefined {
    if (this.isEmpty) return undefined;
    const group: FrameGroup = { frames: [], bytes: 0, isShared: false };
    this.#fillInTurns(group, limitBytes, sharedBytes);
    this.#bytes -= group.bytes;
    return group;
  }

  #fillInTurns(group: FrameGroup, limitBytes: number, sharedBytes: number): void {
    for (let lane = this.#turns[0]; lane; lane = this.#turns[0]) {
      if (lane.credit <= 0) lane.credit += QUANTUM_BYTES;
      const isFull = fill(group, lane, group.isShared ? sharedBytes : limitBytes);
      if (lane.head < lane.frames.length) compact(lane);
      else {
        group.isShared ||= lane.cameBytes <= FEW_BYTES;
        this.#endTurns(lane);
      }
      tellBelow(lane);
      // A batch that is full leaves the lane its turn.
      if (isFull) return;
      if (this.#turns[0] === lane) this.#turns.push(this.#turns.shift()!);
    }
  }

  #open(connection: number): Lane {
    // Of connections that are gone, mostly; who comes back gets a new one.
    if (this.#lanes.size >= IDLE_LANES + 2 * this.#turns.length)
      for (const [of, lane] of this.#lanes) if (isIdle(lane)) this.#lanes.delete(of);
    const lane: Lane = { ...EMPTY, frames: [] };
    this.#lanes.set(connection, lane);
    return lane;
  }

  /** It is the one whose turn it is, and nothing waits in it any more. */
  #endTurns(lane: Lane): void {
    this.#turns.shift();
    lane.frames.length = lane.head = lane.credit = lane.cameBytes = 0;
  }
}

function isIdle(lane: Lane): boolean {
  return lane.frames.length === 0;
}

/** Moves frames while the lane has credit; true when the next one no longer fits. */
function fill(group: FrameGroup, lane: Lane, limitBytes: number): boolean {
  while (lane.head < lane.frames.length && lane.credit > 0) {
    const frame = lane.frames[lane.head]!;
    const { length } = frame.body;
    if (group.frames.length > 0 && group.bytes + length > limitBytes) return true;
    group.frames.push(frame);
    group.bytes += length;
    lane.credit -= length;
    lane.bytes -= length;
    lane.frames[lane.head] = undefined;
    lane.head += 1;
  }
  return false;
}

function tellBelow(lane: Lane): void {
  if (!lane.below || lane.bytes > lane.below.bytes) return;
  const { listener } = lane.below;
  lane.below = undefined;
  listener();
}

/** A lane that never runs empty must not keep what was taken from it. */
function compact(lane: Lane): void {
  if (lane.head < COMPACT_COUNT) return;
  lane.frames = lane.frames.slice(lane.head);
  lane.head = 0;
}
