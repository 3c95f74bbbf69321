import type { Retold } from '../../protocol/content-move.ts';
import type { BytePath } from '../../protocol/byte-path.ts';
import { CodiError } from '../../protocol/errors.ts';
import type {
  ActRecord,
  ConnectionContext,
  ToLedger,
} from '../../workers/storage/ledger.messages.ts';
import { BatchSize } from './batch-size.ts';
import { EntryLanes } from './entry-lanes.ts';
import { FactLanes } from './fact-lanes.ts';
import { byBatch, costOf, isBehind, messageOf } from './ingest-item.ts';
import type {
  ActItem,
  ExportsItem,
  FileEventsItem,
  Item,
  OpenedRoot,
  RootItem,
} from './ingest-item.ts';
import { packFrames } from './frame-pack.ts';
import type { IngestLimits } from './ingest-limits.ts';
import { SlabPool } from './slab-pool.ts';
import type { WriterAbsence } from './writer-absence.ts';

export type { OpenedRoot } from './ingest-item.ts';
export type { IngestLimits } from './ingest-limits.ts';

/** What an act counts for, beside its data. */
const ACT_BYTES = 512;
const FULL_RETRY_MS = 250;

/**
 * Everything on its way to the ledger until the ledger has answered for it. Entries keep their order within a
 * connection, file events, roots and acts theirs among each other. It outlives the writer's incarnations: a new one replays what has no answer yet, and the ledger's
 * producer sequences, recent ids and root sequences make a replay harmless.
 */
export class IngestBuffer {
  readonly #limits: IngestLimits;
  readonly #absence: WriterAbsence | undefined;
  readonly #slabs: SlabPool;
  readonly #batchSize: BatchSize;
  readonly #lanes = new EntryLanes();
  /** Batches of entries that a thread had when it died, and that go again as they were. */
  #replays: Item[] = [];
  /** File events, roots and acts that are not at the thread. */
  readonly #facts = new FactLanes();
  /** Facts and entries take turns, so that neither waits for a storm of the other. */
  #isFactsTurn = true;
  /** At the thread, in order of posting. */
  #inFlight = new Map<number, Item>();
  #nextBatch = 1;
  #bytes = 0;
  #frames = 0;
  #inFlightBytes = 0;
  #onWork: (() => void) | undefined;
  #onDrain: (() => void)[] = [];

  constructor(limits: IngestLimits, absence?: WriterAbsence) {
    this.#limits = limits;
    this.#absence = absence;
    this.#batchSize = new BatchSize(limits);
    this.#slabs = new SlabPool(limits.batchBytes, limits.inFlightCount);
  }

  /** Called whenever something waits; the writer's present incarnation attaches itself here. */
  attach(onWork: () => void): void {
    this.#onWork = onWork;
    if (this.isEmpty) this.#absence?.worked();
  }

  detach(): void {
    this.#onWork = undefined;
  }

  /** The writer's incarnation is over, whatever it had done. */
  lose(): void {
    this.detach();
    this.#absence?.ended();
  }

  get bytes(): number {
    return this.#bytes;
  }

  get frames(): number {
    return this.#frames;
  }

  get isEmpty(): boolean {
    return !this.#isWaiting && this.#inFlight.size === 0;
  }

  /** Above half of the limit readers of sockets should pause until `whenDrained`. */
  get isPressing(): boolean {
    return this.#bytes > this.#limits.limitBytes / 2 || this.#frames > this.#limits.limitFrames / 2;
  }

  whenDrained(listener: () => void): void {
    this.#onDrain.push(listener);
  }

  /** Whether more of one connection waits than helps: what waits for long outlives its time in the collector. */
  isCrowdedBy(connection: number): boolean {
    return this.#lanes.waitingBytes(connection) > this.#limits.connectionBytes;
  }

  /** Calls once, as soon as half of that is taken. */
  whenTakenFrom(connection: number, listener: () => void): void {
    this.#lanes.whenBelow(connection, this.#limits.connectionBytes / 2, listener);
  }

