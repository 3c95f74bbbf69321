import type { Host, HostExit } from './environment.ts';
import type { Heartbeat } from './child-spec.ts';
import type { Clock } from './clock.ts';
import { FifoQueue } from './fifo-queue.ts';
import { HostPulse, PULSE_LOOKS } from './host-pulse.ts';
import type { CellScope } from './scope.ts';

/** Messages kept for a listener that is not there yet; more crashes the cell. */
const EARLY_MESSAGES_LIMIT = 10_000;

export interface CellHostEvents {
  onReady(): void;
  onStartFailed(message: unknown): void;
  /** After the behaviour's own listeners heard of it. */
  onExit(exit: HostExit): void;
  onCrash(error: unknown): void;
  /** Its heartbeat is overdue. */
  onSilent(silentMs: number): void;
}

/**
 * A cell's view of its thread or process: waits for `sys.ready`, keeps what arrives before the behaviour
 * listens, wraps its listeners, and lets them hear of the end before the cell acts on it.
 */
export class CellHost implements Host {
  readonly pulse: HostPulse;
  readonly #clock: Clock;
  readonly #host: Host;
  readonly #scope: CellScope;
  readonly #events: CellHostEvents;
  readonly #early = new FifoQueue<unknown>();
  readonly #listeners: ((message: unknown) => void)[] = [];
  readonly #exitListeners: ((exit: HostExit) => void)[] = [];
  #isReady = false;
  #isFlowing = false;
  #exit: HostExit | undefined;

  constructor(host: Host, scope: CellScope, clock: Clock, events: CellHostEvents) {
    this.#clock = clock;
    this.pulse = new HostPulse(clock.monotonicMs());
    this.#host = host;
    this.#scope = scope;
    this.#events = events;
    host.onMessage(scope.wrap((message) => this.#receive(message)));
    // Not wrapped: that it is gone must be known also while the cell ends.
    host.onExit((exit) => this.#ended(exit));
  }

  get kind(): 'thread' | 'process' {
    return this.#host.kind;
  }

  get tag(): string {
    return this.#host.tag;
  }

  get id(): number | undefined {
    return this.#host.id;
  }

  get hasEnded(): boolean {
    return this.#exit !== undefined;
  }

  post(message: unknown, transfer?: readonly ArrayBuffer[]): void {
    if (!this.#exit) this.#host.post(message, transfer);
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#listeners.push(this.#scope.wrap(listener));
  }

  onExit(listener: (exit: HostExit) => void): void {
    const wrapped = this.#scope.wrap(listener);
    if (this.#exit) wrapped(this.#exit);
    else this.#exitListeners.push(wrapped);
  }

  /** The watchdog looks at it from now on. */
  watch({ timeoutMs }: Heartbeat): void {
    this.#scope.every(timeoutMs / PULSE_LOOKS, () => {
      if (this.pulse.look()) this.#events.onSilent(this.pulse.silentMs(this.#clock.monotonicMs()));
    });
  }

  kill(): Promise<void> {
    return this.#exit ? Promise.resolve() : this.#host.kill();
  }

  /** The behaviour has started: gives its listeners what came early, from then on everything at once. */
  flow(): void {
    for (let message = this.#early.shift(); message !== undefined; message = this.#early.shift()) {
      this.#dispatch(message);
    }
    this.#isFlowing = true;
  }

  #receive(message: unknown): void {
    this.pulse.heard(this.#clock.monotonicMs());
    if (typeOf(message) === 'sys.alive') {
      this.pulse.told(message);
      return;
    }
    if (!this.#isReady && !this.#greet(message)) return;
    if (this.#isFlowing) this.#dispatch(message);
    else if (this.#early.length < EARLY_MESSAGES_LIMIT) this.#early.push(message);
    else this.#events.onCrash(new Error(`${this.tag} sent too much before it was listened to`));
  }

  /** True for `sys.ready`; what comes before it is dropped, except a reason not to start. */
  #greet(message: unknown): boolean {
    const type = typeOf(message);
    if (type === 'sys.startFailed') this.#events.onStartFailed(message);
    if (type !== 'sys.ready') return false;
    this.#isReady = true;
    this.#events.onReady();
    return true;
  }

  #dispatch(message: unknown): void {
    for (const listener of this.#listeners) listener(message);
  }

  #ended(exit: HostExit): void {
    if (this.#exit) return;
    this.#exit = exit;
    if (!this.#scope.isClosed) for (const listener of this.#exitListeners) listener(exit);
    this.#events.onExit(exit);
  }
}

/** What a host that ended without being asked to, and without saying why, leaves its actor with. */
export function unexpectedEnd(host: CellHost, exit: HostExit): Error {
  const cause = exit.signal === null ? `code ${exit.code}` : `signal ${exit.signal}`;
  return new Error(`${host.tag} ended unexpectedly with ${cause}`);
}

function typeOf(message: unknown): unknown {
  return typeof message === 'object' && message !== null && 'type' in message
    ? message.type
    : undefined;
}
