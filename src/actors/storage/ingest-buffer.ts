import type { BytePath } from '../../protocol/byte-path.ts';
import type { FileEventRecord } from '../../protocol/file-event.ts';
import type {
  ActRecord,
  ConnectionContext,
  ToLedger,
} from '../../workers/storage/ledger.messages.ts';

/** Bounds of what may wait for the ledger in memory. */
export interface IngestLimits {
  limitBytes: number;
  limitFrames: number;
  /** A commit group is capped near this size, so one client's flood is not another's latency. */
  batchBytes: number;
  /** How much may be at the ledger thread unanswered at once. */
  inFlightBytes: number;
}

export interface OpenedRoot {
  rootId: number;
  lastSequence: number;
  files: number;
}

interface EntriesItem {
  kind: 'entries';
  bodies: Buffer[];
  contexts: ConnectionContext[];
  /** Triples: context index, offset, length. */
  frames: number[];
  posted: ToLedger | undefined;
}
interface FileEventsItem {
  kind: 'fileEvents';
  rootId: number;
  rootPath: BytePath;
  sequence: number;
  events: FileEventRecord[];
  onCommitted: () => void;
}
interface ActItem {
  kind: 'acts';
  acts: ActRecord[];
}
interface RootItem {
  kind: 'openRoot' | 'forgetRoot';
  rootPath: BytePath;
  onDone: (opened: OpenedRoot) => void;
  /** Changes of the root that were offered before it were refused meanwhile: its answer will not count them. */
  isOvertaking: boolean;
}
type Item = (EntriesItem | FileEventsItem | RootItem | ActItem) & {
  batch: number;
  bytes: number;
  frameCount: number;
};

/** What an act counts for, beside its data. */
const ACT_BYTES = 512;

/**
 * Everything on its way to the ledger, in order, until the ledger has answered for it.
 * It outlives the writer's incarnations: a new one replays what has no answer yet, and the ledger's
 * producer sequences, recent ids and root sequences make a replay harmless.
 */
export class IngestBuffer {
  readonly #limits: IngestLimits;
  /** Taken, not at the thread yet. The last one may still grow. */
  #waiting: Item[] = [];
  /** At the thread, in order of posting. */
  #inFlight = new Map<number, Item>();
  #nextBatch = 1;
  #bytes = 0;
  #frames = 0;
  #inFlightBytes = 0;
  #onWork: (() => void) | undefined;
  #onDrain: (() => void)[] = [];

  constructor(limits: IngestLimits) {
    this.#limits = limits;
  }

  /** Called whenever something waits; the writer's present incarnation attaches itself here. */
  attach(onWork: () => void): void {
    this.#onWork = onWork;
  }

  detach(): void {
    this.#onWork = undefined;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get frames(): number {
    return this.#frames;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0 && this.#inFlight.size === 0;
  }

  /** Above half of the limit readers of sockets should pause until `whenDrained`. */
  get isPressing(): boolean {
    return this.#bytes > this.#limits.limitBytes / 2 || this.#frames > this.#limits.limitFrames / 2;
  }

  whenDrained(listener: () => void): void {
    this.#onDrain.push(listener);
  }

