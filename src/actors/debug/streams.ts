import { CodiError } from '../../protocol/errors.ts';
import type { TraceEventView } from '../../protocol/debug/actor-views.ts';
import type { StatelyMessage, SubscriptionEnd } from '../../protocol/debug/verbs.ts';
import {
  pathPattern,
  type CellContext,
  type TraceEnd,
  type TraceEvent,
} from '../../supervisor/index.ts';
import type { StatelyParams, ToDebug, TraceParams } from '../../workers/debug/debug.messages.ts';
import { isoTime, round } from './plain-names.ts';
import type { DebugPorts } from './ports.ts';
import { StatelyTeller } from './stately.ts';

/** Events cross to the thread in batches: so many, or what there is after so long. */
const BATCH_MAX = 500;
const BATCH_MS = 50;
/** Batches that the thread has not taken yet; what comes then is lost, and counted. */
const BATCHES_MAX = 8;
/** Each event of it shows a machine; that has its price. */
const STATELY_PER_SECOND = 100;
const SECOND_MS = 1_000;
const KNOWN_TYPES_MAX = 1_000;

const ENDS: Record<TraceEnd, SubscriptionEnd> = {
  limit: 'limit',
  expired: 'expired',
  stopped: 'unsubscribed',
  failed: 'failed',
};

type Item = TraceEventView | StatelyMessage;

interface Stream {
  batch: Item[];
  untaken: number;
  dropped: number;
  secondMs: number;
  inSecond: number;
  cancelFlush: (() => void) | undefined;
  stop(): void;
}

/** Running traces, each in the name that the debug thread gave it. */
export class Streams {
  readonly #ports: DebugPorts;
  readonly #cell: Pick<CellContext, 'clock' | 'scope'>;
  readonly #post: (message: ToDebug) => void;
  readonly #streams = new Map<number, Stream>();

  constructor(
    ports: DebugPorts,
    cell: Pick<CellContext, 'clock' | 'scope'>,
    post: (message: ToDebug) => void,
  ) {
    this.#ports = ports;
    this.#cell = cell;
    this.#post = post;
    cell.scope.defer('traces', () => this.#stopAll());
  }

  trace({ stream: id, direction, type, ...params }: TraceParams & { stream: number }): void {
    const isType = typeMatcher(type);
    const isWanted = (event: TraceEvent) =>
      (direction === undefined || event.kind === direction) && isType(event.type);
    const quota = this.#ports.traceEventsPerSecond;
    this.#start(id, params, quota, isWanted, (event) => [traceEventView(event)]);
  }

  stately({ stream: id, ...params }: StatelyParams & { stream: number }): void {
    const teller = new StatelyTeller(this.#ports.system(), () => this.#cell.clock.nowMs());
    const isWanted = ({ kind }: TraceEvent) => kind === 'handled';
    const quota = Math.min(STATELY_PER_SECOND, this.#ports.traceEventsPerSecond);
    this.#start(id, params, quota, isWanted, (event) => teller.tell(event));
    for (const message of teller.introduce(params.pattern)) this.#add(id, message);
  }

  /** The thread has taken a batch. */
  taken(id: number): void {
    const stream = this.#streams.get(id);
    if (stream) stream.untaken -= 1;
  }

  stop(id: number): void {
    this.#streams.get(id)?.stop();
  }

  #start(
    id: number,
    { pattern, limit, for_ms: forMs }: StatelyParams,
    quota: number,
    isWanted: (event: TraceEvent) => boolean,
    itemsOf: (event: TraceEvent) => Item[],
  ): void {
    const stream: Stream = {
      batch: [],
      untaken: 0,
      dropped: 0,
      secondMs: 0,
      inSecond: 0,
      cancelFlush: undefined,
      stop: () => undefined,
    };
    const result = this.#ports.system().trace(
      {
        pattern,
        limit,
        forMs,
        accepts: (event) => isWanted(event) && hasQuota(stream, quota, event.at),
      },
      (event) => {
        for (const item of itemsOf(event)) this.#add(id, item);
      },
      (why) => this.#end(id, ENDS[why]),
    );
    if (!result.ok) {
      const reason = 'as many traces run as the daemon allows at a time';
      throw new CodiError('CODI_TRY_AGAIN', { reason }, { hint: 'try again when one has ended' });
    }
    stream.stop = result.stop;
    this.#streams.set(id, stream);
  }

  #add(id: number, item: Item): void {
    const stream = this.#streams.get(id);
    if (!stream) return;
    if (stream.untaken >= BATCHES_MAX) {
      stream.dropped += 1;
      return;
    }
    stream.batch.push(item);
    if (stream.batch.length >= BATCH_MAX) this.#flush(id, stream);
    else stream.cancelFlush ??= this.#cell.scope.after(BATCH_MS, () => this.#flush(id, stream));
  }

  #flush(id: number, stream: Stream): void {
    stream.cancelFlush?.();
    stream.cancelFlush = undefined;
    if (stream.batch.length === 0) return;
    this.#post({ type: 'batch', stream: id, events: stream.batch as TraceEventView[] });
    stream.batch = [];
    stream.untaken += 1;
  }

  #end(id: number, reason: SubscriptionEnd): void {
    const stream = this.#streams.get(id);
    if (!stream) return;
    this.#flush(id, stream);
    this.#streams.delete(id);
    this.#post({ type: 'streamEnd', stream: id, reason, dropped: stream.dropped });
  }

  #stopAll(): void {
    for (const stream of [...this.#streams.values()]) stream.stop();
  }
}

/** Types hold no paths: one star is any text. There are few of them, each is matched once. */
function typeMatcher(pattern: string | undefined): (type: string) => boolean {
  if (pattern === undefined) return () => true;
  const wanted = pathPattern(pattern.replaceAll(/\*+/g, '**'));
  const known = new Map<string, boolean>();
  return (type) => {
    let isWanted = known.get(type);
    if (isWanted === undefined) {
      isWanted = wanted.test(type);
      if (known.size < KNOWN_TYPES_MAX) known.set(type, isWanted);
    }
    return isWanted;
  };
}

function hasQuota(stream: Stream, quota: number, atMs: number): boolean {
  if (Math.abs(atMs - stream.secondMs) >= SECOND_MS) {
    stream.secondMs = atMs;
    stream.inSecond = 0;
  }
  stream.inSecond += 1;
  if (stream.inSecond <= quota) return true;
  stream.dropped += 1;
  return false;
}

function traceEventView(event: TraceEvent): TraceEventView {
  const { seq, path, epoch, type } = event;
  const common = { seq, at: isoTime(event.at), path, epoch, type };
  if (event.kind === 'sent') {
    return { ...common, kind: 'sent', to: event.to, result: event.result };
  }
  const { waitMs, handleMs, outcome, state } = event;
  const times = { wait_ms: round(waitMs), handle_ms: round(handleMs) };
  return { ...common, kind: 'handled', ...times, outcome, state };
}
