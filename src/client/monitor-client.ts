import { CodiError } from '../protocol/errors.ts';
import type { BodyOf, Message } from '../protocol/messages.ts';
import { ANSWER_KIND } from './answers.ts';
import type { AnswerOf, AskableKind } from './answers.ts';
import { errorFromAcknowledgment, errorFromAnswer } from './answer-errors.ts';
import { withDefaults } from './client-options.ts';
import type { MonitorClientOptions, ResolvedOptions } from './client-options.ts';
import { connectionLost } from './connection.ts';
import { ManyEntries, OneEntry } from './entry-waiter.ts';
import type { Accepted } from './entry-waiter.ts';
import { FollowTable } from './follow.ts';
import type { FollowedRows, FollowRequest, Subscription } from './follow.ts';
import { Link } from './link.ts';
import type { LogEntryInput } from './log-entry.ts';
import { LogPipeline } from './log-pipeline.ts';
import { parcelAnswer } from './parcel-answer.ts';
import { RequestTable } from './request-table.ts';
import { loadAnswerCodec, requestIdOf } from './wire.ts';

const PROTOCOL_VERSION = 1;

/** A program's way to the daemon: entries with a durable answer, questions, subscriptions. */
export class MonitorClient {
  readonly #options: ResolvedOptions;
  readonly #link: Link;
  readonly #pipeline: LogPipeline;
  readonly #requests: RequestTable;
  readonly #follows = new FollowTable();
  readonly #disconnectListeners = new Set<(error: CodiError) => void>();
  #producerId: string;
  #welcome: BodyOf<'Welcome'> | undefined;
  #waiting = 0;
  #isClosed = false;