  /** Takes one framed body; false when the bound is reached, and then nothing was taken. */
  offerFrame(context: ConnectionContext, body: Buffer): boolean {
    const { limitBytes, limitFrames, batchBytes } = this.#limits;
    if (this.#bytes + body.length > limitBytes || this.#frames + 1 > limitFrames) return false;
    let item = this.#waiting.at(-1);
    if (item?.kind !== 'entries' || item.posted || item.bytes + body.length > batchBytes) {
      item = this.#push({
        kind: 'entries',
        bodies: [],
        contexts: [],
        frames: [],
        posted: undefined,
      });
    }
    const entries = item as Item & EntriesItem;
    if (entries.contexts.at(-1) !== context) entries.contexts.push(context);
    entries.frames.push(entries.contexts.length - 1, entries.bytes, body.length);
    entries.bodies.push(body);
    entries.bytes += body.length;
    entries.frameCount += 1;
    this.#bytes += body.length;
    this.#frames += 1;
    this.#onWork?.();
    return true;
  }

  /** File events are bounded by their watcher's window, so they are always taken. */
  offerFileEvents(events: Omit<FileEventsItem, 'kind'>): void {
    this.#push({ kind: 'fileEvents', ...events });
    this.#onWork?.();
  }

  /** Takes an administrative act; false when the bound is reached, and then it was not taken. */
  offerAct(act: ActRecord): boolean {
    const bytes = ACT_BYTES + (act.data?.length ?? 0);
    const { limitBytes, limitFrames } = this.#limits;
    if (this.#bytes + bytes > limitBytes || this.#frames + 1 > limitFrames) return false;
    const item = this.#push({ kind: 'acts', acts: [act] });
    item.bytes = bytes;
    item.frameCount = 1;
    this.#bytes += bytes;
    this.#frames += 1;
    this.#onWork?.();
    return true;
  }

  openRoot(rootPath: BytePath, onDone: (opened: OpenedRoot) => void): void {
    this.#push({ kind: 'openRoot', rootPath, onDone, isOvertaking: false });
    this.#onWork?.();
  }

  forgetRoot(rootPath: BytePath, onDone: () => void): void {
    this.#push({ kind: 'forgetRoot', rootPath, onDone, isOvertaking: false });
    this.#onWork?.();
  }

  /** The next message for the thread, or undefined when nothing waits or enough is there. */
  take(): ToLedger | undefined {
    if (this.#inFlight.size > 0 && this.#inFlightBytes >= this.#limits.inFlightBytes)
      return undefined;
    const item = this.#waiting.shift();
    if (!item) return undefined;
    this.#inFlight.set(item.batch, item);
    this.#inFlightBytes += item.bytes;
    return toMessage(item);
  }

  /** A new incarnation of the thread knows nothing: what has no answer goes again, in order. Returns how many frames. */
  rewind(): number {
    const items = [...this.#inFlight.values()];
    this.#inFlight.clear();
    this.#putBack(items);
    this.#inFlightBytes = 0;
    return items.reduce((sum, item) => sum + item.frameCount, 0);
  }

  /** The ledger answered for these batches for good. */
  settle(batches: readonly number[]): void {
    for (const batch of batches) {
      const item = this.#inFlight.get(batch);
      if (!item) continue;
      this.#forget(item);
      if (item.kind === 'fileEvents') item.onCommitted();
    }
    this.#relax();
  }

  settleRoot(batch: number, opened: OpenedRoot): void {
    const item = this.#inFlight.get(batch);
    if (item?.kind !== 'openRoot' && item?.kind !== 'forgetRoot') return;
    this.#forget(item);
    // Changes before it that have no answer yet are about to be refused.
    const pending = [...this.#waiting, ...this.#inFlight.values()];
    if (item.isOvertaking || pending.some((other) => isBehind(item, other))) this.#putBack([item]);
    else item.onDone(opened);
    this.#relax();
  }

  /** The ledger took nothing of these: entries were answered so, everything else waits for another try. */
  refuse(batches: readonly number[]): void {
    const again: Item[] = [];
    for (const batch of batches) {
      const item = this.#inFlight.get(batch);
      if (!item) continue;
      if (item.kind === 'entries') {
        this.#forget(item);
        continue;
      }
      this.#inFlight.delete(batch);
      this.#inFlightBytes -= item.bytes;
      again.push(item);
    }
    for (const root of this.#inFlight.values())
      if ('isOvertaking' in root) root.isOvertaking ||= again.some((item) => isBehind(root, item));
    this.#putBack(again);
    this.#relax();
  }

  /** Refusals come one by one; what belongs to a root must not overtake anything of it. */
  #putBack(items: readonly Item[]): void {
    for (const item of items) if ('isOvertaking' in item) item.isOvertaking = false;
    this.#waiting = [...items, ...this.#waiting].sort((one, two) => one.batch - two.batch);
  }

  #forget(item: Item): void {
    this.#inFlight.delete(item.batch);
    this.#inFlightBytes -= item.bytes;
    this.#bytes -= item.bytes;
    this.#frames -= item.frameCount;
  }

  #relax(): void {
    if (this.isPressing || this.#onDrain.length === 0) return;
    const listeners = this.#onDrain;
    this.#onDrain = [];
    for (const listener of listeners) listener();
  }

  #push(item: EntriesItem | FileEventsItem | RootItem | ActItem): Item {
    const queued: Item = Object.assign(item, {
      batch: this.#nextBatch++,
      bytes: 0,
      frameCount: 0,
    });
    this.#waiting.push(queued);
    return queued;
  }
}

/** Whether `other` holds changes of the same root that were offered before. */
function isBehind(root: Item & RootItem, other: Item): boolean {
  return (
    other.kind === 'fileEvents' && other.batch < root.batch && other.rootPath === root.rootPath
  );
}

function toMessage(item: Item): ToLedger {
  switch (item.kind) {
    case 'entries':
      // Kept for a replay; the sockets' chunks behind the bodies are let go.
      item.posted ??= {
        type: 'entries',
        batch: item.batch,
        bytes: Buffer.concat(item.bodies),
        frames: Int32Array.from(item.frames),
        contexts: item.contexts,
      };
      item.bodies = [];
      item.frames = [];
      return item.posted;
    case 'fileEvents': {
      const { batch, rootId, rootPath, sequence, events } = item;
      return { type: 'fileEvents', batch, rootId, rootPath, sequence, events };
    }
    case 'acts':
      return { type: 'acts', batch: item.batch, acts: item.acts };
    case 'openRoot':
    case 'forgetRoot':
      return { type: item.kind, batch: item.batch, rootPath: item.rootPath };
  }
}
