import type { BytePath } from '../../protocol/byte-path.ts';
import type { AuditedRoot } from './coverage-audit.ts';
import type { HintKeeper } from './hint-keeper.ts';
import type { Timer, HostClock } from './host-ports.ts';
import type { PathNode } from './path-tree.ts';
import type { RootEngine } from './root-engine.ts';
import { PRIORITY } from './sweep-pass.ts';
import type { DoubtReason } from './watch-host.messages.ts';

export interface RootCoveragePorts {
  readonly clock: HostClock;
  readonly engine: RootEngine;
  readonly pollIntervalMs: number;
  keeper(): HintKeeper | undefined;
  isWatching(): boolean;
  /** Calls back when all that was found until now is on its way. */
  whenSent(callback: () => void): void;
  onDoubt(doubt: {
    reason: Exclude<DoubtReason, 'hints_do_not_come'>;
    isOpen: boolean;
    directories: number;
  }): void;
}

/** Polling may take this share of the time: 1 part in … */
const POLL_SHARE = 20;

/**
 * Which directories of a root are watched, and what is done about those that are not: blind ones are watched anew
 * and looked through, those that no watch is left for are looked through again and again.
 */
export class RootCoverage implements AuditedRoot {
  readonly #ports: RootCoveragePorts;
  #pollTimer: Timer | undefined;
  #isPolling = false;
  #isShort = false;
  /** Looks at blind directories that are under way. */
  #blindPasses = 0;

  constructor(ports: RootCoveragePorts) {
    this.#ports = ports;
  }

  get isSettled(): boolean {
    return this.#ports.isWatching();
  }

  *watchable(): Generator<PathNode> {
    const { engine, keeper } = this.#ports;
    const { tree, anchor } = engine.reconciler;
    const source = keeper();
    if (source?.mode !== 'native') return;
    for (const directory of tree.allDirectories()) {
      if (directory.stat.ino === 0n || source.shortage.has(directory)) continue;
      if (engine.reconciler.canEnter(directory)) yield directory;
      if (anchor.only !== undefined) return;
    }
  }

  covers(directory: PathNode): boolean {
    return this.#ports.keeper()?.covers(directory) ?? false;
  }

  renew(directory: PathNode): boolean {
    const { engine, keeper } = this.#ports;
    const { tree } = engine.reconciler;
    if (!tree.isAttached(directory)) return false;
    const path = engine.reconciler.absolute(tree.pathOf(directory));
    return (keeper()?.renew(directory, path) ?? 'unwatched') !== 'unwatched';
  }

  lookThrough(directories: readonly PathNode[]): void {
    const { engine, onDoubt, whenSent } = this.#ports;
    const doubt = { reason: 'blind_directories', directories: directories.length } as const;
    onDoubt({ ...doubt, isOpen: true });
    this.#blindPasses += 1;
    engine.lookThrough(directories, {
      seen: 'reconcile',
      priority: PRIORITY.settle,
      onDone: () => {
        this.#blindPasses -= 1;
        if (this.#blindPasses === 0) whenSent(() => onDoubt({ ...doubt, isOpen: false }));
      },
    });
  }

  remounted(points: readonly BytePath[]): void {
    const { engine, isWatching } = this.#ports;
    const { base } = engine.reconciler.anchor;
    const above = base === '/' ? base : `${base}/`;
    const inside = points.filter((point) => point.startsWith(above) && point !== base);
    const paths = inside.map((point) => point.slice(above.length) as BytePath);
    if (paths.length > 0 && isWatching()) engine.look(paths, () => undefined, 'reconcile');
  }

  *recheck(): Generator<void, void> {
    const { engine, keeper, isWatching } = this.#ports;
    if (!isWatching() || keeper()?.kind !== 'parcel') return;
    const { reconciler } = engine;
    const outdated: PathNode[] = [];
    for (const directory of reconciler.tree.allDirectories()) {
      if (reconciler.isOutdated(directory)) outdated.push(directory);
      yield;
    }
    if (outdated.length > 0 && isWatching())
      engine.lookThrough(outdated, { seen: 'reconcile', priority: PRIORITY.full });
  }

  /** The hint source, or what it watches, is another one now. */
  changed(): void {
    const keeper = this.#ports.keeper();
    const isShort = keeper?.isShort ?? false;
    if (isShort !== this.#isShort) this.#setShort(isShort);
    if (keeper && keeper.shortage.size > 0) this.#armPoll(this.#ports.pollIntervalMs);
  }

  close(): void {
    if (this.#pollTimer) this.#ports.clock.clearTimeout(this.#pollTimer);
    this.#pollTimer = undefined;
    this.#isPolling = false;
    this.#isShort = false;
    this.#blindPasses = 0;
  }

  /** The doubt ends when everything was looked at with watches in place. */
  #setShort(isShort: boolean): void {
    this.#isShort = isShort;
    const { keeper, engine, onDoubt, whenSent } = this.#ports;
    const reason = 'watches_exhausted';
    const directories = keeper()?.shortage.size || engine.reconciler.tree.directories + 1;
    if (isShort) onDoubt({ reason, isOpen: true, directories });
    else
      engine.look(['' as BytePath], () =>
        whenSent(() => onDoubt({ reason, isOpen: false, directories: 0 })),
      );
  }

  #armPoll(delayMs: number): void {
    if (this.#pollTimer || this.#isPolling) return;
    const { clock } = this.#ports;
    this.#pollTimer = clock.setTimeout(() => this.#poll(), delayMs);
  }

  #poll(): void {
    this.#pollTimer = undefined;
    const { clock, engine, keeper, pollIntervalMs, isWatching } = this.#ports;
    const shortage = keeper()?.shortage;
    if (!shortage || shortage.size === 0) return;
    if (!isWatching()) {
      this.#armPoll(pollIntervalMs);
      return;
    }
    this.#isPolling = true;
    const startedMs = clock.monotonicMs();
    engine.lookThrough([...shortage], {
      seen: 'poll',
      priority: PRIORITY.full,
      onDone: () => {
        this.#isPolling = false;
        const tookMs = clock.monotonicMs() - startedMs;
        this.#armPoll(Math.max(pollIntervalMs, tookMs * POLL_SHARE));
      },
    });
  }
}
