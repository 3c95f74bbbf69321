import type { CodiError } from '../protocol/errors.ts';
import { isCodiError } from '../protocol/errors.ts';
import type { BodyOf, Payload } from '../protocol/messages.ts';
import type { AnswerOf, AskableKind } from './answers.ts';
import type { ClientCounts, ClientEvent, ClientMode } from './client-events.ts';
import { withDefaults } from './client-options.ts';
import type { MonitorClientOptions, ResolvedOptions } from './client-options.ts';
import { connectionLost } from './connection.ts';
import { EntryRoute } from './entry-route.ts';
import { ManyEntries, OneEntry } from './entry-waiter.ts';
import type { Accepted, EntryPlace } from './entry-waiter.ts';
import { FollowTable, startFollow } from './follow.ts';
import type { FollowedRows, FollowRequest, Subscription } from './follow.ts';
import { Link } from './link.ts';
import type { LinkHooks } from './link.ts';
import type { LogEntryInput } from './log-entry.ts';
import { helloBody } from './hello.ts';
import { LogPipeline } from './log-pipeline.ts';
import { parcelAnswer } from './parcel-answer.ts';
import { Questions } from './questions.ts';
import { sendOrSpool } from './send-or-spool.ts';
import { requestIdOf } from './wire.ts';

/** A program's way to the daemon: entries with a durable answer, questions, subscriptions. */
export class MonitorClient {
  readonly #options: ResolvedOptions;
  readonly #link: Link;
  readonly #pipeline: LogPipeline;
  readonly #route: EntryRoute;
  readonly #questions: Questions;
  readonly #follows = new FollowTable();
  readonly #disconnectListeners = new Set<(error: CodiError) => void>();
  /** Of this client alone where it has a spool: another one could take its numbers while they are spooled. */
  #producerId: string;
  #welcome: BodyOf<'Welcome'> | undefined;
  #dropped = 0;
  #routeClosed: Promise<void> | undefined;
  #closed: Promise<void> | undefined;
  #isClosed = false;

