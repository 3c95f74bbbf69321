import type { ConnectionContext } from '../../workers/storage/ledger.messages.ts';

/** What a connection may put into a batch before the next one has its turn. */
const QUANTUM_BYTES = 16 * 1024;
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
}

/** Frames for one message to the ledger. */
export interface FrameGroup {
  frames: Frame[];
  bytes: number;
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

  get isEmpty(): boolean {
    return this.#turns.length === 0;
  }

  add(context: ConnectionContext, body: Buffer): void {
    const lane = this.#lanes.get(context.connection) ?? this.#open(context.connection);
    if (isIdle(lane)) this.#turns.push(lane);
    lane.frames.push({ context, body });
  }

  /** The next frames: as many as fit, at least one; undefined when none waits. */
  take(limitBytes: number): FrameGroup | undefined {
    if (this.isEmpty) return undefined;
    const group: FrameGroup = { frames: [], bytes: 0 };
    for (let lane = this.#turns[0]; lane; lane = this.#turns[0]) {
      if (lane.credit <= 0) lane.credit += QUANTUM_BYTES;
      const isFull = fill(group, lane, limitBytes);
      if (lane.head === lane.frames.length) this.#endTurns(lane);
      else compact(lane);
      // A batch that is full leaves the lane its turn.
      if (isFull) return group;
      if (this.#turns[0] === lane) this.#turns.push(this.#turns.shift()!);
    }
    return group;
  }

  #open(connection: number): Lane {
    // Of connections that are gone, mostly; who comes back gets a new one.
    if (this.#lanes.size >= IDLE_LANES + 2 * this.#turns.length)
      for (const [of, lane] of this.#lanes) if (isIdle(lane)) this.#lanes.delete(of);
    const lane = { frames: [], head: 0, credit: 0 };
    this.#lanes.set(connection, lane);
    return lane;
  }

  /** It is the one whose turn it is, and nothing waits in it any more. */
  #endTurns(lane: Lane): void {
    this.#turns.shift();
    lane.frames.length = lane.head = lane.credit = 0;
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
    lane.frames[lane.head] = undefined;
    lane.head += 1;
  }
  return false;
}

/** A lane that never runs empty must not keep what was taken from it. */
function compact(lane: Lane): void {
  if (lane.head < COMPACT_COUNT) return;
  lane.frames = lane.frames.slice(lane.head);
  lane.head = 0;
}
