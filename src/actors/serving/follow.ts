import { CodiError, isCodiError } from '../../protocol/errors.ts';
import type { BodyOf, Payload } from '../../protocol/messages.ts';
import type { Scope } from '../../supervisor/index.ts';
import type { Page, Row, ServingPorts } from './ports.ts';

const PAGE_ROWS = 500;
/** Whoever comes back after long goes on behind his last row, wherever the next ones are by now. */
const NEXT_ROWS = { limit: PAGE_ROWS, order: 'oldest', include_archived: true } as const;
const RETRY_MS = 250;

interface Follow {
  id: string;
  body: BodyOf<'Follow'>;
  logs: number;
  events: number;
  isReading: boolean;
  /** Something was committed while a page was being read. */
  isBehind: boolean;
}

/**
 * Live queries of one connection. Each is a cursor over committed rows that moves on when something is
 * committed, so history and live join without a gap or a duplicate, and a slow reader costs no memory.
 */
export class Follows {
  readonly #scope: Scope;
  readonly #ports: ServingPorts;
  readonly #push: (payload: Payload) => boolean;
  readonly #onFailed: () => void;
  readonly #follows = new Map<string, Follow>();
  #unsubscribe: (() => void) | undefined;
  #isBlocked = false;

  /** `onFailed`: one of them ended by itself, after its client was told why. */
  constructor(
    scope: Scope,
    ports: ServingPorts,
    push: (payload: Payload) => boolean,
    onFailed: () => void,
  ) {
    this.#onFailed = onFailed;
    this.#scope = scope;
    this.#ports = ports;
    this.#push = push;
    scope.defer('follows', () => this.stopAll());
  }

  get isActive(): boolean {
    return this.#follows.size > 0;
  }

  start(id: string, body: BodyOf<'Follow'>): void {
    if (this.#follows.size >= this.#ports.limits.followsMax)
      throw new CodiError('CODI_OVERLOADED', { retryMs: 1_000 });
    const head = this.#ports.feed.head();
    const follow: Follow = {
      id,
      body,
      logs: body.from?.logs ?? head.logs,
      events: body.from?.events ?? head.events,
      isReading: false,
      isBehind: false,
    };
    this.#follows.set(id, follow);
    this.#unsubscribe ??= this.#ports.feed.subscribe(this.#scope.wrap(() => this.#advanceAll()));
    this.#advance(follow);
  }

  stop(id: string): boolean {
    const isKnown = this.#follows.delete(id);
    if (this.#follows.size === 0) this.#detach();
    return isKnown;
  }

  stopAll(): void {
    this.#follows.clear();
    this.#detach();
  }

  /** The socket takes bytes again. */
  resume(): void {
    this.#isBlocked = false;
    this.#advanceAll();
  }

  #detach(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }

  #advanceAll(): void {
    for (const follow of this.#follows.values()) this.#advance(follow);
  }

  #advance(follow: Follow): void {
    if (follow.isReading || this.#isBlocked) {
      follow.isBehind = true;
      return;
    }
    follow.isReading = true;
    follow.isBehind = false;
    void this.#readPage(follow).then(
      this.#scope.wrap((isFull: boolean) => {
        follow.isReading = false;
        if ((isFull || follow.isBehind) && this.#isLive(follow)) this.#advance(follow);
      }),
      this.#scope.wrap((error: unknown) => {
        follow.isReading = false;
        if (!isCodiError(error)) throw error;
        if (!this.#isLive(follow)) return;
        if (!error.retryable) this.#fail(follow, error);
        // Readers restart: the cursor has not moved, so the next try misses nothing.
        else this.#scope.after(RETRY_MS, () => this.#isLive(follow) && this.#advance(follow));
      }),
    );
  }

  /** It was not ended, nor replaced by another one of the same id. */
  #isLive(follow: Follow): boolean {
    return this.#follows.get(follow.id) === follow;
  }

  /** A filter that cannot be answered now cannot be answered later either. */
  #fail(follow: Follow, error: CodiError): void {
    this.stop(follow.id);
    this.#push({ kind: 'Error', body: { ...error.toWire(), request_id: follow.id } });
    this.#onFailed();
  }

  async #readPage(follow: Follow): Promise<boolean> {
    const { query } = this.#ports;
    const { streams, log_filter: logFilter, event_filter: eventFilter } = follow.body;
    let isFull = false;
    if (streams.includes('logs')) {
      const filter = { ...logFilter, after_id: follow.logs };
      const page = await query.logs({ filter, count: 'none', ...NEXT_ROWS });
      isFull ||= page.next !== undefined;
      follow.logs = this.#send(follow, 'LogResults', 'entries', page, 'id', follow.logs);
    }
    if (streams.includes('events')) {
      const filter = { ...eventFilter, after_seq: follow.events };
      const page = await query.events({ filter, ...NEXT_ROWS });
      isFull ||= page.next !== undefined;
      follow.events = this.#send(follow, 'EventResults', 'events', page, 'seq', follow.events);
    }
    return isFull;
  }

  #send(
    follow: Follow,
    kind: 'LogResults' | 'EventResults',
    rowsName: string,
    { rows, through, damaged }: Page<Row>,
    cursorName: string,
    cursor: number,
  ): number {
    if (!this.#isLive(follow)) return cursor;
    // Rows that do not match were looked at as well; they are not read again.
    if (rows.length === 0 && !damaged) return through ?? cursor;
    const last = Math.max(Number(rows.at(-1)?.[cursorName] ?? cursor), through ?? 0);
    const body = {
      [rowsName]: rows,
      total_count: rows.length,
      request_id: follow.id,
      last,
      ...(damaged && { damaged }),
    };
    if (!this.#push({ kind, body } as unknown as Payload)) this.#isBlocked = true;
    return last;
  }
}