  /** Takes one framed body; false when `refusal` says why nothing was taken. */
  offerFrame(context: ConnectionContext, body: Buffer): boolean {
    const { limitBytes, limitFrames } = this.#limits;
    if (this.#absence?.refusal()) return false;
    if (this.#bytes + body.length > limitBytes || this.#frames + 1 > limitFrames) return false;
    this.#lanes.add(context, body);
    this.#bytes += body.length;
    this.#frames += 1;
    this.#onWork?.();
    return true;
  }

  /** What a client is told whose frame was not taken. */
  refusal(): CodiError {
    const full = () => new CodiError('CODI_OVERLOADED', { retryMs: FULL_RETRY_MS });
    return this.#absence?.refusal() ?? full();
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
    this.#push({ kind: 'acts', acts: [act] }, { bytes, frameCount: 1 });
    this.#bytes += bytes;
    this.#frames += 1;
    this.#onWork?.();
    return true;
  }

  /** Captures are bounded by their actor, which waits for one to be committed, so they are always taken. */
  offerExports(exports: Omit<ExportsItem, 'kind'>): void {
    this.#push({ kind: 'exports', ...exports });
    this.#onWork?.();
  }

  openRoot(rootPath: BytePath, onDone: (opened: OpenedRoot) => void): void {
    this.#push({ kind: 'openRoot', rootPath, onDone, isOvertaking: false });
    this.#onWork?.();
  }

  /** The next message for the thread, or undefined when nothing waits or enough is there. */
  take(): ToLedger | undefined {
    const isBusy = this.#inFlight.size > 0 && this.#inFlightBytes >= this.#batchSize.inFlightBytes;
    if (isBusy || this.#inFlight.size >= this.#limits.inFlightCount) return undefined;
    const item = this.#next();
    if (!item) return undefined;
    this.#inFlight.set(item.batch, item);
    this.#inFlightBytes += item.costBytes;
    return messageOf(item);
  }

  /** A new incarnation of the thread knows nothing: what has no answer goes again, in order. Returns how many frames. */
  rewind(): number {
    const items = [...this.#inFlight.values()];
    this.#inFlight.clear();
    this.#replays = [...items.filter(isEntries), ...this.#replays].sort(byBatch);
    this.#putBack(items.filter((item) => !isEntries(item)));
    this.#isFactsTurn = true;
    this.#inFlightBytes = 0;
    return items.reduce((sum, item) => sum + item.frameCount, 0);
  }

  /** The ledger answered for these batches for good. `starts`: batches of file events that it stored now. */
  settle(
    batches: readonly number[],
    starts: readonly (readonly [batch: number, firstSeq: number, retold?: Retold])[] = [],
  ): void {
    this.#absence?.worked();
    const places = new Map(starts.map((start) => [start[0], start]));
    for (const batch of batches) {
      const item = this.#inFlight.get(batch);
      if (!item) continue;
      this.#forget(item);
      const [, firstSeq, retold] = places.get(batch) ?? [];
      if (item.kind === 'fileEvents') item.onCommitted(firstSeq, retold);
      else if (item.kind === 'exports') item.onCommitted();
    }
    this.#relax();
  }

  settleRoot(batch: number, opened: OpenedRoot): void {
    this.#absence?.worked();
    const item = this.#inFlight.get(batch);
    if (item?.kind !== 'openRoot') return;
    this.#forget(item);
    // Changes before it that have no answer yet are about to be refused.
    const pending = [...this.#facts, ...this.#inFlight.values()];
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
      this.#inFlightBytes -= item.costBytes;
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
    this.#facts.putBack(items);
  }

  #forget(item: Item): void {
    this.#inFlight.delete(item.batch);
    this.#inFlightBytes -= item.costBytes;
    this.#bytes -= item.bytes;
    this.#frames -= item.frameCount;
    if (item.kind === 'entries') this.#slabs.giveBack(item.slab);
  }

  #relax(): void {
    if (this.isPressing || this.#onDrain.length === 0) return;
    const listeners = this.#onDrain;
    this.#onDrain = [];
    for (const listener of listeners) listener();
  }

  get #isWaiting(): boolean {
    return this.#replays.length > 0 || this.#facts.length > 0 || !this.#lanes.isEmpty;
  }

  #next(): Item | undefined {
    const isFactsTurn = this.#isFactsTurn;
    this.#isFactsTurn = !isFactsTurn;
    if (isFactsTurn) return this.#facts.take() ?? this.#nextEntries();
    return this.#nextEntries() ?? this.#facts.take();
  }

  #nextEntries(): Item | undefined {
    const replay = this.#replays.shift();
    if (replay) return replay;
    const size = this.#batchSize;
    const isFew = this.#lanes.bytes < size.worthBytes;
    if (isFew && [...this.#inFlight.values()].some(isEntries)) return undefined;
    const group = this.#lanes.take(size.bytes, size.sharedBytes);
    if (!group) return undefined;
    const { bytes } = group;
    size.made(group.isShared && !this.#lanes.isEmpty);
    const slab = this.#slabs.take(bytes);
    const [batch, frameCount] = [this.#nextBatch++, group.frames.length];
    const message = packFrames(batch, group, slab);
    return { kind: 'entries', batch, bytes, costBytes: bytes, frameCount, message, slab };
  }

  #push(
    item: FileEventsItem | RootItem | ActItem | ExportsItem,
    size: { bytes: number; frameCount: number } = { bytes: 0, frameCount: 0 },
  ): void {
    const costBytes = costOf(item, size.bytes);
    this.#facts.add(Object.assign(item, { batch: this.#nextBatch++, costBytes, ...size }));
  }
}

function isEntries(item: Item): boolean {
  return item.kind === 'entries';
}
