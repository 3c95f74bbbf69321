import { CodiError, isCodiError } from '../protocol/errors.ts';
import type { BodyOf } from '../protocol/messages.ts';
import { retryDelayMs } from './backoff.ts';
import type { ClientEvent, ClientMode } from './client-events.ts';
import type { Connection } from './connection.ts';
import type { LogPipeline } from './log-pipeline.ts';
import type { ClientPorts } from './ports.ts';
import type { SpoolSettings } from './spool/settings.ts';
import type { SpoolBox } from './spool/spool-box.ts';
import type { Spool } from './spool/spool.ts';

/** What the route needs of its client. */
export interface EntryRouteHost {
  /** Of everything that is spooled from now on. */
  speaker(): { producerId: string; tenantId: string | null; userId: string | null };
  readonly sessionId: string | null;
  /** Sends a batch on this connection and waits for its acknowledgment; throws when it is refused. */
  sendBatch(connection: Connection, body: BodyOf<'LogBatch'>): Promise<void>;
  /** Cuts the present connection; it comes back. */
  dropConnection(error: CodiError): void;
  emit(event: ClientEvent): void;
}

const HAND_OVER_DELAYS = { minMs: 50, maxMs: 5_000 };
/** A daemon that by then has not read what it took from the spool cannot: we go on under another id. */
const BEHIND_MAX = 20;

/**
 * Where entries go: to the daemon, or to the spool while there is none. What was spooled goes to the daemon before
 * anything newer: whoever comes first sends it, this client from its files or the daemon from the folder, and
 * the sequence numbers make it harmless that both may.
 */
export class EntryRoute {
  readonly #ports: ClientPorts;
  readonly #pipeline: LogPipeline;
  readonly #settings: SpoolSettings | undefined;
  readonly #host: EntryRouteHost;
  #mode: ClientMode = 'connecting';
  #box: SpoolBox | undefined;
  #loading: Promise<SpoolBox> | undefined;
  /** Counts connections that came and went, so that a hand-over notices that its own is gone. */
  #epoch = 0;
  /** Entries wait while the last spooled ones are handed over. */
  #isHeld = false;
  /** What was handed over is being removed. */
  #releasing: Promise<void> | undefined;
  #isClosed = false;
  #attemptCount = 0;
  #behindCount = 0;
  spooledCount = 0;

  constructor(
    parts: { ports: ClientPorts; pipeline: LogPipeline; settings: SpoolSettings | undefined },
    host: EntryRouteHost,
  ) {
    this.#ports = parts.ports;
    this.#pipeline = parts.pipeline;
    this.#settings = parts.settings;
    this.#host = host;
  }

  get mode(): ClientMode {
    return this.#mode;
  }

  get hasSpool(): boolean {
    return this.#settings !== undefined;
  }

