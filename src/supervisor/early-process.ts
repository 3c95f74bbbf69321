import type { Environment, Host, HostExit, HostOptions } from './environment.ts';

/**
 * A child process that is started before the actor it is for, so that it loads while others start. The first fork of
 * its entry in `environment` gets it; when it has ended by then, a new one. What it says meanwhile waits.
 */
export class EarlyProcess {
  readonly environment: Environment;
  #host: HeldHost | undefined;

  /** Throws nothing: what cannot be started now is started, or fails, when it is asked for. */
  constructor(environment: Environment, entry: URL, name: string) {
    try {
      this.#host = new HeldHost(environment.forkProcess(entry, { name }), environment);
    } catch {
      this.#host = undefined;
    }
    this.environment = {
      clock: environment.clock,
      random: () => environment.random(),
      spawnThread: (asked, options) => environment.spawnThread(asked, options),
      forkProcess: (asked, options) =>
        this.#take(asked.href === entry.href, options) ?? environment.forkProcess(asked, options),
    };
  }

  /** Nobody is going to ask for it any more. */
  release(): void {
    void this.#host?.kill();
    this.#host = undefined;
  }

  /** Started without data and variables of its own, it can stand for a process without these only. */
  #take(isAsked: boolean, { data, env }: HostOptions): Host | undefined {
    const host = this.#host;
    if (!isAsked || !host || data !== undefined || env !== undefined) return undefined;
    this.#host = undefined;
    return host.hasEnded ? undefined : host;
  }
}

/** Keeps messages until somebody listens. */
class HeldHost implements Host {
  readonly kind: Host['kind'];
  readonly tag: string;
  readonly id: number | undefined;
  hasEnded = false;
  readonly #host: Host;
  readonly #clock: Environment['clock'];
  readonly #listeners: ((message: unknown) => void)[] = [];
  /** Undefined once they were handed over. */
  #held: unknown[] | undefined = [];

  constructor(host: Host, { clock }: Environment) {
    this.#host = host;
    this.#clock = clock;
    ({ kind: this.kind, tag: this.tag, id: this.id } = host);
    host.onExit(() => (this.hasEnded = true));
    host.onMessage((message) => {
      if (this.#held) this.#held.push(message);
      else this.#tell(message);
    });
  }

  post(message: unknown, transfer?: readonly ArrayBuffer[]): void {
    this.#host.post(message, transfer);
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#listeners.push(listener);
    // In a turn of its own, as if they came now: whoever takes a host has more to set up.
    if (this.#listeners.length === 1) this.#clock.setImmediate(() => this.#handOver());
  }

  onExit(listener: (exit: HostExit) => void): void {
    this.#host.onExit(listener);
  }

  kill(): Promise<void> {
    return this.#host.kill();
  }

  #handOver(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const message of held) this.#tell(message);
  }

  #tell(message: unknown): void {
    for (const listener of this.#listeners) listener(message);
  }
}
