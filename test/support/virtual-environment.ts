import type { Clock, Environment, Host, HostExit, Timer } from '#codi/supervisor/index.js';

const EPOCH_MS = Date.UTC(2026, 0, 1);

interface Due {
  atMs: number;
  order: number;
  callback: () => void;
}

/**
 * A discrete-event clock: time stands still until `advance`, which goes from deadline to deadline, firing each
 * and letting everything it started settle before it goes on.
 */
export class VirtualClock implements Clock {
  #timeMs = 0;
  #order = 0;
  #wallOffsetMs = 0;
  readonly #timers = new Set<Due>();
  #immediates: (() => void)[] = [];

  nowMs(): number {
    return EPOCH_MS + this.#timeMs + this.#wallOffsetMs;
  }

  monotonicMs(): number {
    return this.#timeMs;
  }

  setTimeout(callback: () => void, delayMs: number): Timer {
    this.#order += 1;
    const due: Due = { atMs: this.#timeMs + Math.max(0, delayMs), order: this.#order, callback };
    this.#timers.add(due);
    return { id: due };
  }

  clearTimeout(timer: Timer): void {
    this.#timers.delete(timer.id as Due);
  }

  setImmediate(callback: () => void): void {
    this.#immediates.push(callback);
  }

  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** Jumps the wall clock only, as a person or NTP would. */
  jumpWallClock(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  /** Runs macro-tasks and promises until nothing more happens at the present time. */
  async settle(): Promise<void> {
    for (;;) {
      await drainPromises();
      if (this.#immediates.length === 0) return;
      const batch = this.#immediates;
      this.#immediates = [];
      for (const callback of batch) {
        callback();
        await Promise.resolve();
      }
    }
  }

  /** Runs one macro-task only. */
  async step(): Promise<void> {
    this.#immediates.shift()?.();
    await drainPromises();
  }

  async advance(byMs: number): Promise<void> {
    const untilMs = this.#timeMs + byMs;
    await this.settle();
    for (let due = this.#next(untilMs); due; due = this.#next(untilMs)) {
      this.#timers.delete(due);
      this.#timeMs = Math.max(this.#timeMs, due.atMs);
      due.callback();
      await this.settle();
    }
    this.#timeMs = untilMs;
  }

  #next(untilMs: number): Due | undefined {
    let first: Due | undefined;
    for (const due of this.#timers) {
      if (due.atMs > untilMs) continue;
      if (!first || due.atMs < first.atMs || (due.atMs === first.atMs && due.order < first.order)) {
        first = due;
      }
    }
    return first;
  }
}

function drainPromises(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A thread or process that does what the test says. */
export class VirtualHost implements Host {
  readonly kind: 'thread' | 'process';
  readonly tag: string;
  readonly id: number;
  readonly name: string;
  readonly entry: URL;
  readonly data: unknown;
  readonly env: Record<string, string>;
  readonly posted: unknown[] = [];
  kills = 0;
  /** Does not die when killed. */
  isImmortal = false;
  hasExited = false;
  /** Called with each message the parent posts. */
  onPost: ((message: unknown) => void) | undefined;
  readonly #listeners: ((message: unknown) => void)[] = [];
  readonly #exitListeners: ((exit: HostExit) => void)[] = [];

  constructor(
    kind: 'thread' | 'process',
    order: number,
    entry: URL,
    options: { name: string; data?: unknown; env?: Record<string, string> },
  ) {
    this.kind = kind;
    this.id = kind === 'thread' ? order : 4_000 + order;
    this.tag = `${kind === 'thread' ? 'thread' : 'pid'} ${this.id}`;
    this.name = options.name;
    this.entry = entry;
    this.data = options.data;
    this.env = options.env ?? {};
  }

  post(message: unknown): void {
    this.posted.push(message);
    this.onPost?.(message);
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#listeners.push(listener);
  }

  onExit(listener: (exit: HostExit) => void): void {
    this.#exitListeners.push(listener);
  }

  kill(): Promise<void> {
    this.kills += 1;
    if (this.isImmortal) return new Promise(() => undefined);
    this.exit({ code: null, signal: 'SIGKILL' });
    return Promise.resolve();
  }

  /** From inside: sends to the parent. */
  emit(message: unknown): void {
    for (const listener of this.#listeners) listener(message);
  }

  /** From inside: ends. */
  exit(exit: HostExit = { code: 0, signal: null }): void {
    if (this.hasExited) return;
    this.hasExited = true;
    for (const listener of this.#exitListeners) listener(exit);
  }
}

export interface VirtualEnvironment extends Environment {
  readonly clock: VirtualClock;
  /** All hosts that were ever spawned, oldest first. */
  readonly hosts: VirtualHost[];
}

/** Deterministic: same seed, same run. `onSpawn` scripts each new host; it runs before its cell listens. */
export function virtualEnvironment(
  options: { seed?: number; onSpawn?: (host: VirtualHost) => void } = {},
): VirtualEnvironment {
  const clock = new VirtualClock();
  const hosts: VirtualHost[] = [];
  const spawn =
    (kind: 'thread' | 'process') =>
    (entry: URL, hostOptions: ConstructorParameters<typeof VirtualHost>[3]) => {
      const host = new VirtualHost(kind, hosts.length + 1, entry, hostOptions);
      hosts.push(host);
      options.onSpawn?.(host);
      return host;
    };
  return {
    clock,
    hosts,
    random: seededRandom(options.seed ?? 1),
    spawnThread: spawn('thread'),
    forkProcess: spawn('process'),
  };
}

/** mulberry32: uniform in [0, 1). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