  /** A daemon has welcomed us. */
  up(connection: Connection, welcome: BodyOf<'Welcome'>, via: 'unix' | 'tcp'): void {
    this.#epoch += 1;
    if (this.#mode !== 'standalone') this.#goLive(connection, welcome, via);
    else void this.#handOver(connection, welcome, via, this.#epoch);
  }

  /** The connection is gone. */
  down(error: CodiError): void {
    this.#epoch += 1;
    if (this.#mode === 'standalone') return this.#letGo();
    const wasConnected = this.#mode === 'connected';
    this.#mode = 'connecting';
    this.#pipeline.detach(error);
    if (wasConnected && !this.#isClosed) this.#host.emit({ type: 'disconnected', error });
  }

  /** No daemon was found for as long as one looks; false when there is no spool to go to. */
  giveUp(error: CodiError): boolean {
    if (!this.#settings) return false;
    if (this.#mode === 'standalone') return true;
    this.#mode = 'standalone';
    const { directory } = this.#settings;
    this.#host.emit({ type: 'standalone', directory, error });
    void this.#attachSpool();
    return true;
  }

  /** Entries that wait were not taken in time. False: there is no other way left for them. */
  takesOver(error: CodiError): boolean {
    if (this.#mode === 'standalone' && !this.#isHeld) return false;
    if (!this.giveUp(error)) return false;
    this.#host.dropConnection(error);
    return true;
  }

  /** Later entries have another producer: what is spooled under the old one is the daemon's. */
  async newProducer(): Promise<void> {
    await this.#box?.spool.leave();
    if (this.#mode === 'standalone') await this.#attachSpool();
  }

  /** The spool, for what is no entry; undefined while a daemon can be asked. */
  async spoolForMessages(): Promise<Spool | undefined> {
    if (this.#mode !== 'standalone') return undefined;
    return (await this.#load()).spool;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#epoch += 1;
    await this.#releasing?.catch(() => undefined);
    await this.#box?.spool.close();
  }

  #goLive(connection: Connection, welcome: BodyOf<'Welcome'>, via: 'unix' | 'tcp'): void {
    this.#mode = 'connected';
    this.#attemptCount = this.#behindCount = 0;
    const { limits, producer_sequence: committed } = welcome;
    const send = (frame: Buffer) => connection.sendFrame(frame);
    this.#pipeline.attach(send, { committed, window: limits.window });
    this.#host.emit({ type: 'connected', via });
  }

  async #attachSpool(): Promise<void> {
    const box = await this.#load();
    // A hand-over that was quicker has the pipeline now, or holds it.
    if (this.#mode !== 'standalone' || this.#isHeld) return;
    this.#pipeline.attachSpool((frame) => this.#spoolFrame(box, frame));
  }

  #spoolFrame(box: SpoolBox, frame: Buffer): void {
    const { kept, ...spooled } = box.take(frame, this.#host.speaker(), this.#host.sessionId);
    const { requestId, count, rejected } = spooled;
    kept.then(
      () => {
        this.spooledCount += count - rejected.size;
        this.#pipeline.handle({ requestId, status: 'accepted', place: 'spool', rejected });
      },
      (error: CodiError) => {
        this.#host.emit({ type: 'spool_refused', error });
        this.#pipeline.handle({ requestId, status: 'rejected', error });
      },
    );
  }

  /** First all that is spooled while new entries still go there too, then the rest while they wait. */
  async #handOver(
    connection: Connection,
    welcome: BodyOf<'Welcome'>,
    via: 'unix' | 'tcp',
    epoch: number,
  ): Promise<void> {
    try {
      const box = await this.#load();
      const { spool } = box;
      const before = await this.#replay(box, connection, welcome.producer_sequence);
      if (epoch !== this.#epoch) return;
      this.#isHeld = true;
      this.#pipeline.detach(handOverFailed(new Behind()));
      await spool.idle();
      const committed = await this.#replay(box, connection, before);
      if (epoch !== this.#epoch) return;
      if (committed < spool.lastSequence || !spool.isIdle) throw new Behind();
      this.#isHeld = false;
      this.#goLive(connection, { ...welcome, producer_sequence: committed }, via);
      this.#releasing = spool.release();
      await this.#releasing;
    } catch (error) {
      if (epoch === this.#epoch) this.#tryLater(error);
    }
  }

  /** Sends what is in the files behind a sequence; gives the last one that is committed then. */
  async #replay(box: SpoolBox, connection: Connection, committed: number): Promise<number> {
    let last = committed;
    for await (const { firstSequence, entries } of box.after(committed)) {
      // The daemon took the file with those before; it is reading them.
      if (firstSequence > last + 1) throw new Behind();
      const body = { entries, first_sequence: firstSequence } as BodyOf<'LogBatch'>;
      await this.#host.sendBatch(connection, body);
      last = firstSequence + entries.length - 1;
    }
    return last;
  }

  /** A refusal may last; only a daemon that does not get on with what it took is given up. */
  #tryLater(error: unknown): void {
    const epoch = this.#epoch;
    const cause = isCodiError(error) ? error : handOverFailed(error);
    this.#letGo();
    this.#attemptCount += 1;
    this.#behindCount = error instanceof Behind ? this.#behindCount + 1 : 0;
    const delayMs = retryDelayMs(this.#attemptCount, HAND_OVER_DELAYS, () => this.#ports.random());
    this.#ports.setTimeout(() => {
      if (epoch !== this.#epoch) return;
      if (this.#behindCount <= BEHIND_MAX) return this.#host.dropConnection(cause);
      this.#behindCount = 0;
      this.#host.emit({ type: 'spool_left', directory: this.#settings!.directory });
      this.#pipeline.startAnew(cause);
    }, delayMs);
  }

  /** Entries go on into the spool. */
  #letGo(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    void this.#attachSpool();
  }

  #load(): Promise<SpoolBox> {
    this.#loading ??= this.#loadBox();
    return this.#loading;
  }

  async #loadBox(): Promise<SpoolBox> {
    const { SpoolBox: Box } = await import('./spool/spool-box.ts');
    this.#box = new Box(this.#settings!, this.#ports, (error) =>
      this.#host.emit({ type: 'spool_sync_failed', error }),
    );
    return this.#box;
  }
}

/** What this client has spooled is not its own any more, and not in the ledger yet. */
class Behind extends Error {}

function handOverFailed(error: unknown): CodiError {
  const reason =
    error instanceof Behind
      ? 'the daemon is still reading what this client spooled'
      : `the spool cannot be handed over: ${error instanceof Error ? error.message : 'unknown'}`;
  return new CodiError('CODI_TRY_AGAIN', { reason }, { cause: error });
}
