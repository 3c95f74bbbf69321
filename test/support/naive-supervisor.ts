/**
 * OTP's supervisor.erl told as simply as possible: one list, everything at once, no time but a number. It shares
 * no code with src/supervisor; the property tests hold the two against each other.
 */
export type NaiveStrategy = 'one_for_one' | 'one_for_all' | 'rest_for_one';

export interface NaiveChild {
  id: string;
  restart: 'permanent' | 'transient' | 'temporary';
  significant: boolean;
}

interface Entry extends NaiveChild {
  isUp: boolean;
}

export class NaiveSupervisor {
  nowMs = 0;
  isAlive = true;
  isStopped = false;
  /** 'start c1', 'end c1', in order. */
  readonly log: string[] = [];
  /** How often the next starts of a child fail. */
  readonly failures = new Map<string, number>();
  readonly #strategy: NaiveStrategy;
  readonly #intensity: number;
  readonly #periodMs: number;
  readonly #autoShutdown: 'never' | 'any_significant' | 'all_significant';
  #children: Entry[];
  #restarts: number[] = [];

  constructor(setup: {
    strategy: NaiveStrategy;
    intensity: number;
    periodMs: number;
    autoShutdown: 'never' | 'any_significant' | 'all_significant';
    children: readonly NaiveChild[];
  }) {
    this.#strategy = setup.strategy;
    this.#intensity = setup.intensity;
    this.#periodMs = setup.periodMs;
    this.#autoShutdown = setup.autoShutdown;
    this.#children = setup.children.map((child) => ({ ...child, isUp: false }));
  }

  start(): void {
    for (const child of this.#children) this.#tryStart(child);
  }

  stop(): void {
    this.#terminateAll(this.#children);
    this.isStopped = true;
  }

  isUp(id: string): boolean {
    return this.#find(id)?.isUp === true;
  }

  list(): [string, 'up' | 'down'][] {
    return this.#children.map((child) => [child.id, child.isUp ? 'up' : 'down']);
  }

  /** EXIT of a child: restart_child/3. */
  exit(id: string, isClean: boolean): void {
    const child = this.#find(id)!;
    child.isUp = false;
    this.log.push(`end ${id}`);
    const mustRestart =
      child.restart === 'permanent' || (child.restart === 'transient' && !isClean);
    if (mustRestart) {
      this.#restart(child);
      return;
    }
    if (child.restart === 'temporary') this.#delete(child);
    if (child.significant) this.#checkAutoShutdown();
  }

  terminate(id: string): 'ok' | 'not_found' {
    const child = this.#find(id);
    if (!child) return 'not_found';
    this.#terminate(child);
    if (child.restart === 'temporary') this.#delete(child);
    return 'ok';
  }

  restartChild(id: string): string {
    const child = this.#find(id);
    if (!child) return 'not_found';
    if (child.isUp) return 'running';
    return this.#tryStart(child) ? 'ok' : 'failed';
  }

  delete(id: string): string {
    const child = this.#find(id);
    if (!child) return 'not_found';
    if (child.isUp) return 'running';
    this.#delete(child);
    return 'ok';
  }

  add(rules: NaiveChild): string {
    const known = this.#find(rules.id);
    if (known) return known.isUp ? 'already_started' : 'already_present';
    const child = { ...rules, isUp: false };
    if (!this.#tryStart(child)) return 'failed';
    this.#children.push(child);
    return 'ok';
  }

  /** restart/2 with add_restart/1: every attempt counts, also one that follows a failed one. */
  #restart(child: Entry): void {
    const since = this.nowMs - this.#periodMs;
    this.#restarts = [this.nowMs, ...this.#restarts].filter((time) => time >= since);
    if (this.#restarts.length > this.#intensity) {
      this.#giveUp();
      return;
    }
    const failed = this.#restartGroup(child);
    if (failed) this.#restart(failed);
  }

  /** Returns the child that did not start. */
  #restartGroup(child: Entry): Entry | undefined {
    if (this.#strategy === 'one_for_one') return this.#tryStart(child) ? undefined : child;
    const first = this.#strategy === 'one_for_all' ? 0 : this.#children.indexOf(child);
    this.#terminateAll(this.#children.slice(first));
    for (const other of this.#children.slice(first)) {
      if (other !== child && other.restart === 'temporary') this.#delete(other);
    }
    const start = this.#strategy === 'one_for_all' ? 0 : this.#children.indexOf(child);
    for (const other of this.#children.slice(start)) if (!this.#tryStart(other)) return other;
    return undefined;
  }

  #checkAutoShutdown(): void {
    if (this.#autoShutdown === 'never') return;
    const isAnyLeft = this.#children.some((child) => child.significant && child.isUp);
    if (this.#autoShutdown === 'any_significant' || !isAnyLeft) this.#giveUp();
  }

  #giveUp(): void {
    this.#terminateAll(this.#children);
    this.isAlive = false;
  }

  #terminateAll(children: readonly Entry[]): void {
    for (const child of children.toReversed()) this.#terminate(child);
  }

  #terminate(child: Entry): void {
    if (child.isUp) this.log.push(`end ${child.id}`);
    child.isUp = false;
  }

  #tryStart(child: Entry): boolean {
    this.log.push(`start ${child.id}`);
    const left = this.failures.get(child.id) ?? 0;
    child.isUp = left === 0;
    if (left === 0) return true;
    this.failures.set(child.id, left - 1);
    this.log.push(`end ${child.id}`);
    return false;
  }

  #delete(child: Entry): void {
    this.#children = this.#children.filter((other) => other !== child);
  }

  #find(id: string): Entry | undefined {
    return this.#children.find((child) => child.id === id);
  }
}
