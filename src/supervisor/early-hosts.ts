import { isDeepStrictEqual } from 'node:util';
import type { ChildSpec, Isolation } from './child-spec.ts';
import type { Environment, Host, HostExit, HostOptions } from './environment.ts';
import { spawnHost } from './spawn-host.ts';

type Asked = Exclude<Isolation, { kind: 'inline' }>;

/**
 * Threads and child processes that are started before the actors they are for, so that they load beside each other
 * and while others start. The first actor in `environment` that asks for the same (kind, entry, data, env, nodeArgs) gets it, with
 * all that it has said and, if so, its end. One that ended without a word is started anew.
 */
export class EarlyHosts {
  readonly environment: Environment;
  readonly #environment: Environment;
  readonly #early: { asked: Asked; host: HeldHost }[] = [];

  constructor(environment: Environment) {
    this.#environment = environment;
    const take = (kind: Asked['kind'], entry: URL, options: HostOptions) =>
      this.#take(kind, entry, options);
    this.environment = {
      clock: environment.clock,
      random: () => environment.random(),
      spawnThread: (entry, options) =>
        take('thread', entry, options) ?? environment.spawnThread(entry, options),
      forkProcess: (entry, options) =>
        take('process', entry, options) ?? environment.forkProcess(entry, options),
    };
  }

  /** Throws nothing: what cannot be started now is started, or fails, when it is asked for. */
  start(asked: Asked, name: string): void {
    try {
      const host = spawnHost(this.#environment, asked, name);
      this.#early.push({ asked, host: new HeldHost(host, this.#environment) });
    } catch {
      // It is tried again when it is asked for.
    }
  }

  /** All that may begin before their turn, of the actors of a tree that are there from its start. */
  startAll(spec: ChildSpec): void {
    const { isolation } = spec.type === 'worker' ? spec : {};
    if (spec.type === 'supervisor') for (const child of spec.children ?? []) this.startAll(child);
    else if (isolation && isolation.kind !== 'inline' && isolation.isEarly)
      this.start(isolation, spec.id);
  }

  /** Nobody is going to ask any more. Resolves when those that nobody asked for are gone. */
  async release(): Promise<void> {
    await Promise.all(this.#early.splice(0).map(({ host }) => host.kill()));
  }

  #take(kind: Asked['kind'], entry: URL, { data, env, nodeArgs }: HostOptions): Host | undefined {
    const index = this.#early.findIndex(
      ({ asked }) =>
        asked.kind === kind &&
        asked.entry.href === entry.href &&
        asked.data === data &&
        isDeepStrictEqual(asked.env, env) &&
        isDeepStrictEqual(asked.nodeArgs, nodeArgs),
    );
    const [taken] = index < 0 ? [] : this.#early.splice(index, 1);
    return taken?.host.isOfUse ? taken.host : undefined;
  }
}

/** One that waits longer than for so many messages is ended, and started anew in its turn. */
const HELD_MAX = 1_000;

/** Keeps what it hears until somebody listens. */
class HeldHost implements Host {
  readonly kind: Host['kind'];
  readonly tag: string;
  readonly id: number | undefined;
  readonly #host: Host;
  readonly #clock: Environment['clock'];
  readonly #listeners: ((message: unknown) => void)[] = [];
  readonly #exitListeners: ((exit: HostExit) => void)[] = [];
  /** Undefined once they were handed over. */
  #held: unknown[] | undefined = [];
  #exit: HostExit | undefined;
  #isOverfull = false;

  constructor(host: Host, { clock }: Environment) {
    this.#host = host;
    this.#clock = clock;
    ({ kind: this.kind, tag: this.tag, id: this.id } = host);
    host.onExit((exit) => {
      this.#exit = exit;
      if (!this.#held) this.#tellExit();
    });
    host.onMessage((message) => {
      if (this.#held) this.#hold(this.#held, message);
      else this.#tell(message);
    });
  }

  get isOfUse(): boolean {
    return !this.#isOverfull && (!this.#exit || this.#held!.length > 0);
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
    this.#exitListeners.push(listener);
  }

  kill(): Promise<void> {
    return this.#host.kill();
  }

  #hold(held: unknown[], message: unknown): void {
    if (held.length < HELD_MAX) held.push(message);
    else if (!this.#isOverfull) {
      this.#isOverfull = true;
      void this.kill();
    }
  }

  #handOver(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const message of held) this.#tell(message);
    if (this.#exit) this.#tellExit();
  }

  #tell(message: unknown): void {
    for (const listener of this.#listeners) listener(message);
  }

  #tellExit(): void {
    for (const listener of this.#exitListeners.splice(0)) listener(this.#exit!);
  }
}