  private constructor(options: ResolvedOptions) {
    const { ports, producerId = ports.newId() } = options;
    this.#options = options;
    this.#producerId = producerId;
    this.#pipeline = new LogPipeline(ports, options.limits, {
      wantConnection: () => this.#link.ensure(),
      replaceConnection: (error, { newProducer }) => this.#replaceConnection(error, newProducer),
      takesOver: (error) => this.#route.takesOver(error),
      onDropped: (count, error) => {
        this.#dropped += count;
        this.#emit({ type: 'dropped', count, error });
      },
    });
    this.#link = new Link({ ...options, hello: () => this.#hello() }, this.#hooks());
    this.#questions = new Questions(ports, this.#link);
    const parts = { ports, pipeline: this.#pipeline, settings: options.spool };
    this.#route = new EntryRoute(parts, {
      speaker: () => this.#speaker(),
      sessionId: options.sessionId ?? null,
      sendBatch: async (connection, body) => {
        const timeoutMs = options.requestTimeoutMs;
        await this.#questions.ask('LogBatch', body, { timeoutMs, connection });
      },
      dropConnection: (error) => this.#link.drop(error),
      emit: (event) => this.#emit(event),
    });
  }

  /**
   * Connects and says hello: by the Unix socket, else by TCP where that is given. When neither leads to a daemon
   * within `retry.attempts`, the client begins standalone, and comes over when a daemon is back.
   *
   * @throws CodiError CODI_CONFIG; without a spool CODI_UNREACHABLE, with the path that was tried, and
   * CODI_NOT_PERMITTED when the socket belongs to another user
   */
  static async connect(options: MonitorClientOptions = {}): Promise<MonitorClient> {
    const client = new MonitorClient(withDefaults(options));
    try {
      await client.#link.open(client.#options.attempts);
    } catch (error) {
      if (!isCodiError(error) || !client.#route.giveUp(error)) throw error;
      client.#link.ensure();
    }
    return client;
  }

  /**
   * The same without waiting: entries are taken at once and go where they can.
   *
   * @throws CodiError CODI_CONFIG
   */
  static open(options: MonitorClientOptions = {}): MonitorClient {
    const client = new MonitorClient(withDefaults(options));
    client.#link.ensure();
    return client;
  }

  /** What the daemon said at the start of the present (or last) connection; undefined before the first. */
  get welcome(): BodyOf<'Welcome'> | undefined {
    return this.#welcome;
  }

  get isConnected(): boolean {
    return this.#link.connection !== undefined;
  }

  get mode(): ClientMode {
    return this.#route.mode;
  }

  get counts(): ClientCounts {
    return { spooled: this.#route.spooledCount, dropped: this.#dropped };
  }

  /**
   * Asks and waits for the answer; comes back first when the connection was lost.
   *
   * Rejects with a CodiError: what the daemon answered; CODI_TIMEOUT; CODI_CONNECTION_LOST when the
   * connection ends after the question was sent; CODI_UNREACHABLE at once in standalone mode
   */
  request<Kind extends AskableKind>(
    kind: Kind,
    body: BodyOf<Kind>,
    { timeoutMs = this.#options.requestTimeoutMs }: { timeoutMs?: number } = {},
  ): Promise<AnswerOf[Kind]> {
    if (this.#isClosed) return Promise.reject(connectionLost('the client is closed'));
    if (this.mode === 'standalone' && !this.isConnected)
      return Promise.reject(this.#link.lastError ?? connectionLost('not connected'));
    return this.#questions.ask(kind, body, { timeoutMs });
  }

  /** A page of log entries, the newest first. Throws as `request` does. */
  query(
    filter: BodyOf<'QueryLogs'>['filter'] = {},
    page: Partial<Omit<BodyOf<'QueryLogs'>, 'filter'>> & { timeoutMs?: number } = {},
  ): Promise<AnswerOf['QueryLogs']> {
    const { timeoutMs = this.#options.requestTimeoutMs, limit = 100, ...rest } = page;
    return this.request('QueryLogs', { filter, limit, ...rest }, { timeoutMs });
  }

  /**
   * Tells of the beginning or end of a session, and waits until that is recorded, or in the spool while no
   * daemon can be reached. Throws what the daemon answered.
   */
  async send<Kind extends 'SessionStart' | 'SessionEnd'>(
    kind: Kind,
    body: BodyOf<Kind>,
  ): Promise<EntryPlace> {
    if (this.#isClosed) throw connectionLost('the client is closed');
    const { ports, requestTimeoutMs: timeoutMs } = this.#options;
    return sendOrSpool(kind, body, {
      ports,
      route: this.#route,
      speaker: this.#speaker(),
      ask: async (id) => void (await this.#questions.ask(kind, body, { id, timeoutMs })),
    });
  }

  /**
   * Writes an entry. The promise resolves only when the entry is committed and on disk, in the ledger, or in
   * the spool while no daemon can be reached; until then it is sent again over lost connections and retryable
   * refusals, and stored exactly once. Nobody has to wait for the promise: `flush()` reports failures.
   *
   * @throws CodiError CODI_ENTRY_INVALID; CODI_OVERLOADED when too many entries wait; after
   * `deadlineMs` without success, the error that kept it from succeeding
   */
  log(entry: LogEntryInput): Promise<Accepted> {
    const waiter = new OneEntry();
    if (this.#isClosed) waiter.refuse(0, connectionLost('the client is closed'));
    else this.#pipeline.push(entry, waiter);
    return waiter.answer;
  }

  /**
   * Writes many entries, in order, with one promise; waits for room instead of refusing. Throws the first
   * failure, and hands in no more once it is known.
   */
  async batch(entries: Iterable<LogEntryInput>): Promise<Accepted[]> {
    const waiter = new ManyEntries();
    let count = 0;
    for (const entry of entries) {
      if (!this.#pipeline.hasRoom) await this.#pipeline.room();
      if (waiter.hasFailed) break;
      if (this.#isClosed) throw connectionLost('the client is closed');
      this.#pipeline.push(entry, waiter);
      count += 1;
    }
    return waiter.all(count);
  }

  /** Resolves when `log()` would not refuse for lack of room. */
  room(): Promise<void> {
    return this.#pipeline.room();
  }

  /** Waits for the answers of every entry so far; throws the first failure since the last flush. */
  flush(): Promise<void> {
    return this.#pipeline.flush();
  }

  /** Follows what is committed, on the present connection only. */
  follow(body: FollowRequest, onRows: (rows: FollowedRows) => void): Subscription {
    return startFollow(this.#follows, this.#link, this.#options.ports.newId, body, onRows);
  }

  /** Calls back whenever the connection is lost; the result stops that. */
  onDisconnect(listener: (error: CodiError) => void): () => void {
    this.#disconnectListeners.add(listener);
    return () => void this.#disconnectListeners.delete(listener);
  }

  /** Waits for the answers of entries (at most `deadlineMs` in trouble), then closes. Whoever calls it again waits too. */
  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    const isAborted = this.#isClosed;
    this.#isClosed = true;
    await this.#pipeline.flush().catch(() => undefined);
    if (!isAborted) this.abort(connectionLost('the client was closed'));
    await this.#routeClosed;
  }

  /** Closes now; what waits for an answer fails with the error. */
  abort(error: CodiError): void {
    this.#isClosed = true;
    this.#pipeline.abandon(error);
    this.#follows.endAll(undefined);
    this.#questions.close(error);
    this.#link.close();
    this.#routeClosed ??= this.#route.close();
  }

  #speaker() {
    const { tenantId = null, userId = null } = this.#options;
    return { producerId: this.#producerId, tenantId, userId };
  }

  #emit(event: ClientEvent): void {
    // Not in the middle of what made it happen: a listener may throw, or call us.
    queueMicrotask(() => this.#options.onEvent(event));
  }

  #replaceConnection(error: CodiError, newProducer: boolean): void {
    if (newProducer && this.#options.producerId !== undefined) return this.abort(error);
    if (newProducer) {
      this.#producerId = this.#options.ports.newId();
      void this.#route.newProducer();
    }
    this.#link.drop(error);
  }

  #hello(): BodyOf<'Hello'> {
    const isFirst = this.#welcome === undefined && this.#route.mode === 'connecting';
    const isNew = isFirst && this.#options.producerId === undefined;
    return helloBody(this.#options, { producerId: this.#producerId, isNew });
  }

  #hooks(): LinkHooks {
    return {
      onUp: (connection, welcome, target) => {
        this.#welcome = welcome;
        this.#route.up(connection, welcome, target.kind);
      },
      onAnswer: (payload) => this.#receive(payload),
      onDown: (error) => {
        this.#route.down(error);
        this.#questions.failAll(error);
        this.#follows.endAll(error);
        for (const listener of this.#disconnectListeners) listener(error);
      },
      onFailed: (error, attempt) => {
        const isLast = attempt + 1 >= this.#options.attempts;
        if (isLast || !error.retryable) this.#route.giveUp(error);
        // Without a spool what waits has its deadline, whether there ever was a connection or not.
        if (!this.#route.hasSpool) this.#pipeline.detach(error);
      },
      // With a spool the way back is looked for even while nothing is to be sent.
      isNeeded: () =>
        this.#pipeline.isBusy ||
        (!this.#isClosed && (this.#route.hasSpool || this.#questions.waiting > 0)),
      isPatient: () => this.#route.mode === 'standalone',
      onRefused: (error) => {
        this.#pipeline.abandon(error);
        this.#questions.failAll(error);
      },
    };
  }

  #receive(payload: Payload): void {
    const answer = parcelAnswer(payload);
    if (answer && this.#pipeline.handle(answer)) return;
    const requestId = requestIdOf(payload);
    if (requestId === undefined) return;
    if (this.#follows.handle(requestId, payload)) return;
    this.#questions.settle(requestId, payload);
  }
}