  private constructor(options: ResolvedOptions) {
    const { ports } = options;
    this.#options = options;
    this.#producerId = options.producerId;
    this.#requests = new RequestTable(ports);
    this.#pipeline = new LogPipeline(ports, options.limits, {
      wantConnection: () => this.#link.ensure(),
      replaceConnection: (error, { newProducer }) => {
        if (newProducer) this.#producerId = ports.newId();
        this.#link.drop(error);
      },
    });
    this.#link = new Link({ ...options, hello: () => this.#hello() }, this.#hooks());
  }

  /**
   * Connects and says hello.
   *
   * @throws CodiError CODI_UNREACHABLE after `retry.attempts`, with the path that was tried;
   * CODI_NOT_PERMITTED when the socket belongs to another user
   */
  static async connect(options: MonitorClientOptions): Promise<MonitorClient> {
    const client = new MonitorClient(withDefaults(options));
    await client.#link.open(client.#options.attempts);
    return client;
  }

  /** What the daemon said at the start of the present (or last) connection. */
  get welcome(): BodyOf<'Welcome'> {
    if (!this.#welcome) throw new Error('a client exists only after its first welcome');
    return this.#welcome;
  }

  get isConnected(): boolean {
    return this.#link.connection !== undefined;
  }

  /**
   * Asks and waits for the answer; comes back first when the connection was lost.
   *
   * @throws CodiError what the daemon answered; CODI_TIMEOUT; CODI_CONNECTION_LOST when the
   * connection ends after the question was sent
   */
  async request<Kind extends AskableKind>(
    kind: Kind,
    body: BodyOf<Kind>,
    { timeoutMs = this.#options.requestTimeoutMs }: { timeoutMs?: number } = {},
  ): Promise<AnswerOf[Kind]> {
    if (this.#isClosed) throw connectionLost('the client is closed');
    await loadAnswerCodec();
    const id = this.#options.ports.newId();
    const answer = this.#requests.add(id, timeoutMs, () => this.#timeoutError(timeoutMs));
    this.#waiting += 1;
    try {
      const sent = this.#link.whenUp().then((connection) => {
        if (this.#requests.has(id)) connection.request(id, kind, body);
      });
      const payload = await Promise.race([answer, sent.then(() => answer)]);
      if (payload.kind === 'Error') throw errorFromAnswer(payload.body);
      if (payload.kind === 'Acknowledgment' && typeof payload.body.status === 'object') {
        throw errorFromAcknowledgment(payload.body.code, payload.body.status.Rejected);
      }
      if (payload.kind !== ANSWER_KIND[kind]) {
        const reason = `${payload.kind} is no answer to ${kind}`;
        throw new CodiError('CODI_MESSAGE_INVALID', { reason });
      }
      return payload.body as AnswerOf[Kind];
    } finally {
      this.#waiting -= 1;
    }
  }

  /**
   * Writes an entry. The promise resolves only when the entry is committed and on disk; until then it
   * is sent again over lost connections and retryable refusals, and stored exactly once. Nobody has
   * to wait for the promise: `flush()` reports failures.
   *
   * @throws CodiError CODI_ENTRY_INVALID; CODI_OVERLOADED when too many entries wait; after
   * `deadlineMs` without success, the error that kept it from succeeding
   */
  log(entry: LogEntryInput): Promise<Accepted> {
    if (this.#isClosed) return Promise.reject(connectionLost('the client is closed'));
    const waiter = new OneEntry();
    this.#pipeline.push(entry, waiter);
    return waiter.answer;
  }

  /**
   * Writes many entries, in order, with one promise; waits for room instead of refusing. Throws the first
   * failure, and hands in no more once it is known.
   */
  async logBatch(entries: Iterable<LogEntryInput>): Promise<Accepted[]> {
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
    const { ports } = this.#options;
    const id = ports.newId();
    const ended = this.#follows.add(id, onRows);
    const start = async () => {
      await loadAnswerCodec();
      const connection = this.#link.connection;
      if (connection) connection.request(id, 'Follow', body);
      else this.#follows.end(id, this.#link.lastError ?? connectionLost('not connected'));
    };
    void start();
    const stop = () => {
      if (!this.#follows.end(id, undefined)) return;
      this.#link.connection?.request(ports.newId(), 'Unfollow', { request_id: id });
    };
    return { stop, ended };
  }

  /** Calls back whenever the connection is lost; the result stops that. */
  onDisconnect(listener: (error: CodiError) => void): () => void {
    this.#disconnectListeners.add(listener);
    return () => void this.#disconnectListeners.delete(listener);
  }

  /** Waits for the answers of entries (at most `deadlineMs` in trouble), then closes. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#pipeline.flush().catch(() => undefined);
    this.abort(connectionLost('the client was closed'));
  }

  /** Closes now; what waits for an answer fails with the error. */
  abort(error: CodiError): void {
    this.#isClosed = true;
    this.#pipeline.abandon(error);
    this.#follows.endAll(undefined);
    this.#requests.failAll(error);
    this.#link.close();
  }

  #hello(): BodyOf<'Hello'> {
    const { clientName, sessionId, tenantId, userId } = this.#options;
    return {
      version: PROTOCOL_VERSION,
      client: clientName,
      producer_id: this.#producerId,
      ...(sessionId !== undefined && { session_id: sessionId }),
      ...(tenantId !== undefined && { tenant_id: tenantId }),
      ...(userId !== undefined && { user_id: userId }),
    };
  }

  #hooks(): ConstructorParameters<typeof Link>[1] {
    return {
      onUp: (connection, welcome) => {
        this.#welcome = welcome;
        const { window } = welcome.limits;
        const terms = { committed: welcome.producer_sequence, window };
        this.#pipeline.attach((frame) => connection.sendFrame(frame), terms);
      },
      onMessage: (message) => this.#receive(message),
      onDown: (error) => {
        this.#pipeline.detach(error);
        this.#requests.failAll(error);
        this.#follows.endAll(error);
        for (const listener of this.#disconnectListeners) listener(error);
      },
      isNeeded: () => !this.#isDone() && (this.#pipeline.isBusy || this.#waiting > 0),
      onRefused: (error) => {
        this.#pipeline.abandon(error);
        this.#requests.failAll(error);
      },
    };
  }

  /** A closed client still brings its last entries home. */
  #isDone(): boolean {
    return this.#isClosed && !this.#pipeline.isBusy;
  }

  #receive(message: Message): void {
    const answer = parcelAnswer(message);
    if (answer && this.#pipeline.handle(answer)) return;
    const requestId = requestIdOf(message);
    if (requestId === undefined) return;
    if (this.#follows.handle(requestId, message.payload)) return;
    this.#requests.settle(requestId, message.payload);
  }

  #timeoutError(timeoutMs: number): CodiError {
    if (!this.isConnected && this.#link.lastError) return this.#link.lastError;
    return new CodiError('CODI_TIMEOUT', { timeoutMs });
  }
}
