import type { CodiError } from '../protocol/errors.ts';
import { isCodiError } from '../protocol/errors.ts';
import type { BodyOf, Payload } from '../protocol/messages.ts';
import { retryDelayMs } from './backoff.ts';
import type { RetryDelays } from './backoff.ts';
import { connectionLost } from './connection.ts';
import type { Connection } from './connection.ts';
import { greet } from './handshake.ts';
import type { ClientPorts, ClientTimer } from './ports.ts';
import type { Target } from './targets.ts';

/** How a link comes up. */
export interface LinkOptions {
  /** At least one. */
  targets: readonly Target[];
  connectTimeoutMs: number;
  delays: RetryDelays;
  ports: ClientPorts;
  /** Asked anew for every connection: the producer id may have changed. */
  hello(): BodyOf<'Hello'>;
}

/** What a link tells its owner. */
export interface LinkHooks {
  onUp(connection: Connection, welcome: BodyOf<'Welcome'>, target: Target): void;
  onAnswer(payload: Payload): void;
  /** A connection that was up is gone. */
  onDown(error: CodiError): void;
  /** An attempt came to nothing; the first in a row is 0. */
  onFailed(error: CodiError, attempt: number): void;
  /** Whether it is worth trying on. */
  isNeeded(): boolean;
  /** Whether it is worth trying on although the daemon refuses us: it may be replaced by another. */
  isPatient(): boolean;
  /** Trying on makes no sense: the daemon, or its socket, refuses us. */
  onRefused(error: CodiError): void;
}

/** One connection at a time to the daemon, brought back whenever its owner needs it. */
export class Link {
  readonly #options: LinkOptions;
  readonly #hooks: LinkHooks;
  #connection: Connection | undefined;
  #isTrying = false;
  #isClosed = false;
  #waiters: (() => void)[] = [];
  #pause: { timer: ClientTimer; end: () => void } | undefined;
  /** Why there is no connection at the moment. */
  lastError: CodiError | undefined;

  constructor(options: LinkOptions, hooks: LinkHooks) {
    this.#options = options;
    this.#hooks = hooks;
  }

  get connection(): Connection | undefined {
    return this.#connection;
  }

  /** Comes up for the first time, within so many attempts; throws the error of the last one. */
  async open(attempts: number): Promise<void> {
    await this.#try((attempt) => attempt + 1 < attempts);
  }

  /** Starts to come up again, unless that is under way, and goes on while the owner needs it. */
  ensure(): void {
    if (this.#connection || this.#isTrying || this.#isClosed) return;
    this.#try(() => this.#hooks.isNeeded()).catch((error: CodiError) => {
      if (!error.retryable) this.#hooks.onRefused(error);
    });
  }

  /** Resolves at the next connection (or at once while there is one); never rejects. */
  async whenUp(): Promise<Connection> {
    while (!this.#connection) {
      this.ensure();
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
    return this.#connection;
  }

  /** Cuts the present connection, if there is one. */
  drop(error: CodiError): void {
    this.#connection?.fail(error);
  }

  /** Sends what is queued and closes for good. */
  close(): void {
    this.#isClosed = true;
    this.#connection?.end();
    this.#endPause();
  }

  async #try(goOn: (attempt: number) => boolean): Promise<void> {
    this.#isTrying = true;
    try {
      for (let attempt = 0; ; attempt++) {
        const error = await this.#attempt();
        if (!error) return;
        this.lastError = error;
        this.#hooks.onFailed(error, attempt);
        const isWorthIt = error.retryable || this.#hooks.isPatient();
        if (this.#isClosed || !isWorthIt || !goOn(attempt)) throw error;
        const { delays, ports } = this.#options;
        await this.#sleep(retryDelayMs(attempt, delays, () => ports.random()));
        if (this.#isClosed) throw error;
      }
    } finally {
      this.#isTrying = false;
    }
  }

  async #attempt(): Promise<CodiError | undefined> {
    try {
      const { connection, welcome, target } = await greet(this.#options, {
        onAnswer: (payload) => this.#hooks.onAnswer(payload),
        onClose: (error) => this.#lost(error ?? connectionLost('closed')),
      });
      if (this.#isClosed) {
        connection.end();
        return connectionLost('closed');
      }
      this.#connection = connection;
      this.lastError = undefined;
      this.#hooks.onUp(connection, welcome, target);
      for (const resolve of this.#waiters.splice(0)) resolve();
      return undefined;
    } catch (error) {
      if (isCodiError(error)) return error;
      throw error;
    }
  }

  #lost(error: CodiError): void {
    this.#connection = undefined;
    this.lastError = error;
    this.#hooks.onDown(error);
    if (this.#hooks.isNeeded()) this.ensure();
  }

  #sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#options.ports.setTimeout(() => this.#endPause(), delayMs);
      this.#pause = { timer, end: resolve };
    });
  }

  #endPause(): void {
    if (!this.#pause) return;
    this.#options.ports.clearTimeout(this.#pause.timer);
    this.#pause.end();
    this.#pause = undefined;
  }
}
